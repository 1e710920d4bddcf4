using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Flow;

/// <summary>Finds the token that a request presents. The bearer handler, introspection and revocation all look here.</summary>
internal static class PresentedTokens
{
    /// <summary>
    /// The token, which may have expired, and its device; null if the token is unknown or revoked. A text that cannot be a token costs no read.
    /// </summary>
    /// <param name="devices">The repository.</param>
    /// <param name="presented">The text that was sent.</param>
    /// <param name="prefix">The prefix of the host's tokens.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    public static async ValueTask<TokenWithDevice?> FindPresentedAsync(
        this IDeviceRepository devices, string presented, string prefix, CancellationToken cancellationToken) =>
        DeviceToken.TryParse(presented, prefix, out var token) ? await devices.FindTokenAsync(token.Hash(), cancellationToken).ConfigureAwait(false) : null;
}
