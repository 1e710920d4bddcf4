using Microsoft.Extensions.Logging;

namespace DeviceAuthorization;

/// <summary>Every message of this assembly. Ids are never reused, and begin where the core's never come.</summary>
internal static partial class Log
{
    [LoggerMessage(1001, LogLevel.Debug, "Removed {Pairings} expired pairings and {Tokens} revoked tokens.")]
    public static partial void CleanedUp(this ILogger logger, int pairings, int tokens);

    [LoggerMessage(1002, LogLevel.Error, "Expired pairings and revoked tokens were not removed; the next attempt is in {Period}.")]
    public static partial void CleanUpFailed(this ILogger logger, Exception exception, TimeSpan period);
}
