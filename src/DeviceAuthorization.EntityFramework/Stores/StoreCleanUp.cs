using System.Diagnostics.Metrics;
using DeviceAuthorization.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.EntityFramework;

/// <summary>
/// Removes what is past its retention, in batches. Every node wakes once a period, and the first to take the lease does all the work. If it dies or
/// fails, the rest waits for the next period, so nobody needs to watch it. Two at once would only slow each other down.
/// </summary>
internal abstract class StoreCleanUp<TDatabase>(IServiceScopeFactory scopes, IOptions<EntityFrameworkStoreOptions> options, TimeProvider clock, ILogger logger) : BackgroundService, IHealthCheck
    where TDatabase : class, IHostDatabase
{
    /// <summary>After so many periods without a run, something is wrong.</summary>
    private const int MostMissed = 3;

    private readonly EntityFrameworkStoreOptions _options = options.Value;

    /// <summary>The last time that this node or another did the work; at first the start.</summary>
    private DateTimeOffset _lastRun = clock.GetUtcNow();

    /// <summary>What is removed, in an operator's words. Also the name of the lease.</summary>
    protected abstract string What { get; }

    /// <summary>Removes what is due now, unless another node did so in this period.</summary>
    /// <returns>How many rows; <see langword="null"/> if it is another node's turn.</returns>
    public async Task<int?> RunAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var scope = scopes.CreateAsyncScope();
        await using var ownScope = scope.ConfigureAwait(false);
        var database = scope.ServiceProvider.GetRequiredService<TDatabase>();
        if (!await database.WriteAsync(db => Lease.TryTakeAsync(db, What, now, _options.CleanUpPeriod, cancellationToken), cancellationToken).ConfigureAwait(false))
        {
            Leave();
            return null;
        }

        for (var removed = 0; ;)
        {
            var batch = await database.WriteAsync(db => RemoveAsync(db, now, _options.CleanUpBatch, cancellationToken), cancellationToken).ConfigureAwait(false);
            removed += batch;
            if (batch < _options.CleanUpBatch)
            {
                await LookAsync(scope.ServiceProvider, now, cancellationToken).ConfigureAwait(false);
                return removed;
            }
        }
    }

    /// <summary>For <c>AddHealthChecks().AddDeviceAuthorization()</c>: degraded, because the flow itself goes on.</summary>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        _options.CleanUpPeriod != Timeout.InfiniteTimeSpan && clock.GetUtcNow() - _lastRun > MostMissed * _options.CleanUpPeriod
            ? HealthCheckResult.Degraded($"The clean-up of {What} last ran at {_lastRun:O}.")
            : HealthCheckResult.Healthy());

    protected abstract Task<int> RemoveAsync(DbContext db, DateTimeOffset now, int max, CancellationToken cancellationToken);

    /// <summary>It is another node's turn.</summary>
    protected virtual void Leave()
    {
    }

    /// <summary>Looks at what is left after this node's turn.</summary>
    protected virtual Task LookAsync(IServiceProvider services, DateTimeOffset now, CancellationToken cancellationToken) => Task.CompletedTask;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_options.CleanUpPeriod == Timeout.InfiniteTimeSpan)
        {
            return;
        }

        using var timer = new PeriodicTimer(_options.CleanUpPeriod, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            try
            {
                var ran = await RunAsync(stoppingToken).ConfigureAwait(false);
                _lastRun = clock.GetUtcNow();
                if (ran is { } removed)
                {
                    logger.CleanedUp(removed, What);
                }
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                logger.CleanUpFailed(exception, What, _options.CleanUpPeriod); // an outage must not end the host
            }
        }
    }
}

internal sealed class PairingCleanUp : StoreCleanUp<IPairingDatabase>
{
    private static readonly PairingStatus[] Live = [PairingStatus.Pending, PairingStatus.Matching, PairingStatus.Approved];

    /// <summary>How many pairings were live when this node cleaned up; none if another node did so since, which then says it, or if another store has the pairings.</summary>
    private Measurement<int>[] _live = [];

    private readonly Instrument _instrument;

    public PairingCleanUp(IServiceScopeFactory scopes, IOptions<EntityFrameworkStoreOptions> options, TimeProvider clock, IMeterFactory meters, ILogger<PairingCleanUp> logger)
        : base(scopes, options, clock, logger) =>
        _instrument = meters.Create("DeviceAuthorization").CreateObservableUpDownCounter( // as the store in memory does
            "device_authorization.pairings.live", () => _live, "{pairing}", "Pairings that are neither redeemed, denied nor expired.");

    protected override string What => "expired pairings";

    protected override void Leave() => _live = [];

    protected override async Task LookAsync(IServiceProvider services, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var at = now.Write();
        _live = !_instrument.Enabled || services.GetRequiredService<IPairingStore>() is not EntityFrameworkPairingStore ? [] : [new(await services.GetRequiredService<IPairingDatabase>().ReadAsync(
            db => db.Set<PairingRow>().CountAsync(row => Live.Contains(row.Status) && row.ExpiresAt > at, cancellationToken)).ConfigureAwait(false))];
    }

    protected override Task<int> RemoveAsync(DbContext db, DateTimeOffset now, int max, CancellationToken cancellationToken)
    {
        var before = (now - Pairing.Retention).Write();
        return db.Set<PairingRow>().Where(row => row.ExpiresAt < before).OrderBy(row => row.ExpiresAt).Take(max).ExecuteDeleteAsync(cancellationToken);
    }
}

internal sealed class TokenCleanUp(IServiceScopeFactory scopes, IOptions<EntityFrameworkStoreOptions> options, TimeProvider clock, ILogger<TokenCleanUp> logger)
    : StoreCleanUp<IDeviceDatabase>(scopes, options, clock, logger)
{
    protected override string What => "revoked tokens";

    protected override Task<int> RemoveAsync(DbContext db, DateTimeOffset now, int max, CancellationToken cancellationToken)
    {
        var before = (now - AccessToken.RevokedRetention).Write();
        return db.Set<TokenRow>().Where(row => row.RevokedAt < before).OrderBy(row => row.RevokedAt).Take(max).ExecuteDeleteAsync(cancellationToken);
    }
}
