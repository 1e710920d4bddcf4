using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Flow;

/// <summary>Finds what a live token may do, and records its use. The one place that decides whether a token is live.</summary>
internal sealed class LiveTokens(
    WatchedDeviceRepository devices,
    WatchedPolicy policy,
    IOptions<DeviceAuthorizationOptions> options,
    IServiceProviderIsService services,
    TimeProvider clock,
    ILogger<LiveTokens> logger)
{
    private static readonly TimeSpan LongestDebounce = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How old the time of the last use must be before it is written again. A third, so that a device which calls more often than that never seems to be away.
    /// </summary>
    public TimeSpan Debounce => services.IsService(typeof(IDevicePresence)) || options.Value.OnlineAfterCall > 3 * LongestDebounce ? LongestDebounce : options.Value.OnlineAfterCall / 3;

    /// <summary>Finds a token as its holder sends it. A text that cannot be a token costs no read.</summary>
    public async Task<AuthenticatedToken?> FindAsync(string presented, CancellationToken cancellationToken) =>
        DeviceToken.TryParse(presented, options.Value.TokenPrefix, out var token) ? await FindByHashAsync(token.Hash(), cancellationToken).ConfigureAwait(false) : null;

    public async Task<AuthenticatedToken?> FindByHashAsync(string hash, CancellationToken cancellationToken) =>
        await devices.FindTokenAsync(hash, cancellationToken).ConfigureAwait(false) is var (token, device)
        && token.IsLive(clock.Now())
        && await policy.ScopesNowAsync(token.UserId, token.Scopes, token.AccountStamp, cancellationToken).ConfigureAwait(false) is { } scopes
            ? new AuthenticatedToken(token, device, scopes)
            : null;

    public bool IsUseDue(AuthenticatedToken token) => !(clock.Now() < token.Record.LastUsedAt + Debounce);

    /// <summary>Never makes anything fail.</summary>
    public async Task RecordUseAsync(AuthenticatedToken token)
    {
        try
        {
            await devices.TouchAsync(token.Id, clock.Now(), Debounce, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception) when (StoreWatch.HasLogged(exception))
        {
            // The outage is in the log. The next use is recorded.
        }
        catch (Exception exception)
        {
            logger.TouchFailed(exception, token.Id);
        }
    }
}
