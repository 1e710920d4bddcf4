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

    /// <summary>Runs a step, perhaps more than once: it must recognise its own work. Its first command starts with <see cref="Take"/>.</summary>
    public static async Task<T> RunAsync<T>(DbContext db, Func<Task<T>> step, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await InTransactionAsync(db, step, cancellationToken).ConfigureAwait(false);
            }
            catch (DbException) when (attempt < Attempts)
            {
                // A unique violation, which each provider names in its own way. Any other error occurs again, and is then thrown.
            }
        }
    }

    /// <summary>The statements that take the lock.</summary>
    public static string Take(SqlBatch sql, string userId)
    {
        var turn = sql.Column<TokenOwnerRow>(nameof(TokenOwnerRow.Turn));
        var owners = sql.Table<TokenOwnerRow>();
        var isOwner = $"{sql.Column<TokenOwnerRow>(nameof(TokenOwnerRow.UserId))} = {sql.Value<TokenOwnerRow>(nameof(TokenOwnerRow.UserId), userId)}";
        return $"""
            {sql.Insert(new TokenOwnerRow { UserId = userId })} WHERE NOT EXISTS (SELECT 1 FROM {owners} WHERE {isOwner});
            UPDATE {owners} SET {turn} = {turn} + 1 WHERE {isOwner};
            """;
    }

    private static Task<T> InTransactionAsync<T>(DbContext db, Func<Task<T>> step, CancellationToken cancellationToken) =>
        db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
        {
            // Explicit: a database or host with a stricter default would fail the steps that wait.
            var transaction = await db.Database.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken).ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                var result = await step().ConfigureAwait(false);
                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                return result;
            }
        });
}
