using DeviceAuthorization.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace DeviceAuthorization.EntityFramework;

/// <summary>
/// Checks the databases in use. A context that is not registered, or a model without our tables, stops the start. Missing tables are logged after the
/// start: the host, another node or an operator may still create them, and a database that does not answer must not hold up the host.
/// </summary>
internal sealed class DatabaseCheck(IServiceScopeFactory scopes, IHostApplicationLifetime lifetime, ILogger<DatabaseCheck> logger) : BackgroundService
{
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            var scope = scopes.CreateAsyncScope();
            await using var ownScope = scope.ConfigureAwait(false);
            foreach (var (database, tables) in InUse(scope.ServiceProvider))
            {
                await database.ReadAsync(db => Task.FromResult(tables.Select(table => SqlText.RowType(db, table.Row)).ToList())).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception.Source != typeof(DatabaseCheck).Assembly.GetName().Name)
        {
            // The host's own options or context failed, and perhaps only now: they may ask a server that is away. The check below logs it.
        }

        await base.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = lifetime.ApplicationStarted.Register(started.SetResult).ConfigureAwait(false);
        await started.Task.WaitAsync(stoppingToken).ConfigureAwait(false);

        var scope = scopes.CreateAsyncScope();
        await using var ownScope = scope.ConfigureAwait(false);
        foreach (var (database, tables) in Created(scope.ServiceProvider))
        {
            try
            {
                if (!await database.ReadAsync(db => TryReadAsync(db, tables, stoppingToken)).ConfigureAwait(false))
                {
                    logger.DatabaseAway(database.ToString()!);
                }
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                logger.TablesUnusable(database.ToString()!, exception.Message);
            }
        }
    }

    /// <summary>As <see cref="InUse"/>; none if a store cannot be created, such as one of the host's own that connects to a server that is away.</summary>
    private IEnumerable<(IHostDatabase Database, IEnumerable<Table> Tables)> Created(IServiceProvider services)
    {
        try
        {
            return InUse(services);
        }
        catch (Exception exception)
        {
            logger.StoreNotCreated(exception.GetType().Name);
            return [];
        }
    }

    /// <summary>Reads no row, but names every table and column.</summary>
    /// <returns>False if the database does not answer.</returns>
    private static async Task<bool> TryReadAsync(DbContext db, IEnumerable<Table> tables, CancellationToken cancellationToken)
    {
        if (!await db.Database.CanConnectAsync(cancellationToken).ConfigureAwait(false))
        {
            return false;
        }

        foreach (var table in tables)
        {
            await table.ReadAsync(db, cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    /// <summary>The databases whose stores the host uses: it may have replaced one of them. Both stores may have the same.</summary>
    private static IEnumerable<(IHostDatabase Database, IEnumerable<Table> Tables)> InUse(IServiceProvider services)
    {
        var tables = new List<(IHostDatabase Database, Table Table)>();
        if (services.GetRequiredService<IPairingStore>() is EntityFrameworkPairingStore)
        {
            var database = services.GetRequiredService<IPairingDatabase>();
            tables.AddRange([(database, Table.Of<PairingRow>()), (database, Table.Of<LeaseRow>())]);
        }

        if (services.GetRequiredService<IDeviceRepository>() is EntityFrameworkDeviceRepository)
        {
            var database = services.GetRequiredService<IDeviceDatabase>();
            tables.AddRange([(database, Table.Of<DeviceRow>()), (database, Table.Of<TokenRow>()), (database, Table.Of<TokenOwnerRow>()), (database, Table.Of<LeaseRow>())]);
        }

        return tables.GroupBy(table => table.Database, (database, group) => (database, group.Select(table => table.Table).DistinctBy(table => table.Row)));
    }

    private sealed record Table(Type Row, Func<DbContext, CancellationToken, Task> ReadAsync)
    {
        public static Table Of<TRow>()
            where TRow : class => new(typeof(TRow), (db, cancellationToken) => db.Set<TRow>().AsNoTracking().Where(_ => false).ToListAsync(cancellationToken));
    }
}
