using System.Data;
using System.Data.Common;
using Microsoft.EntityFrameworkCore;

namespace DeviceAuthorization.EntityFramework;

/// <summary>
/// Runs the steps of one user one after another. Each step is a transaction whose first statements add the user's row (<see cref="TokenOwnerRow"/>)
/// if it is missing, and write it. The transaction holds the row's lock to its end. What a step counts cannot change meanwhile, and the same
/// transaction can read why the step did nothing.
/// </summary>
internal static class OwnerTurn
{
    // Two steps may add the same row at once: the loser finds it at its second try.
    private const int Attempts = 3;

    private static readonly Statement Alone = new(Take);

    /// <summary>Runs a step, perhaps more than once: it must recognise its own work.</summary>
    /// <param name="step">One command that starts with <see cref="Take"/>, and perhaps a look-up. Null if it did nothing and found nothing.</param>
    /// <param name="why">Reads why it did nothing, in the same transaction.</param>
    public static async Task<T> RunAsync<T>(DbContext db, Func<Task<T?>> step, Func<Task<T>> why, CancellationToken cancellationToken)
        where T : struct
    {
        // PostgreSQL runs all statements of one command in one transaction. Most steps succeed, and need no other.
        if (db.Database.ProviderName == "Npgsql.EntityFrameworkCore.PostgreSQL"
            && await db.Database.CreateExecutionStrategy().ExecuteAsync(() => TryAsync(step)).ConfigureAwait(false) is { } done)
        {
            return done;
        }

        return await InTransactionAsync(db, async () => await step().ConfigureAwait(false) ?? await why().ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Runs a step of several commands in one transaction, perhaps more than once: it must recognise its own work.</summary>
    public static Task<T> RunAsync<T>(DbContext db, string userId, Func<Task<T>> step, CancellationToken cancellationToken) => InTransactionAsync(
        db,
        async () =>
        {
            await Alone.ExecuteAsync(db, null, cancellationToken, ("UserId", userId)).ConfigureAwait(false);
            return await step().ConfigureAwait(false);
        },
        cancellationToken);

    /// <summary>The statements that take the lock.</summary>
    public static string Take(SqlText sql)
    {
        var owners = sql.Table<TokenOwnerRow>();
        var isOwner = $"{owners[row => row.UserId]} = {owners.Value(row => row.UserId, "UserId")}";
        return $"""
            INSERT INTO {owners} ({owners[row => row.UserId]}, {owners[row => row.Turn]}) SELECT {owners.Value(row => row.UserId, "UserId")}, 0
                WHERE NOT EXISTS (SELECT 1 FROM {owners} WHERE {isOwner});
            UPDATE {owners} SET {owners[row => row.Turn]} = {owners[row => row.Turn]} + 1 WHERE {isOwner};
            """;
    }

    /// <summary>
    /// Null also if the server refused the command, and so took it back: a unique violation, or its own isolation is stricter than ours. Then the step runs
    /// again in a transaction. A broken connection has no SQL state: that is the execution strategy's affair.
    /// </summary>
    private static async Task<T?> TryAsync<T>(Func<Task<T?>> step)
        where T : struct
    {
        try
        {
            return await step().ConfigureAwait(false);
        }
        catch (DbException exception) when (exception.SqlState is not null)
        {
            return null;
        }
    }

    private static async Task<T> InTransactionAsync<T>(DbContext db, Func<Task<T>> step, CancellationToken cancellationToken)
    {
        if (db.Database.CurrentTransaction is not null)
        {
            return await step().ConfigureAwait(false); // of SqliteWriter: it holds the database's only lock, and takes back what fails
        }

        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
                {
                    // Explicit: a database or host with a stricter default would fail the steps that wait.
                    var transaction = await db.Database.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken).ConfigureAwait(false);
                    await using (transaction.ConfigureAwait(false))
                    {
                        var result = await step().ConfigureAwait(false);
                        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                        return result;
                    }
                }).ConfigureAwait(false);
            }
            catch (DbException) when (attempt < Attempts)
            {
                // A unique violation, which each provider names in its own way. Any other error occurs again, and is then thrown.
            }
        }
    }
}
