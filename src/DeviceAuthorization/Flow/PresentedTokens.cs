using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Flow;

/// <summary>Finds the token that a request presents. The bearer handler, introspection and revocation all look here.</summary>
internal static class PresentedTokens
{
    /// <summary>
    /// The token, which may have expired, and its device; null if the token is unknown or revoked. A text that cannot be a token costs no read.
    /// </summary>
    public static async ValueTask<TokenWithDevice?> FindPresentedAsync(
        this IDeviceRepository devices, string presented, string prefix, CancellationToken cancellationToken) =>
        DeviceToken.TryParse(presented, prefix, out var token) ? await devices.FindTokenAsync(token.Hash(), cancellationToken).ConfigureAwait(false) : null;
}
