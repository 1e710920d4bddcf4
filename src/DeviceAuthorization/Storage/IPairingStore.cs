namespace DeviceAuthorization.Storage;

/// <summary>
/// Keeps pairings. A store holds no rule: each member is one atomic step that includes all its conditions. All nodes of a host must use the
/// same store. An outage is an exception, never "not found". Cancelling a call does not undo what it wrote.
/// </summary>
public interface IPairingStore
{
    /// <summary>Adds a new pairing if neither of its codes is in use. Never overwrites or evicts another to make room.</summary>
    ValueTask<PairingAddition> TryAddAsync(Pairing pairing, CancellationToken cancellationToken);

    /// <summary>Finds a pairing by its user code. Includes decided ones, and expired ones within <see cref="Pairing.Retention"/>.</summary>
    /// <param name="userCodeHash">The hash of the normalised user code.</param>
    /// <returns>The pairing; <see langword="null"/> if there is none.</returns>
    ValueTask<Pairing?> FindByUserCodeAsync(string userCodeHash, CancellationToken cancellationToken);

    /// <summary>Finds a pairing by its device code, with any status, as <see cref="FindByUserCodeAsync"/> does.</summary>
    /// <returns>The pairing; <see langword="null"/> if there is none.</returns>
    ValueTask<Pairing?> FindByDeviceCodeAsync(string deviceCodeHash, CancellationToken cancellationToken);

    /// <summary>
    /// Finds which of these pairings are no longer <see cref="PairingStatus.Pending"/>. A node without <see cref="IPairingSignals"/> asks this once a
    /// second about the polls that it holds, so make it one cheap query.
    /// </summary>
    /// <param name="deviceCodeHashes">At most 500.</param>
    /// <returns>Those of <paramref name="deviceCodeHashes"/> whose pairing was decided, in any order. Unknown ones are left out.</returns>
    ValueTask<IReadOnlyCollection<string>> FindDecidedAsync(IReadOnlyCollection<string> deviceCodeHashes, CancellationToken cancellationToken);

    /// <summary>
    /// Accepts a poll if, in one atomic condition, the pairing is <see cref="PairingStatus.Pending"/>, <see cref="Pairing.BelongsTo"/> the client,
    /// has not expired at <paramref name="now"/>, and its <see cref="Pacing"/> is not <see cref="Pacing.IsTooEarly"/>. Its pacing then becomes
    /// <see cref="Pacing.Accepted"/>. Otherwise nothing changes, and the stored pairing is returned. <see cref="Pairing.Version"/> never changes,
    /// so polls and decisions do not conflict.
    /// </summary>
    /// <param name="clientId">The client that the poll names; <see langword="null"/> if it names none.</param>
    /// <param name="now">The time of the poll.</param>
    ValueTask<PollAttempt> TryAcceptPollAsync(string deviceCodeHash, string? clientId, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>
    /// Sets the pacing to <paramref name="slower"/> if the pairing is still pending and its pacing is still that of
    /// <paramref name="read"/>. Changes nothing else.
    /// </summary>
    /// <param name="read">The pairing as read.</param>
    /// <returns>Whether it was set.</returns>
    ValueTask<bool> TrySlowDownAsync(Pairing read, Pacing slower, CancellationToken cancellationToken);

    /// <summary>
    /// Replaces the pairing with the same <see cref="Pairing.Id"/> if its stored <see cref="Pairing.Version"/> is still that of
    /// <paramref name="pairing"/> and it has not expired at <paramref name="now"/>. Raises the version by one, and keeps the stored
    /// <see cref="Pairing.Pacing"/>. A replacement never changes what the device asked for, so a store need not write it again: the codes, the
    /// client, the requested scopes, the reported device, <see cref="Pairing.CanShowNumber"/> and <see cref="Pairing.CreatedAt"/>.
    /// </summary>
    /// <param name="pairing">The new value, with the version that was read.</param>
    /// <param name="now">The current time; compared with the <see cref="Pairing.ExpiresAt"/> that is <em>stored</em>.</param>
    /// <returns>Whether it was replaced. If not, read it and decide again.</returns>
    ValueTask<bool> TryReplaceAsync(Pairing pairing, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Removes pairings that expired before a time, with any status.</summary>
    /// <param name="before">Removes pairings whose <see cref="Pairing.ExpiresAt"/> lies before this.</param>
    /// <param name="max">The most to remove in this call.</param>
    /// <returns>How many were removed.</returns>
    ValueTask<int> RemoveExpiredAsync(DateTimeOffset before, int max, CancellationToken cancellationToken);
}
