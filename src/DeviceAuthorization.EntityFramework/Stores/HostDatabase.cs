using System.Transactions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.EntityFramework;

/// <summary>
/// The host's database. Steps run on contexts of their own, in a service scope of their own. They never save the host's unsaved changes, and never join the
/// host's transaction. Only with SQLite does a step ever run on the context of a step beside it (<see cref="SqliteWriter"/>).
/// </summary>
internal interface IHostDatabase
{
    /// <summary>Runs a step that only reads.</summary>
    Task<T> ReadAsync<T>(Func<DbContext, Task<T>> step);

    /// <summary>Runs a step that may write. In SQLite such steps wait in a queue (<see cref="SqliteWriter"/>).</summary>
    Task<T> WriteAsync<T>(Func<DbContext, Task<T>> step, CancellationToken cancellationToken);
}

/// <summary>The database of the pairings. The devices may be in another one.</summary>
internal interface IPairingDatabase : IHostDatabase;

/// <summary>The database of the devices and their tokens.</summary>
internal interface IDeviceDatabase : IHostDatabase;

internal sealed class HostDatabase<TContext>(IServiceScopeFactory scopes, IOptions<DeviceAuthorizationOptions> options) : IPairingDatabase, IDeviceDatabase, IAsyncDisposable, IDisposable
    where TContext : DbContext
{
    // A new context costs more than a step, so a step reuses the context of the step before. A step that runs beside another creates its own.
    private OwnContext? _idle;
    private volatile bool _isDisposed;

    public Task<T> ReadAsync<T>(Func<DbContext, Task<T>> step) => RunAsync(step);

    public Task<T> WriteAsync<T>(Func<DbContext, Task<T>> step, CancellationToken cancellationToken) => RunAsync(db =>
        SqliteWriter.Of(db) is { } writer ? writer.RunAsync(db, step, cancellationToken) : step(db));

    public ValueTask DisposeAsync()
    {
        _isDisposed = true;
        return Interlocked.Exchange(ref _idle, null)?.DisposeAsync() ?? ValueTask.CompletedTask;
    }

    public void Dispose()
    {
        _isDisposed = true;
        Interlocked.Exchange(ref _idle, null)?.Dispose();
    }

    /// <summary>The context and its provider, for the log at start.</summary>
    public override string ToString()
    {
        var name = typeof(TContext).Name;
        try
        {
            using var scope = scopes.CreateScope();
            var provider = scope.ServiceProvider.GetService<DbContextOptions<TContext>>()?.Extensions.FirstOrDefault(extension => extension.Info.IsDatabaseProvider);
            return provider is null ? name : $"{name} ({provider.GetType().Assembly.GetName().Name})";
        }
        catch (Exception)
        {
            return name; // the host's options failed, which DatabaseCheck reports
        }
    }

    private async Task<T> RunAsync<T>(Func<DbContext, Task<T>> step)
    {
        using var alone = Transaction.Current is null ? null : new TransactionScope(TransactionScopeOption.Suppress, TransactionScopeAsyncFlowOption.Enabled);
        var own = Interlocked.Exchange(ref _idle, null) ?? await OwnContext.CreateAsync(scopes).ConfigureAwait(false);
        try
        {
            var result = await SqliteTimeout.RunAsync(own.Context, options.Value.StoreTimeout, step).ConfigureAwait(false);
            alone?.Complete();
            own = Interlocked.CompareExchange(ref _idle, own, null) is null ? null : own;
            if (_isDisposed) // the request ended before this step
            {
                await DisposeAsync().ConfigureAwait(false);
            }

            return result;
        }
        finally
        {
            if (own is not null) // the step failed, or another step left its context meanwhile
            {
                await own.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private sealed class OwnContext : IAsyncDisposable, IDisposable
    {
        private readonly AsyncServiceScope _scope;
        private readonly bool _isMade;

        private OwnContext(AsyncServiceScope scope, TContext context, bool isMade) => (_scope, Context, _isMade) = (scope, context, isMade);

        public TContext Context { get; }

        public static async ValueTask<OwnContext> CreateAsync(IServiceScopeFactory scopes)
        {
            var scope = scopes.CreateAsyncScope();
            try
            {
                return scope.ServiceProvider.GetService<TContext>() is { } context
                    ? new(scope, context, isMade: false)
                    : new(scope, await Factory(scope.ServiceProvider).CreateDbContextAsync().ConfigureAwait(false), isMade: true);
            }
            catch
            {
                await scope.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }

        private static IDbContextFactory<TContext> Factory(IServiceProvider services) => services.GetService<IDbContextFactory<TContext>>()
            ?? throw new InvalidOperationException($"{typeof(TContext).Name} is not registered: call services.AddDbContext<{typeof(TContext).Name}>(…), which device pairing keeps its data in.");

        public async ValueTask DisposeAsync()
        {
            if (_isMade) // by the host's own factory: nobody else disposes it
            {
                await Context.DisposeAsync().ConfigureAwait(false);
            }

            await _scope.DisposeAsync().ConfigureAwait(false);
        }

        public void Dispose()
        {
            if (_isMade)
            {
                Context.Dispose();
            }

            _scope.Dispose();
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
