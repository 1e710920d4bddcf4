using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization;

/// <summary>
/// Removes pairings and revoked tokens that are past their retention, in batches. Every node runs it, and none waits for another: to
/// remove what is gone already is no harm, so there is no lease that a dead node could hold.
/// </summary>
internal sealed class StoreCleanUp(IHostDatabase database, IOptions<EntityFrameworkStoreOptions> options, TimeProvider clock, ILogger<StoreCleanUp> logger) : BackgroundService
{
    private readonly EntityFrameworkStoreOptions _options = options.Value;

    /// <summary>Removes what is due now.</summary>
    public async Task<(int Pairings, int Tokens)> RunAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var (pairingsBefore, tokensBefore) = ((now - Pairing.Retention).Write(), (now - IssuedToken.RevokedRetention).Write());
        var pairings = await RemoveAsync(
            db => db.Set<PairingRow>().Where(row => row.ExpiresAt < pairingsBefore).OrderBy(row => row.ExpiresAt), cancellationToken).ConfigureAwait(false);
        var tokens = await RemoveAsync(
            db => db.Set<TokenRow>().Where(row => row.RevokedAt < tokensBefore).OrderBy(row => row.RevokedAt), cancellationToken).ConfigureAwait(false);
        return (pairings, tokens);
    }

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
                var (pairings, tokens) = await RunAsync(stoppingToken).ConfigureAwait(false);
                logger.CleanedUp(pairings, tokens);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                logger.CleanUpFailed(exception, _options.CleanUpPeriod); // an outage ends, and must not end the host
            }
        }
    }

    private async Task<int> RemoveAsync<TRow>(Func<DbContext, IQueryable<TRow>> due, CancellationToken cancellationToken)
    {
        for (var removed = 0; ;)
        {
            var batch = await database.RunAsync(db => due(db).Take(_options.CleanUpBatch).ExecuteDeleteAsync(cancellationToken)).ConfigureAwait(false);
            removed += batch;
            if (batch < _options.CleanUpBatch)
            {
                return removed;
            }
        }
    }
}
