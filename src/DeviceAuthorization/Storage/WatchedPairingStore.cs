using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Storage;

/// <summary>The pairing store of the host, as this library calls it: watched. The in-memory one needs no watch, and costs nothing more.</summary>
internal sealed class WatchedPairingStore(IPairingStore inner, StoreWatch watch, HeldPolls polls) : IPairingStore
{
    private const string Store = "pairings";

    private readonly bool _isInMemory = inner is InMemoryPairingStore;

    /// <summary>Names the store in the log at start.</summary>
    public override string ToString() => inner.ToString()!;

    public ValueTask<PairingAddition> TryAddAsync(Pairing pairing, CancellationToken cancellationToken) => _isInMemory
        ? inner.TryAddAsync(pairing, cancellationToken)
        : watch.CallAsync(Store, "add", (inner, pairing), static (state, token) => state.inner.TryAddAsync(state.pairing, token), cancellationToken);

    public ValueTask<Pairing?> FindByUserCodeAsync(string userCodeHash, CancellationToken cancellationToken) => _isInMemory
        ? inner.FindByUserCodeAsync(userCodeHash, cancellationToken)
        : watch.CallAsync(Store, "find_by_user_code", (inner, userCodeHash), static (state, token) => state.inner.FindByUserCodeAsync(state.userCodeHash, token), cancellationToken);

    public ValueTask<Pairing?> FindByDeviceCodeAsync(string deviceCodeHash, CancellationToken cancellationToken) => _isInMemory
        ? inner.FindByDeviceCodeAsync(deviceCodeHash, cancellationToken)
        : watch.CallAsync(Store, "find_by_device_code", (inner, deviceCodeHash), static (state, token) => state.inner.FindByDeviceCodeAsync(state.deviceCodeHash, token), cancellationToken);

    public ValueTask<IReadOnlyCollection<string>> FindDecidedAsync(IReadOnlyCollection<string> deviceCodeHashes, CancellationToken cancellationToken) => _isInMemory
        ? inner.FindDecidedAsync(deviceCodeHashes, cancellationToken)
        : watch.CallAsync(Store, "find_decided", (inner, deviceCodeHashes), static (state, token) => state.inner.FindDecidedAsync(state.deviceCodeHashes, token), cancellationToken);

    public ValueTask<PollAttempt> TryAcceptPollAsync(string deviceCodeHash, string? clientId, DateTimeOffset now, CancellationToken cancellationToken) => _isInMemory
        ? inner.TryAcceptPollAsync(deviceCodeHash, clientId, now, cancellationToken)
        : watch.CallAsync(Store, "accept_poll", (inner, deviceCodeHash, clientId, now), static (state, token) => state.inner.TryAcceptPollAsync(state.deviceCodeHash, state.clientId, state.now, token), cancellationToken);

    public ValueTask<bool> TrySlowDownAsync(Pairing read, Pacing slower, CancellationToken cancellationToken) => _isInMemory
        ? inner.TrySlowDownAsync(read, slower, cancellationToken)
        : watch.CallAsync(Store, "slow_down", (inner, read, slower), static (state, token) => state.inner.TrySlowDownAsync(state.read, state.slower, token), cancellationToken);

    /// <summary>Every decision passes here, so this wakes the poll that waits for it.</summary>
    public async ValueTask<bool> TryReplaceAsync(Pairing pairing, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var isReplaced = _isInMemory
            ? await inner.TryReplaceAsync(pairing, now, cancellationToken).ConfigureAwait(false)
            : await watch.CallAsync(Store, "replace", (inner, pairing, now), static (state, token) => state.inner.TryReplaceAsync(state.pairing, state.now, token), cancellationToken).ConfigureAwait(false);
        if (isReplaced && IsForDevice(pairing))
        {
            polls.Decided(pairing.DeviceCodeHash);
        }

        return isReplaced;
    }

    public ValueTask<int> RemoveExpiredAsync(DateTimeOffset before, int max, CancellationToken cancellationToken) => _isInMemory
        ? inner.RemoveExpiredAsync(before, max, cancellationToken)
        : watch.CallAsync(Store, "remove_expired", (inner, before, max), static (state, token) => state.inner.RemoveExpiredAsync(state.before, state.max, token), cancellationToken);

    /// <summary>Approved once its device is registered: a poll that came before would have to register it itself.</summary>
    private static bool IsForDevice(Pairing pairing) => pairing
        is { Status: PairingStatus.Denied or PairingStatus.Matching or PairingStatus.Withdrawn }
        or { Status: PairingStatus.Approved, Grant.DeviceId: not null };
}
