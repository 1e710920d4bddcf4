namespace DeviceAuthorization.Storage;

/// <summary>
/// Keeps devices and tokens, as one whole. A repository decides nothing: each member is one atomic step, and every condition is part of
/// the step. An outage is an exception, never "not found". A cancelled call leaves what was written.
/// </summary>
public interface IDeviceRepository
{
    /// <summary>
    /// Adds a device, or finds the one that is there: with the same <see cref="Device.Id"/>, or of the same user with the same
    /// <see cref="Device.ClientDeviceIdentifier"/> or <see cref="Device.Fingerprint"/> (not <see langword="null"/>), in this order.
    /// However many calls run at once, they end with one device. A device is only added while its user has fewer than
    /// <paramref name="maxDevices"/>; one that is there is found at any number.
    /// </summary>
    /// <param name="device">The device as it is to be added.</param>
    /// <param name="maxDevices">How many devices the user may have, this one included.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    /// <returns>
    /// The stored record: <paramref name="device"/> itself when it was added, or the one found, unchanged; <see langword="null"/> when there
    /// is none and the user has as many as allowed.
    /// </returns>
    ValueTask<Device?> AddOrFindAsync(Device device, int maxDevices, CancellationToken cancellationToken);

    /// <summary>Finds a user's device.</summary>
    /// <param name="userId">The owner.</param>
    /// <param name="deviceId">The id.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    /// <returns>The device; <see langword="null"/> when there is none, or it is another user's.</returns>
    ValueTask<Device?> FindAsync(string userId, string deviceId, CancellationToken cancellationToken);

    /// <summary>Finds a user's device by what it calls its installation. One indexed read: it runs at every look-up of a code.</summary>
    /// <param name="userId">The owner.</param>
    /// <param name="clientDeviceIdentifier">Its <see cref="Device.ClientDeviceIdentifier"/>, compared by ordinal.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    /// <returns>The device; <see langword="null"/> when the user has none of that identifier.</returns>
    ValueTask<Device?> FindByIdentifierAsync(string userId, string clientDeviceIdentifier, CancellationToken cancellationToken);

    /// <summary>Lists a user's devices, the oldest first.</summary>
    /// <param name="userId">The owner.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    ValueTask<IReadOnlyList<Device>> ListAsync(string userId, CancellationToken cancellationToken);

    /// <summary>
    /// Replaces a device if its stored <see cref="Device.Version"/> is still that of <paramref name="device"/>, and raises the version by
    /// one. <see cref="Device.LastSeenAt"/> is only ever moved forward by it.
    /// </summary>
    /// <param name="device">The new value, with the version that was read.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    /// <returns>What became of it.</returns>
    ValueTask<DeviceReplacement> TryReplaceAsync(Device device, CancellationToken cancellationToken);

    /// <summary>Removes a user's device and revokes its tokens, in one step.</summary>
    /// <param name="userId">The owner.</param>
    /// <param name="deviceId">The id.</param>
    /// <param name="now">The current time.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    /// <returns>Whether there was such a device.</returns>
    ValueTask<bool> DeleteAsync(string userId, string deviceId, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>
    /// Adds a token. Idempotent per <see cref="IssuedToken.PairingId"/>: the pairing's earlier token comes back, also when it was revoked
    /// meanwhile, and nothing changes. Otherwise, in one step: the device, if one is named, must be there and the user's; its earlier
    /// tokens are revoked when <paramref name="issue"/> says so; then the user must have fewer live tokens than it allows.
    /// </summary>
    /// <param name="token">The token.</param>
    /// <param name="issue">Under which conditions.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    ValueTask<TokenIssue> TryIssueTokenAsync(IssuedToken token, TokenIssueConditions issue, CancellationToken cancellationToken);

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

    /// <summary>Lists a user's tokens that are not revoked, the newest first; expired ones too.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    ValueTask<IReadOnlyList<IssuedToken>> ListTokensAsync(string userId, CancellationToken cancellationToken);

    /// <summary>
    /// Replaces a token if its stored <see cref="IssuedToken.Version"/> is still that of <paramref name="token"/>, and raises the version
    /// by one. So it is revoked, renamed, narrowed, shortened, or given a new secret. While <see cref="IssuedToken.Hash"/> stays,
    /// <see cref="IssuedToken.LastUsedAt"/> is only ever moved forward by it. <see cref="IssuedToken.ClientId"/> stays as it was issued.
    /// </summary>
    /// <param name="token">The new value, with the version that was read.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    /// <returns>Whether it was replaced. When not, read again and decide afresh.</returns>
    ValueTask<bool> TryReplaceTokenAsync(IssuedToken token, CancellationToken cancellationToken);

    /// <summary>
    /// Records that a token and its device were used. Writes only what was never recorded or is older than
    /// <paramref name="debounce"/>, in the same conditional step; raises no version.
    /// </summary>
    /// <param name="tokenId">The token.</param>
    /// <param name="now">The time of use.</param>
    /// <param name="debounce">How old a record may be before it is written anew.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    ValueTask TouchAsync(Guid tokenId, DateTimeOffset now, TimeSpan debounce, CancellationToken cancellationToken);
}
