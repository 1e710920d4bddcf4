using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace DeviceAuthorization.Authentication;

/// <summary>Records when a token was last used, at most every five minutes. Never delays the answer, or makes it fail.</summary>
internal sealed class LastUse(WatchedDeviceRepository devices, ILogger<LastUse> logger)
{
    private static readonly TimeSpan Debounce = TimeSpan.FromMinutes(5);

    public void Record(HttpContext context, AccessToken token, DateTimeOffset now)
    {
        if (now < token.LastUsedAt + Debounce)
        {
            return;
        }

        context.Response.OnCompleted(async () =>
        {
            try
            {
                await devices.TouchAsync(token.Id, now, Debounce, CancellationToken.None);
            }
            catch (Exception exception) when (StoreWatch.HasLogged(exception))
            {
                // The outage is in the log. The next use is recorded.
            }
            catch (Exception exception)
            {
                logger.TouchFailed(exception, token.Id);
            }
        });
    }
}
