using Microsoft.Extensions.Logging;

namespace DeviceAuthorization.Redis;

/// <summary>All messages of this assembly. Ids are never reused.</summary>
internal static partial class RedisLog
{
    [LoggerMessage(1, LogLevel.Warning, "Redis at {Server} has the maxmemory-policy {Policy}: when its memory is full, it evicts pairings and counts. Devices must then start again, and limits start from zero. Set it to noeviction, or give the pairings their own Redis.")]
    public static partial void Evicts(this ILogger logger, string server, string policy);

    [LoggerMessage(2, LogLevel.Debug, "The maxmemory-policy of Redis could not be read.")]
    public static partial void PolicyUnreadable(this ILogger logger, Exception exception);

    [LoggerMessage(3, LogLevel.Warning, "A pairing in Redis cannot be read by this version and is treated as unknown. Do nodes of different versions share a KeyPrefix?")]
    public static partial void RecordUnreadable(this ILogger logger);
}
