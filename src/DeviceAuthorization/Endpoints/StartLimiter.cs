using System.Net;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization;

/// <summary>
/// How often one address may start a pairing. The address is the connection's own; no header of the request is believed. IPv6
/// counts by /64, for that is what one home has; requests without an address share one budget.
/// </summary>
internal sealed class StartLimiter(IAttemptLimiter limiter, IOptions<DeviceAuthorizationOptions> options)
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly DeviceRateLimits _limits = options.Value.RateLimits;

    /// <summary>Null when it may; else how long to wait.</summary>
    public ValueTask<TimeSpan?> TryCountAsync(IPAddress? address, CancellationToken cancellationToken) => _limits.Enabled
        ? limiter.TryCountAsync([new AttemptBudget($"start:{Network.Of(address)}", _limits.StartsPerMinute, Window)], cancellationToken)
        : ValueTask.FromResult<TimeSpan?>(null);
}
