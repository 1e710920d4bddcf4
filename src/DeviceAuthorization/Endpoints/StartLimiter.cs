using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization;

/// <summary>
/// How often one address may start a pairing. The address is the connection's own; no header of the request is believed. IPv6
/// counts by /64, for that is what one home has; requests without an address share one budget.
/// </summary>
internal sealed class StartLimiter : IDisposable
{
    public const string RetryAfterSeconds = "60";

    private readonly PartitionedRateLimiter<IPAddress?> _limiter;

    public StartLimiter(IOptions<DeviceAuthorizationOptions> options)
    {
        var limits = options.Value.RateLimits;
        _limiter = PartitionedRateLimiter.Create<IPAddress?, string>(address => limits.Enabled
            ? RateLimitPartition.GetSlidingWindowLimiter(Network(address), _ => new SlidingWindowRateLimiterOptions
            {
                PermitLimit = limits.StartsPerMinute,
                Window = TimeSpan.FromMinutes(1),
                SegmentsPerWindow = 6,
            })
            : RateLimitPartition.GetNoLimiter(""));
    }

    public bool TryAcquire(IPAddress? address)
    {
        using var lease = _limiter.AttemptAcquire(address);
        return lease.IsAcquired;
    }

    public void Dispose() => _limiter.Dispose();

    private static string Network(IPAddress? address) => address switch
    {
        null => "none",
        { IsIPv4MappedToIPv6: true } => address.MapToIPv4().ToString(),
        { AddressFamily: AddressFamily.InterNetworkV6 } => Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8)),
        _ => address.ToString(),
    };
}
