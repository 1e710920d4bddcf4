using Microsoft.Extensions.Logging;

namespace DeviceAuthorization.EntityFramework;

/// <summary>All messages of this assembly. Ids are never reused, and start above those of the core.</summary>
internal static partial class Log
{
    [LoggerMessage(1001, LogLevel.Debug, "Removed {Count} {What}.")]
    public static partial void CleanedUp(this ILogger logger, int count, string what);

    [LoggerMessage(1002, LogLevel.Error, "The {What} were not removed; the next attempt is in {Period}.")]
    public static partial void CleanUpFailed(this ILogger logger, Exception exception, string what, TimeSpan period);

    [LoggerMessage(1003, LogLevel.Error, "The tables of device pairing in {Database} cannot be used: {Problem} If they are missing or older than this package, run: dotnet ef migrations add DeviceAuthorization; dotnet ef database update.")]
    public static partial void TablesUnusable(this ILogger logger, string database, string problem);

    [LoggerMessage(1004, LogLevel.Warning, "The database of {Database} does not answer, or does not exist, so its tables were not checked. Until it does, pairing fails. If it does not exist yet, apply the host's migrations: dotnet ef database update.")]
    public static partial void DatabaseAway(this ILogger logger, string database);

    [LoggerMessage(1005, LogLevel.Warning, "The tables of device pairing were not checked, because a store could not be created: {Exception}.")]
    public static partial void StoreNotCreated(this ILogger logger, string exception);
}
