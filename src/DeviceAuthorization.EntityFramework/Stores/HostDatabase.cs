using System.Transactions;
using Microsoft.EntityFrameworkCore;

namespace DeviceAuthorization.EntityFramework;

/// <summary>
/// The host's database. Each step runs on its own context. It never saves the host's unsaved changes, never joins the host's transaction, and never
/// shares a connection with another step.
/// </summary>
internal interface IHostDatabase
{
    /// <summary>Runs a step that only reads.</summary>
    Task<T> ReadAsync<T>(Func<DbContext, Task<T>> step);

    /// <summary>Runs a step that may write. In SQLite such steps run one after another.</summary>
    /// <param name="cancellationToken">Ends the wait for its turn.</param>
    Task<T> WriteAsync<T>(Func<DbContext, Task<T>> step, CancellationToken cancellationToken);
}

/// <summary>The database of the pairings. The devices may be in another one.</summary>
internal interface IPairingDatabase : IHostDatabase;

/// <summary>The database of the devices and their tokens.</summary>
internal interface IDeviceDatabase : IHostDatabase;

internal sealed class HostDatabase<TContext>(IServiceScopeFactory scopes) : IPairingDatabase, IDeviceDatabase
    where TContext : DbContext
{
    public Task<T> ReadAsync<T>(Func<DbContext, Task<T>> step) => RunAsync(step);

    public Task<T> WriteAsync<T>(Func<DbContext, Task<T>> step, CancellationToken cancellationToken) => RunAsync(async db =>
    {
        using var turn = await SqliteTurn.TakeAsync(db, cancellationToken).ConfigureAwait(false);
        return await step(db).ConfigureAwait(false);
    });

    private async Task<T> RunAsync<T>(Func<DbContext, Task<T>> step)
    {
        using var alone = Transaction.Current is null ? null : new TransactionScope(TransactionScopeOption.Suppress, TransactionScopeAsyncFlowOption.Enabled);
        var scope = scopes.CreateAsyncScope();
        await using (scope.ConfigureAwait(false))
        {
            if (scope.ServiceProvider.GetService<TContext>() is { } context)
            {
                return await RunAsync(context).ConfigureAwait(false);
            }

            // The host's own factory: nobody else disposes the contexts that it creates.
            var made = await scope.ServiceProvider.GetRequiredService<IDbContextFactory<TContext>>().CreateDbContextAsync().ConfigureAwait(false);
            await using (made.ConfigureAwait(false))
            {
                return await RunAsync(made).ConfigureAwait(false);
            }
        }

        async Task<T> RunAsync(TContext context)
        {
            var result = await step(context).ConfigureAwait(false);
            alone?.Complete();
            return result;
        }
    }
}

internal static class ConditionalWrite
{
    /// <summary>
    /// Runs a statement that changes one row or none. A host's retrying execution strategy repeats it when the connection breaks, although the first
    /// try may have been committed. The repetition then finds its own work in its way, so it asks for its mark. The usual call does not ask.
    /// </summary>
    /// <param name="write">The statement. Returns how many rows it changed.</param>
    /// <param name="isWritten">Whether the row has this attempt's mark.</param>
    public static async Task<bool> TryOnceAsync(this DbContext db, Func<Task<int>> write, Func<Task<bool>> isWritten)
    {
        var tries = 0;
        var rows = await db.Database.CreateExecutionStrategy().ExecuteAsync(() =>
        {
            tries++;
            return write();
        }).ConfigureAwait(false);
        return rows > 0 || (tries > 1 && await isWritten().ConfigureAwait(false));
    }
}
