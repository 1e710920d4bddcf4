namespace DeviceAuthorization.Storage;

/// <summary>The device repository of the host, as this library calls it: watched. The in-memory one needs no watch, and costs nothing more.</summary>
internal sealed class WatchedDeviceRepository(IDeviceRepository inner, StoreWatch watch) : IDeviceRepository
{
    private const string Store = "devices";

    private readonly bool _isInMemory = inner is InMemoryDeviceRepository;

    /// <summary>Names the store in the log at start.</summary>
    public override string ToString() => inner.ToString()!;

    public ValueTask<Device?> AddOrFindAsync(Device device, int maxDevices, CancellationToken cancellationToken) => _isInMemory
        ? inner.AddOrFindAsync(device, maxDevices, cancellationToken)
        : watch.CallAsync(Store, "add_or_find", (inner, device, maxDevices), static (state, token) => state.inner.AddOrFindAsync(state.device, state.maxDevices, token), cancellationToken);

    public ValueTask<Device?> FindAsync(string userId, string deviceId, CancellationToken cancellationToken) => _isInMemory
        ? inner.FindAsync(userId, deviceId, cancellationToken)
        : watch.CallAsync(Store, "find", (inner, userId, deviceId), static (state, token) => state.inner.FindAsync(state.userId, state.deviceId, token), cancellationToken);

    public ValueTask<Device?> FindByIdentifierAsync(string userId, string clientDeviceIdentifier, CancellationToken cancellationToken) => _isInMemory
        ? inner.FindByIdentifierAsync(userId, clientDeviceIdentifier, cancellationToken)
        : watch.CallAsync(Store, "find_by_identifier", (inner, userId, clientDeviceIdentifier), static (state, token) => state.inner.FindByIdentifierAsync(state.userId, state.clientDeviceIdentifier, token), cancellationToken);

    public ValueTask<IReadOnlyList<Device>> ListAsync(string userId, CancellationToken cancellationToken) => _isInMemory
        ? inner.ListAsync(userId, cancellationToken)
        : watch.CallAsync(Store, "list", (inner, userId), static (state, token) => state.inner.ListAsync(state.userId, token), cancellationToken);

    public ValueTask<OwnedCounts> CountAsync(string userId, DateTimeOffset now, CancellationToken cancellationToken) => _isInMemory
        ? inner.CountAsync(userId, now, cancellationToken)
        : watch.CallAsync(Store, "count", (inner, userId, now), static (state, token) => state.inner.CountAsync(state.userId, state.now, token), cancellationToken);

    public ValueTask<DeviceReplacement> TryReplaceAsync(Device device, CancellationToken cancellationToken) => _isInMemory
        ? inner.TryReplaceAsync(device, cancellationToken)
        : watch.CallAsync(Store, "replace", (inner, device), static (state, token) => state.inner.TryReplaceAsync(state.device, token), cancellationToken);

    public ValueTask<EndedAccess> DeleteAsync(string userId, string deviceId, DateTimeOffset now, CancellationToken cancellationToken) => _isInMemory
        ? inner.DeleteAsync(userId, deviceId, now, cancellationToken)
        : watch.CallAsync(Store, "delete", (inner, userId, deviceId, now), static (state, token) => state.inner.DeleteAsync(state.userId, state.deviceId, state.now, token), cancellationToken);

    public ValueTask<EndedAccess> SignOutAsync(string userId, SignOutDevices devices, DateTimeOffset now, CancellationToken cancellationToken) => _isInMemory
        ? inner.SignOutAsync(userId, devices, now, cancellationToken)
        : watch.CallAsync(Store, "sign_out", (inner, userId, devices, now), static (state, token) => state.inner.SignOutAsync(state.userId, state.devices, state.now, token), cancellationToken);

    public ValueTask<TokenIssue> TryIssueTokenAsync(AccessToken token, TokenIssueConditions issue, CancellationToken cancellationToken) => _isInMemory
        ? inner.TryIssueTokenAsync(token, issue, cancellationToken)
        : watch.CallAsync(Store, "issue_token", (inner, token, issue), static (state, token) => state.inner.TryIssueTokenAsync(state.token, state.issue, token), cancellationToken);

    public ValueTask<TokenWithDevice?> FindTokenAsync(string hash, CancellationToken cancellationToken) => _isInMemory
        ? inner.FindTokenAsync(hash, cancellationToken)
        : watch.CallAsync(Store, "find_token", (inner, hash), static (state, token) => state.inner.FindTokenAsync(state.hash, token), cancellationToken);

    public ValueTask<AccessToken?> FindTokenOfPairingAsync(Guid pairingId, CancellationToken cancellationToken) => _isInMemory
        ? inner.FindTokenOfPairingAsync(pairingId, cancellationToken)
        : watch.CallAsync(Store, "find_token_of_pairing", (inner, pairingId), static (state, token) => state.inner.FindTokenOfPairingAsync(state.pairingId, token), cancellationToken);

    public ValueTask<IReadOnlyList<AccessToken>> ListTokensAsync(string userId, CancellationToken cancellationToken) => _isInMemory
        ? inner.ListTokensAsync(userId, cancellationToken)
        : watch.CallAsync(Store, "list_tokens", (inner, userId), static (state, token) => state.inner.ListTokensAsync(state.userId, token), cancellationToken);

    public ValueTask<IReadOnlyList<AccessToken>> ListPairedTokensAsync(DateTimeOffset from, DateTimeOffset to, string? clientId, CancellationToken cancellationToken) => _isInMemory
        ? inner.ListPairedTokensAsync(from, to, clientId, cancellationToken)
        : watch.CallAsync(Store, "list_paired_tokens", (inner, from, to, clientId), static (state, token) => state.inner.ListPairedTokensAsync(state.from, state.to, state.clientId, token), cancellationToken);

    public ValueTask<bool> TryReplaceTokenAsync(AccessToken token, CancellationToken cancellationToken) => _isInMemory
        ? inner.TryReplaceTokenAsync(token, cancellationToken)
        : watch.CallAsync(Store, "replace_token", (inner, token), static (state, token) => state.inner.TryReplaceTokenAsync(state.token, token), cancellationToken);

    public ValueTask TouchAsync(Guid tokenId, DateTimeOffset now, TimeSpan debounce, CancellationToken cancellationToken) => _isInMemory
        ? inner.TouchAsync(tokenId, now, debounce, cancellationToken)
        : watch.CallAsync(Store, "touch", (inner, tokenId, now, debounce), static (state, token) => state.inner.TouchAsync(state.tokenId, state.now, state.debounce, token), cancellationToken);
}
