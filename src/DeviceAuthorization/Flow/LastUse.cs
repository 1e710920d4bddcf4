using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Flow;

/// <summary>Records when a token and its device were last used. Writes seldom, and never makes anything fail.</summary>
internal sealed class LastUse(WatchedDeviceRepository devices, IOptions<DeviceAuthorizationOptions> options, IServiceProviderIsService services, ILogger<LastUse> logger)
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    /// <summary>How old a recorded time must be before it is written again. A third, so that a device which calls more often than that never seems to be away.</summary>
    private TimeSpan Debounce => services.IsService(typeof(IDevicePresence)) || options.Value.OnlineAfterCall > 3 * Longest ? Longest : options.Value.OnlineAfterCall / 3;

    public bool IsDue(AccessToken token, DateTimeOffset now) => !(now < token.LastUsedAt + Debounce);

    public async Task RecordAsync(Guid tokenId, DateTimeOffset now)
    {
        try
        {
            await devices.TouchAsync(tokenId, now, Debounce, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception) when (StoreWatch.HasLogged(exception))
        {
            // The outage is in the log. The next use is recorded.
        }
        catch (Exception exception)
        {
            logger.TouchFailed(exception, tokenId);
        }
    }
}
