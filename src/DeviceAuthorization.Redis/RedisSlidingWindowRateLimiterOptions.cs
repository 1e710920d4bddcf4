using DeviceAuthorization.Rules;
using StackExchange.Redis;

namespace DeviceAuthorization;

/// <summary>What a <see cref="RedisSlidingWindowRateLimiter"/> allows, and where it counts.</summary>
public sealed class RedisSlidingWindowRateLimiterOptions
{
    /// <summary>The host's own connection. The limiter does not close it.</summary>
    public required IConnectionMultiplexer Connection { get; init; }

    /// <summary>Permits that are given in any <see cref="Window"/>, by all nodes together.</summary>
    /// <value>At least 1.</value>
    public required int PermitLimit { get; init; }

    /// <summary>How long a permit counts; at most a sixtieth longer.</summary>
    /// <value>1 second to 31 days.</value>
    public required TimeSpan Window { get; init; }

    /// <summary>The start of every key in Redis.</summary>
    /// <value><c>da:</c> by default.</value>
    public string KeyPrefix { get; init; } = "da:";

    /// <summary>The number of the database; Redis Cluster has 0 only.</summary>
    /// <value><see langword="null"/> by default: the one that the connection names.</value>
    public int? Database { get; init; }

    /// <summary>The clock. If clocks of nodes differ, the window is shorter by the difference.</summary>
    /// <value>That of the machine by default.</value>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
