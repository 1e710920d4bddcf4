namespace DeviceAuthorization.Storage;

/// <summary>
/// Keeps pairings. A store decides nothing: each member is one atomic step, and every condition is part of the step. All
/// nodes of a host must reach the same one. An outage is an exception, never "not found".
/// </summary>
public interface IPairingStore
{
    /// <summary>Adds a new pairing if neither of its codes is in use.</summary>
    /// <param name="pairing">The pairing.</param>
    /// <param name="cancellationToken">Stops the call. What was written stays written.</param>
    /// <returns>What became of it. Nothing is ever overwritten or evicted to make room.</returns>
    ValueTask<PairingAddition> TryAddAsync(Pairing pairing, CancellationToken cancellationToken);

    /// <summary>Finds a pairing by its user code, decided and expired ones (within <see cref="Pairing.Retention"/>) included.</summary>
    /// <param name="userCodeHash">The hash of the normalised user code.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    /// <returns>The pairing, or <see langword="null"/> when there is none.</returns>
    ValueTask<Pairing?> FindByUserCodeAsync(string userCodeHash, CancellationToken cancellationToken);

    /// <summary>
    /// Accepts a poll when, in one atomic condition, the pairing is <see cref="PairingStatus.Pending"/>,
    /// <see cref="Pairing.BelongsTo"/> the client, not expired at <paramref name="now"/>, and its <see cref="Pacing"/> is not
    /// <see cref="Pacing.IsTooEarly"/>; then its pacing becomes <see cref="Pacing.Accepted"/>. Otherwise nothing changes and
    /// the record comes back as it is. <see cref="Pairing.Version"/> is left alone: polls and decisions never meet.
    /// </summary>
    /// <param name="deviceCodeHash">The hash of the device code.</param>
    /// <param name="clientId">The client the poll names, if it names one.</param>
    /// <param name="now">The time of the poll.</param>
    /// <param name="cancellationToken">Stops the call. What was written stays written.</param>
    ValueTask<PollAttempt> TryAcceptPollAsync(string deviceCodeHash, string? clientId, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>
    /// Sets the pacing to <paramref name="slower"/> if the pairing is still pending and its pacing is still that of
    /// <paramref name="read"/>. Changes nothing else.
    /// </summary>
    /// <param name="read">The pairing as read.</param>
    /// <param name="slower">Its new pacing.</param>
    /// <param name="cancellationToken">Stops the call. What was written stays written.</param>
    /// <returns>Whether it was set.</returns>
    ValueTask<bool> TrySlowDownAsync(Pairing read, Pacing slower, CancellationToken cancellationToken);

    /// <summary>
    /// Replaces the pairing with the same <see cref="Pairing.Id"/> if its stored <see cref="Pairing.Version"/> is still that of
    /// <paramref name="pairing"/>, and if it is not expired at <paramref name="now"/>; raises the version by one, and leaves the
    /// stored <see cref="Pairing.Pacing"/> as it is. A replacement never changes what the device asked for: the codes, the client, the requested
    /// scopes, the reported device, <see cref="Pairing.CanShowNumber"/> and <see cref="Pairing.CreatedAt"/> are those that were added, and need not be written again.
    /// </summary>
    /// <param name="pairing">The new value, with the version that was read.</param>
    /// <param name="now">The current time; compared with the <see cref="Pairing.ExpiresAt"/> that is <em>stored</em>.</param>
    /// <param name="cancellationToken">Stops the call. What was written stays written.</param>
    /// <returns>Whether it was replaced. When not, read again and decide afresh.</returns>
    ValueTask<bool> TryReplaceAsync(Pairing pairing, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Removes pairings that expired before a time, whatever their status.</summary>
    /// <param name="before">Pairings whose <see cref="Pairing.ExpiresAt"/> lies before this go.</param>
    /// <param name="max">At most so many in this call.</param>
    /// <param name="cancellationToken">Stops the call. What was removed stays removed.</param>
    /// <returns>How many went.</returns>
    ValueTask<int> RemoveExpiredAsync(DateTimeOffset before, int max, CancellationToken cancellationToken);
}
