using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Storage;

/// <summary>Keeps the devices and tokens of one process, under one lock. A restart loses them, and every device must pair again.</summary>
/// <remarks>A step costs what its user has, not what all users have. Only revoked tokens that are due are ever looked at to be forgotten.</remarks>
internal sealed class InMemoryDeviceRepository : IDeviceRepository
{
    /// <summary>The most tokens that one step forgets, so that nobody waits long when many are due at once.</summary>
    private const int MostForgotten = 100;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Owner> _owners = new(StringComparer.Ordinal);
    private readonly Dictionary<string, StoredDevice> _devices = new(StringComparer.Ordinal);
    private readonly Dictionary<(string UserId, string Key), StoredDevice> _byKey = [];
    private readonly Dictionary<Guid, StoredToken> _tokens = [];
    private readonly Dictionary<string, StoredToken> _byHash = new(StringComparer.Ordinal);
    private readonly Dictionary<Guid, StoredToken> _byPairing = [];
    private readonly PriorityQueue<StoredToken, DateTimeOffset> _revoked = new(); // by the time of revocation

    /// <summary>What a user has. Each token that is not revoked is in exactly one list: that of its device, or <see cref="Unbound"/>.</summary>
    private sealed class Owner
    {
        public List<StoredDevice> Devices { get; } = [];

        public List<StoredToken> Unbound { get; } = [];

        /// <summary>How many tokens are in the lists, expired ones too.</summary>
        public int TokenCount { get; set; }

        public long SignOuts { get; set; }

        public IEnumerable<AccessToken> Tokens => Devices.SelectMany(device => device.Tokens).Concat(Unbound).Select(token => token.Value);
    }

    private sealed class StoredDevice(Device added, Owner owner)
    {
        public Device Value { get; set; } = added;

        public Owner Owner => owner;

        public List<StoredToken> Tokens { get; } = [];
    }

    private sealed class StoredToken(AccessToken added, StoredDevice? device)
    {
        public AccessToken Value { get; set; } = added;

        public StoredDevice? Device => device;
    }

    public ValueTask<Device?> AddOrFindAsync(Device device, int maxDevices, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_devices.TryGetValue(device.Id, out var known) || Keys(device).Any(key => _byKey.TryGetValue(key, out known)))
            {
                return ValueTask.FromResult<Device?>(known!.Value);
            }

            var owner = _owners.GetValueOrDefault(device.UserId) ?? new Owner();
            if (owner.Devices.Count >= maxDevices)
            {
                return ValueTask.FromResult<Device?>(null);
            }

