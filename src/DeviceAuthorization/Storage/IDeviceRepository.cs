namespace DeviceAuthorization;

/// <summary>
/// Keeps devices and their tokens, as one whole: each member is one atomic step. An outage is an exception, never "not found".
/// </summary>
public interface IDeviceRepository
{
    /// <summary>
    /// Puts a device into its owner's registry, or finds it there by <see cref="DeviceRegistration.Id"/> or by owner and
    /// <see cref="ReportedDevice.Identifier"/>; a found one gets the reported client, platform and version, and the name if one was
    /// chosen. However many calls run at once, one identifier of one owner is one device.
    /// </summary>
    /// <param name="registration">The device.</param>
    /// <param name="cancellationToken">Stops the call. What was written stays written.</param>
    /// <returns>The record, new or found.</returns>
    ValueTask<Device> RegisterAsync(DeviceRegistration registration, CancellationToken cancellationToken);

    /// <summary>Finds a user's device.</summary>
    /// <param name="userId">The owner.</param>
    /// <param name="deviceId">The id.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    /// <returns>The device; <see langword="null"/> when there is none, or it is another user's.</returns>
    ValueTask<Device?> FindAsync(string userId, string deviceId, CancellationToken cancellationToken);

    /// <summary>Removes a user's device and revokes its tokens.</summary>
    /// <param name="userId">The owner.</param>
    /// <param name="deviceId">The id.</param>
    /// <param name="now">The current time.</param>
    /// <param name="cancellationToken">Stops the call. What was written stays written.</param>
    /// <returns>Whether there was such a device.</returns>
    ValueTask<bool> DeleteAsync(string userId, string deviceId, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>
    /// Adds a token to its device. Idempotent per <see cref="IssuedToken.PairingId"/>: the pairing's earlier token comes back, also
    /// when it was revoked meanwhile, and nothing is added.
    /// </summary>
    /// <param name="token">The token.</param>
    /// <param name="replacesEarlier">Whether the device's earlier tokens are revoked in the same step.</param>
    /// <param name="cancellationToken">Stops the call. What was written stays written.</param>
    /// <returns>The pairing's token as stored; <see langword="null"/> when the device is gone.</returns>
    ValueTask<IssuedToken?> IssueTokenAsync(IssuedToken token, bool replacesEarlier, CancellationToken cancellationToken);

    /// <summary>Finds a token with its device. One query: it runs on every call of a device.</summary>
    /// <param name="hash">SHA-256 of the token, lower-case hex.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    /// <returns>Both; <see langword="null"/> when the token is unknown or revoked.</returns>
    ValueTask<TokenWithDevice?> FindTokenAsync(string hash, CancellationToken cancellationToken);

    /// <summary>Finds the token a pairing made.</summary>
    /// <param name="pairingId">The pairing.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    /// <returns>The token, revoked or not; <see langword="null"/> when there is none.</returns>
    ValueTask<IssuedToken?> FindTokenOfPairingAsync(Guid pairingId, CancellationToken cancellationToken);

    /// <summary>Revokes a user's token: the next call with it is refused.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="tokenId">The token.</param>
    /// <param name="now">The current time.</param>
    /// <param name="cancellationToken">Stops the call. What was written stays written.</param>
    /// <returns>Whether there was such a token, not revoked yet.</returns>
    ValueTask<bool> RevokeTokenAsync(string userId, Guid tokenId, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>
    /// Records that a token and its device were used. Writes only what was never recorded or is older than
    /// <paramref name="debounce"/>, in the same conditional step.
    /// </summary>
    /// <param name="tokenId">The token.</param>
    /// <param name="now">The time of use.</param>
    /// <param name="debounce">How old a record may be before it is written anew.</param>
    /// <param name="cancellationToken">Stops the call. What was written stays written.</param>
    ValueTask TouchAsync(Guid tokenId, DateTimeOffset now, TimeSpan debounce, CancellationToken cancellationToken);
}
