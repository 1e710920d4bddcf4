namespace DeviceAuthorization.Storage;

/// <summary>
/// Keeps devices and tokens together. A repository holds no rule: each member is one atomic step that includes all its conditions. An outage
/// is an exception, never "not found". Cancelling a call does not undo what it wrote.
/// </summary>
public interface IDeviceRepository
{
    /// <summary>
    /// Adds a device, or finds the one that exists. In this order, that is a device with the same <see cref="Device.Id"/>, or one of the same
    /// user with the same <see cref="Device.ClientDeviceIdentifier"/> or <see cref="Device.Fingerprint"/> (not <see langword="null"/>).
    /// Concurrent calls end with one device. A device is added only while its user has fewer than <paramref name="maxDevices"/>; an existing
    /// one is found at any number.
    /// </summary>
    /// <param name="maxDevices">How many devices the user may have, including this one.</param>
    /// <returns>
    /// <paramref name="device"/> itself if it was added; otherwise the existing record, unchanged. <see langword="null"/> if there is none and
    /// the user has as many as allowed.
    /// </returns>
    ValueTask<Device?> AddOrFindAsync(Device device, int maxDevices, CancellationToken cancellationToken);

    /// <summary>Finds a user's device.</summary>
    /// <returns>The device; <see langword="null"/> if there is none, or another user owns it.</returns>
    ValueTask<Device?> FindAsync(string userId, string deviceId, CancellationToken cancellationToken);

    /// <summary>Finds a user's device by the identifier that it reports. One indexed read: it runs whenever a user enters a code.</summary>
    /// <param name="clientDeviceIdentifier">Its <see cref="Device.ClientDeviceIdentifier"/>, compared by ordinal.</param>
    /// <returns>The device; <see langword="null"/> if the user has none with that identifier.</returns>
    ValueTask<Device?> FindByIdentifierAsync(string userId, string clientDeviceIdentifier, CancellationToken cancellationToken);

    /// <summary>Lists a user's devices, the oldest first.</summary>
    ValueTask<IReadOnlyList<Device>> ListAsync(string userId, CancellationToken cancellationToken);

    /// <summary>Counts what a user has. One query: it runs at every approval.</summary>
    /// <param name="now">The current time. It decides which tokens are live: those that are not revoked and not expired.</param>
    ValueTask<OwnedCounts> CountAsync(string userId, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>
    /// Replaces a device if its stored <see cref="Device.Version"/> is still that of <paramref name="device"/>, and raises the version by one.
    /// <see cref="Device.LastSeenAt"/> only moves forward.
    /// </summary>
    /// <param name="device">The new value, with the version that was read.</param>
    ValueTask<DeviceReplacement> TryReplaceAsync(Device device, CancellationToken cancellationToken);

    /// <summary>Removes a user's device and revokes its tokens, in one step.</summary>
    /// <returns>What it ended; no device if the user had none with this id.</returns>
    ValueTask<EndedAccess> DeleteAsync(string userId, string deviceId, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>
    /// Revokes every token of a user that is not revoked, and removes the user's devices if <paramref name="devices"/> says so, in one step. Raises
    /// <see cref="OwnedCounts.SignOuts"/>, even if the user has nothing, and keeps that number when the user has nothing left. Takes turns with
    /// <see cref="TryIssueTokenAsync"/>: a token is issued before it, and then revoked, or its conditions see the new number. The cost must not be one
    /// statement for each token.
    /// </summary>
    ValueTask<EndedAccess> SignOutAsync(string userId, SignOutDevices devices, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>
    /// Adds a token. Idempotent per <see cref="AccessToken.PairingId"/>: if the pairing already made a token, returns that, even if it is revoked,
    /// and changes nothing. Otherwise, in one step: the user must have been signed out as often as <paramref name="issue"/> says; the device, if the
    /// token names one, must exist and be the user's; its earlier tokens are revoked if <paramref name="issue"/> says so; the user must then have
    /// fewer live tokens than it allows.
    /// </summary>
    ValueTask<TokenIssue> TryIssueTokenAsync(AccessToken token, TokenIssueConditions issue, CancellationToken cancellationToken);

    /// <summary>Finds a token with its device. One query: it runs on every call of a device.</summary>
    /// <param name="hash">SHA-256 of the token, lower-case hex.</param>
    /// <returns>Both; <see langword="null"/> if the token is unknown or revoked.</returns>
    ValueTask<TokenWithDevice?> FindTokenAsync(string hash, CancellationToken cancellationToken);

    /// <summary>Finds the token that a pairing made.</summary>
    /// <returns>The token, revoked or not; <see langword="null"/> if there is none.</returns>
    ValueTask<AccessToken?> FindTokenOfPairingAsync(Guid pairingId, CancellationToken cancellationToken);

    /// <summary>Lists a user's tokens that are not revoked, the newest first. Includes expired ones.</summary>
    ValueTask<IReadOnlyList<AccessToken>> ListTokensAsync(string userId, CancellationToken cancellationToken);

    /// <summary>
    /// Lists the tokens of all users that a pairing made and that are not revoked. Includes expired ones. Only operators cause it, rarely: it may
    /// read every token once.
    /// </summary>
    /// <param name="from">The earliest <see cref="AccessToken.CreatedAt"/>.</param>
    /// <param name="to">An <see cref="AccessToken.CreatedAt"/> that is already too late.</param>
    /// <param name="clientId">Their <see cref="AccessToken.ClientId"/>, compared by ordinal; <see langword="null"/> for any.</param>
    ValueTask<IReadOnlyList<AccessToken>> ListPairedTokensAsync(DateTimeOffset from, DateTimeOffset to, string? clientId, CancellationToken cancellationToken);

    /// <summary>
    /// Replaces a token if its stored <see cref="AccessToken.Version"/> is still that of <paramref name="token"/>, and raises the version by one.
    /// This is how a token is revoked, renamed, narrowed, shortened, or given a new secret. While <see cref="AccessToken.Hash"/> stays the same,
    /// <see cref="AccessToken.LastUsedAt"/> only moves forward. <see cref="AccessToken.ClientId"/>, <see cref="AccessToken.StartedFrom"/> and
    /// <see cref="AccessToken.AccountStamp"/> never change.
    /// </summary>
    /// <param name="token">The new value, with the version that was read.</param>
    /// <returns>Whether it was replaced. If not, read it and decide again.</returns>
    ValueTask<bool> TryReplaceTokenAsync(AccessToken token, CancellationToken cancellationToken);

    /// <summary>
    /// Records that a token and its device were used. In one conditional step, writes each time that was never recorded or is older than
    /// <paramref name="debounce"/>. Raises no version.
    /// </summary>
    /// <param name="now">The time of use.</param>
    /// <param name="debounce">How old a recorded time must be before it is written again.</param>
    ValueTask TouchAsync(Guid tokenId, DateTimeOffset now, TimeSpan debounce, CancellationToken cancellationToken);
}
