using System.Threading.RateLimiting;
using DeviceAuthorization.Redis;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization;

/// <summary>
/// A limit for a host's own endpoints that all its nodes count together: a sliding window in Redis, one script per permit. Use it with
/// <c>RateLimitPartition.Get(…)</c> in a policy of <c>AddRateLimiter</c>. Nothing is queued: a lease is given or refused at once, and a refused lease
/// has <see cref="MetadataName.RetryAfter"/>. While Redis is away, <see cref="RateLimiter.AcquireAsync"/> throws the client's exception.
/// </summary>
/// <remarks>
/// <see cref="RateLimiter.AttemptAcquire"/> never acquires, because it would block a thread until Redis answers. ASP.NET Core's middleware then calls
/// <see cref="RateLimiter.AcquireAsync"/>, which does.
/// </remarks>
public sealed class RedisSlidingWindowRateLimiter : RateLimiter
{
    private readonly RedisSlidingWindowRateLimiterOptions _options;
    private readonly AttemptBudget _budget;
    private long _usedAt;
    private long _left;
    private long _acquired;
    private long _refused;
    private bool _isDisposed;

    /// <summary>Makes a limiter. It continues the count of its key.</summary>
    /// <param name="key">Who or what is limited, such as <c>api:alice</c>. Start it with a word for the policy: all limiters with the same prefix share their keys.</param>
    /// <exception cref="ArgumentException">A value is out of its bounds, which are those of <see cref="AttemptBudget"/>.</exception>
    public RedisSlidingWindowRateLimiter(string key, RedisSlidingWindowRateLimiterOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _budget = new AttemptBudget(key, options.PermitLimit, options.Window);
        _left = options.PermitLimit;
        _usedAt = options.Clock.GetTimestamp();
    }

    /// <summary>How long nobody has asked. All lasting state is in Redis: an idle limiter can be disposed, and created again later.</summary>
    public override TimeSpan? IdleDuration => _options.Clock.GetElapsedTime(Volatile.Read(ref _usedAt));

    /// <summary>The leases of this node. The available permits are those of the last answer from Redis.</summary>
    public override RateLimiterStatistics GetStatistics() => new()
    {
        CurrentAvailablePermits = Volatile.Read(ref _left),
        TotalSuccessfulLeases = Volatile.Read(ref _acquired),
        TotalFailedLeases = Volatile.Read(ref _refused),
    };

    /// <inheritdoc/>
    protected override RateLimitLease AttemptAcquireCore(int permitCount)
    {
        Check(permitCount);
        return Lease.NotAsked;
    }

    /// <inheritdoc/>
    protected override async ValueTask<RateLimitLease> AcquireAsyncCore(int permitCount, CancellationToken cancellationToken)
    {
        Check(permitCount);
        cancellationToken.ThrowIfCancellationRequested();
        var left = await RedisSlidingWindow.CountAsync(
            _options.Connection.GetDatabase(_options.Database ?? -1), _options.KeyPrefix, [_budget], permitCount, _options.Clock.GetUtcNow(), cancellationToken)
            .ConfigureAwait(false);
        Volatile.Write(ref _usedAt, _options.Clock.GetTimestamp());
        Volatile.Write(ref _left, Math.Max(left, 0));
        if (left < 0)
        {
            Interlocked.Increment(ref _refused);
            return new Lease(false, TimeSpan.FromMilliseconds(-left));
        }

        Interlocked.Increment(ref _acquired);
        return Lease.Acquired;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _isDisposed = true; // there is nothing to close
        base.Dispose(disposing);
    }

    private void Check(int permitCount)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(permitCount, _budget.Limit);
        Volatile.Write(ref _usedAt, _options.Clock.GetTimestamp());
    }

    private sealed class Lease(bool isAcquired, TimeSpan? retryAfter) : RateLimitLease
    {
        public static readonly Lease Acquired = new(true, null);
        public static readonly Lease NotAsked = new(false, null);

        public override bool IsAcquired => isAcquired;

        public override IEnumerable<string> MetadataNames => retryAfter is null ? [] : [MetadataName.RetryAfter.Name];

        public override bool TryGetMetadata(string metadataName, out object? metadata)
        {
            metadata = metadataName == MetadataName.RetryAfter.Name ? retryAfter : null;
            return metadata is not null;
        }
    }
}
