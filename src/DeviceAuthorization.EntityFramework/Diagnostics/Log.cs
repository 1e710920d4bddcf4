using Microsoft.Extensions.Logging;

namespace DeviceAuthorization.EntityFramework;

/// <summary>All messages of this assembly. Ids are never reused, and start above those of the core.</summary>
internal static partial class Log
{
    [LoggerMessage(1001, LogLevel.Debug, "Removed {Count} {What}.")]
    public static partial void CleanedUp(this ILogger logger, int count, string what);

    [LoggerMessage(1002, LogLevel.Error, "The {What} were not removed; the next attempt is in {Period}.")]
    public static partial void CleanUpFailed(this ILogger logger, Exception exception, string what, TimeSpan period);
}