            var added = _devices[device.Id] = new StoredDevice(device, owner);
            _owners[device.UserId] = owner;
            owner.Devices.Add(added);
            AddKeys(added);
            return ValueTask.FromResult<Device?>(device);
        }
    }

    public ValueTask<Device?> FindAsync(string userId, string deviceId, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return ValueTask.FromResult(Owned(userId, deviceId)?.Value);
        }
    }

    public ValueTask<Device?> FindByIdentifierAsync(string userId, string clientDeviceIdentifier, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return ValueTask.FromResult(_byKey.GetValueOrDefault((userId, IdentifierKey(clientDeviceIdentifier)))?.Value);
        }
    }

    public ValueTask<IReadOnlyList<Device>> ListAsync(string userId, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return ValueTask.FromResult<IReadOnlyList<Device>>(_owners.TryGetValue(userId, out var owner)
                ? [.. owner.Devices.Select(device => device.Value).OrderBy(device => device.CreatedAt).ThenBy(device => device.Id, StringComparer.Ordinal)]
                : []);
        }
    }

    public ValueTask<OwnedCounts> CountAsync(string userId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return ValueTask.FromResult(_owners.TryGetValue(userId, out var owner)
                ? new OwnedCounts(owner.Devices.Count, owner.Tokens.Count(token => token.IsLive(now))) { SignOuts = owner.SignOuts }
                : default);
        }
    }

    public ValueTask<DeviceReplacement> TryReplaceAsync(Device device, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (Owned(device.UserId, device.Id) is not { } stored || stored.Value.Version != device.Version)
            {
                return ValueTask.FromResult(DeviceReplacement.Stale);
            }

            if (Keys(device).Any(key => _byKey.TryGetValue(key, out var other) && other != stored))
            {
                return ValueTask.FromResult(DeviceReplacement.Conflict);
            }

            RemoveKeys(stored);
            var lastSeenAt = stored.Value.LastSeenAt;
            var isSeenSince = device.LastSeenAt is null || lastSeenAt > device.LastSeenAt;
            stored.Value = device with { Version = device.Version + 1, LastSeenAt = isSeenSince ? lastSeenAt : device.LastSeenAt };
            AddKeys(stored);
            return ValueTask.FromResult(DeviceReplacement.Replaced);
        }
    }

    public ValueTask<EndedAccess> DeleteAsync(string userId, string deviceId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (Owned(userId, deviceId) is not { } device)
            {
                return ValueTask.FromResult(new EndedAccess([], 0));
            }

            var revoked = RevokeAll(device.Owner, device.Tokens, now);
            RemoveKeys(device);
            _devices.Remove(deviceId);
            device.Owner.Devices.Remove(device);
            RemoveIfEmpty(userId);
            return ValueTask.FromResult(new EndedAccess(revoked, 1));
        }
    }

    public ValueTask<EndedAccess> SignOutAsync(string userId, SignOutDevices devices, DateTimeOffset now, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var owner = _owners[userId] = _owners.GetValueOrDefault(userId) ?? new Owner();
            owner.SignOuts++;
            var revoked = RevokeAll(owner, owner.Unbound, now);
            foreach (var device in owner.Devices)
            {
                revoked.AddRange(RevokeAll(owner, device.Tokens, now));
                if (devices == SignOutDevices.Remove)
                {
                    RemoveKeys(device);
                    _devices.Remove(device.Value.Id);
                }
            }

            var removed = devices == SignOutDevices.Remove ? owner.Devices.Count : 0;
            owner.Devices.RemoveRange(0, removed);
            return ValueTask.FromResult(new EndedAccess(revoked, removed));
        }
    }

    public ValueTask<TokenIssue> TryIssueTokenAsync(AccessToken token, TokenIssueConditions issue, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (token.PairingId is { } pairing && _byPairing.TryGetValue(pairing, out var issued))
            {
                return ValueTask.FromResult(new TokenIssue(issued.Value, false));
            }

            var device = token.DeviceId is null ? null : Owned(token.UserId, token.DeviceId);
            if (token.DeviceId is not null && device is null)
            {
                return ValueTask.FromResult(new TokenIssue(null, false));
            }

            Forget(issue.Now);
            var owner = device?.Owner ?? _owners.GetValueOrDefault(token.UserId) ?? new Owner();
            if (issue.SignOuts is { } noted && noted != owner.SignOuts)
            {
                return ValueTask.FromResult(new TokenIssue(null, false));
            }

            var replaced = issue.ReplacesEarlier ? device : null;
            if (HasTooMany(owner, replaced, issue))
            {
                return ValueTask.FromResult(new TokenIssue(null, true));
            }

            var revoked = replaced is null ? [] : RevokeAll(owner, replaced.Tokens, issue.Now);
            var added = _tokens[token.Id] = _byHash[token.Hash] = new StoredToken(token, device);
            if (token.PairingId is { } of)
            {
                _byPairing[of] = added;
            }

            (device?.Tokens ?? owner.Unbound).Add(added);
            owner.TokenCount++;
            _owners[token.UserId] = owner;
            return ValueTask.FromResult(new TokenIssue(token, false) { Replaced = revoked });
        }
    }

    public ValueTask<TokenWithDevice?> FindTokenAsync(string hash, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return ValueTask.FromResult(
                _byHash.TryGetValue(hash, out var token) && token.Value.RevokedAt is null
                    ? new TokenWithDevice(token.Value, token.Device?.Value)
                    : null);
        }
    }

    public ValueTask<AccessToken?> FindTokenOfPairingAsync(Guid pairingId, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return ValueTask.FromResult(_byPairing.GetValueOrDefault(pairingId)?.Value);
        }
    }

    public ValueTask<IReadOnlyList<AccessToken>> ListTokensAsync(string userId, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return ValueTask.FromResult<IReadOnlyList<AccessToken>>(_owners.TryGetValue(userId, out var owner)
                ? [.. owner.Tokens.OrderByDescending(token => token.CreatedAt).ThenBy(token => token.Id)]
                : []);
        }
    }

    public ValueTask<IReadOnlyList<AccessToken>> ListPairedTokensAsync(DateTimeOffset from, DateTimeOffset to, string? clientId, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return ValueTask.FromResult<IReadOnlyList<AccessToken>>(
            [
                .. _byPairing.Values.Select(token => token.Value).Where(token =>
                    token.RevokedAt is null && token.CreatedAt >= from && token.CreatedAt < to && (clientId is null || token.ClientId == clientId)),
            ]);
        }
    }

    public ValueTask<bool> TryReplaceTokenAsync(AccessToken token, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (!_tokens.TryGetValue(token.Id, out var stored) || stored.Value.Version != token.Version)
            {
                return ValueTask.FromResult(false);
            }

            var before = stored.Value;
            var isUsedSince = token.Hash == before.Hash && (token.LastUsedAt is null || before.LastUsedAt > token.LastUsedAt);
            stored.Value = token with
            {
                UserId = before.UserId,
                DeviceId = before.DeviceId,
                PairingId = before.PairingId,
                ClientId = before.ClientId,
                StartedFrom = before.StartedFrom,
                AccountStamp = before.AccountStamp,
                RevokedAt = before.RevokedAt ?? token.RevokedAt,
                Version = token.Version + 1,
                LastUsedAt = isUsedSince ? before.LastUsedAt : token.LastUsedAt,
            };
            _byHash.Remove(before.Hash);
            _byHash[token.Hash] = stored;
            if (before.RevokedAt is null && token.RevokedAt is { } now)
            {
                var owner = stored.Device?.Owner ?? _owners[before.UserId];
                (stored.Device?.Tokens ?? owner.Unbound).Remove(stored);
                owner.TokenCount--;
                _revoked.Enqueue(stored, now);
                RemoveIfEmpty(before.UserId);
            }

            return ValueTask.FromResult(true);
        }
    }

    public ValueTask TouchAsync(Guid tokenId, DateTimeOffset now, TimeSpan debounce, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_tokens.TryGetValue(tokenId, out var token))
            {
                if (!(token.Value.LastUsedAt + debounce > now))
                {
                    token.Value = token.Value with { LastUsedAt = now };
                }

                if (token.Device is { } device && !(device.Value.LastSeenAt + debounce > now))
                {
                    device.Value = device.Value with { LastSeenAt = now };
                }
            }

            return ValueTask.CompletedTask;
        }
    }

    private StoredDevice? Owned(string userId, string deviceId) =>
        _devices.TryGetValue(deviceId, out var device) && device.Value.UserId == userId ? device : null;

    private void RemoveIfEmpty(string userId)
    {
        if (_owners.TryGetValue(userId, out var owner) && owner is { Devices.Count: 0, TokenCount: 0, SignOuts: 0 })
        {
            _owners.Remove(userId);
        }
    }

    private static string IdentifierKey(string identifier) => "id:" + identifier;

    private static IEnumerable<(string UserId, string Key)> Keys(Device device)
    {
        if (device.ClientDeviceIdentifier is { } identifier)
        {
            yield return (device.UserId, IdentifierKey(identifier));
        }

        if (device.Fingerprint is { } fingerprint)
        {
            yield return (device.UserId, fingerprint);
        }
    }

    private void AddKeys(StoredDevice device)
    {
        foreach (var key in Keys(device.Value))
        {
            _byKey[key] = device;
        }
    }

    private void RemoveKeys(StoredDevice device)
    {
        foreach (var key in Keys(device.Value))
        {
            _byKey.Remove(key);
        }
    }

    /// <summary>Whether the user has as many live tokens as allowed, without those that are replaced. Looks at each only if there are many.</summary>
    private static bool HasTooMany(Owner owner, StoredDevice? replaced, TokenIssueConditions issue) =>
        owner.TokenCount - (replaced?.Tokens.Count ?? 0) >= issue.MaxLiveTokens
        && owner.Tokens.Count(token => token.IsLive(issue.Now) && (replaced is null || token.DeviceId != replaced.Value.Id)) >= issue.MaxLiveTokens;

    /// <summary>Revokes the tokens of one of the owner's lists, and returns them.</summary>
    private List<AccessToken> RevokeAll(Owner owner, List<StoredToken> tokens, DateTimeOffset now)
    {
        foreach (var token in tokens)
        {
            token.Value = token.Value with { RevokedAt = now, Version = token.Value.Version + 1 };
            _revoked.Enqueue(token, now);
        }

        List<AccessToken> revoked = [.. tokens.Select(token => token.Value)];
        owner.TokenCount -= tokens.Count;
        tokens.Clear();
        return revoked;
    }

    private void Forget(DateTimeOffset now)
    {
        for (var i = 0; i < MostForgotten && _revoked.TryPeek(out var token, out var at) && at + AccessToken.RevokedRetention < now; i++)
        {
            _revoked.Dequeue();
            _tokens.Remove(token.Value.Id);
            _byHash.Remove(token.Value.Hash);
            _byPairing.Remove(token.Value.PairingId ?? default);
        }
    }
}
