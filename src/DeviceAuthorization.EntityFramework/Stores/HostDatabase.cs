using System.Transactions;
using Microsoft.EntityFrameworkCore;

namespace DeviceAuthorization.EntityFramework;

/// <summary>
/// The host's database. Each step runs on a context of its own, so that it never saves what the host has changed and not saved yet, never
/// joins its transaction, and never meets another step on one connection.
/// </summary>
internal interface IHostDatabase
{
    Task<T> RunAsync<T>(Func<DbContext, Task<T>> step);
}

/// <summary>Where the pairings are; the devices may be in another one.</summary>
internal interface IPairingDatabase : IHostDatabase;

/// <summary>Where the devices and their tokens are.</summary>
internal interface IDeviceDatabase : IHostDatabase;

internal sealed class HostDatabase<TContext>(IServiceScopeFactory scopes) : IPairingDatabase, IDeviceDatabase
    where TContext : DbContext
{
    public async Task<T> RunAsync<T>(Func<DbContext, Task<T>> step)
    {
        using var alone = Transaction.Current is null ? null : new TransactionScope(TransactionScopeOption.Suppress, TransactionScopeAsyncFlowOption.Enabled);
        var scope = scopes.CreateAsyncScope();
        await using (scope.ConfigureAwait(false))
        {
            if (scope.ServiceProvider.GetService<TContext>() is { } context)
            {
                return await RunAsync(context).ConfigureAwait(false);
            }

            // A factory of the host's own: nobody else disposes the contexts that it makes.
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
    /// Runs a statement that changes one row or none. A host's retrying execution strategy repeats it when the connection breaks, and the
    /// first try may have been committed before: then the repetition finds its own work in its way. Whoever is repeated therefore asks
    /// for the mark it left; the usual call asks nothing.
    /// </summary>
    /// <param name="db">The context.</param>
    /// <param name="write">The statement; gives how many rows it changed.</param>
    /// <param name="isWritten">Whether the row carries this attempt's mark.</param>
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
