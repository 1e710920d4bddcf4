using DeviceAuthorization.Storage;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Redis;

/// <summary>Attempts that all nodes of a host count together. Redis expires each count when it ends.</summary>
internal sealed class RedisAttemptLimiter(RedisConnection connection, IOptions<RedisPairingStoreOptions> options, TimeProvider clock) : IAttemptLimiter
{
    public async ValueTask<TimeSpan?> TryCountAsync(IReadOnlyList<AttemptBudget> budgets, CancellationToken cancellationToken)
    {
        AttemptBudget.Check(budgets);
        cancellationToken.ThrowIfCancellationRequested();
        var redis = await connection.GetAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        var left = await RedisSlidingWindow.CountAsync(
            redis.GetDatabase(options.Value.Database ?? -1), options.Value.KeyPrefix, budgets, 1, clock.GetUtcNow(), cancellationToken).ConfigureAwait(false);
        return left < 0 ? TimeSpan.FromMilliseconds(-left) : null;
    }
}
