using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Storage;

/// <summary>Keeps the devices and tokens of one process, under one lock. A restart loses them, and every device must pair again.</summary>
internal sealed class InMemoryDeviceRepository : IDeviceRepository
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Device> _devices = new(StringComparer.Ordinal);
    private readonly Dictionary<(string UserId, string Key), string> _byKey = [];
    private readonly Dictionary<Guid, AccessToken> _tokens = [];
    private readonly Dictionary<string, Guid> _byHash = new(StringComparer.Ordinal);
    private readonly Dictionary<Guid, Guid> _byPairing = [];

    public ValueTask<Device?> AddOrFindAsync(Device device, int maxDevices, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_devices.TryGetValue(device.Id, out var same))
            {
                return ValueTask.FromResult<Device?>(same);
            }

            foreach (var key in Keys(device))
            {
                if (_byKey.TryGetValue(key, out var id))
                {
                    return ValueTask.FromResult<Device?>(_devices[id]);
                }
            }

            if (_devices.Values.Count(other => other.UserId == device.UserId) >= maxDevices)
            {
                return ValueTask.FromResult<Device?>(null);
            }

            Store(device);
            return ValueTask.FromResult<Device?>(device);
        }
    }

    public ValueTask<Device?> FindAsync(string userId, string deviceId, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return ValueTask.FromResult(Owned(userId, deviceId));
        }
    }

    public ValueTask<Device?> FindByIdentifierAsync(string userId, string clientDeviceIdentifier, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return ValueTask.FromResult(_byKey.TryGetValue((userId, IdentifierKey(clientDeviceIdentifier)), out var id) ? _devices[id] : null);
        }
    }

    public ValueTask<IReadOnlyList<Device>> ListAsync(string userId, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return ValueTask.FromResult<IReadOnlyList<Device>>(
                [.. _devices.Values.Where(device => device.UserId == userId).OrderBy(device => device.CreatedAt).ThenBy(device => device.Id, StringComparer.Ordinal)]);
        }
    }

    public ValueTask<OwnedCounts> CountAsync(string userId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return ValueTask.FromResult(new OwnedCounts(
                _devices.Values.Count(device => device.UserId == userId), _tokens.Values.Count(token => token.UserId == userId && token.IsLive(now))));
        }
    }

    public ValueTask<DeviceReplacement> TryReplaceAsync(Device device, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (Owned(device.UserId, device.Id) is not { } stored || stored.Version != device.Version)
            {
                return ValueTask.FromResult(DeviceReplacement.Stale);
            }

            if (Keys(device).Any(key => _byKey.TryGetValue(key, out var id) && id != device.Id))
            {
                return ValueTask.FromResult(DeviceReplacement.Conflict);
            }

            Unkey(stored);
            var isSeenSince = device.LastSeenAt is null || stored.LastSeenAt > device.LastSeenAt;
            Store(device with { Version = device.Version + 1, LastSeenAt = isSeenSince ? stored.LastSeenAt : device.LastSeenAt });
            return ValueTask.FromResult(DeviceReplacement.Replaced);
        }
    }

    public ValueTask<bool> DeleteAsync(string userId, string deviceId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (Owned(userId, deviceId) is not { } device)
            {
                return ValueTask.FromResult(false);
            }

            RevokeAll(deviceId, now);
            Unkey(device);
            return ValueTask.FromResult(_devices.Remove(deviceId));
        }
    }

    public ValueTask<TokenIssue> TryIssueTokenAsync(AccessToken token, TokenIssueConditions issue, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (token.PairingId is { } pairing && _byPairing.TryGetValue(pairing, out var issued))
            {
                return ValueTask.FromResult(new TokenIssue(_tokens[issued], false));
            }

            if (token.DeviceId is { } deviceId && Owned(token.UserId, deviceId) is null)
            {
                return ValueTask.FromResult(new TokenIssue(null, false));
            }

            Forget(issue.Now);
            var replaced = issue.ReplacesEarlier ? token.DeviceId : null;
            var live = _tokens.Values.Count(other => other.UserId == token.UserId && other.IsLive(issue.Now) && (replaced is null || other.DeviceId != replaced));
            if (live >= issue.MaxLiveTokens)
            {
                return ValueTask.FromResult(new TokenIssue(null, true));
            }

            if (replaced is not null)
            {
                RevokeAll(replaced, issue.Now);
            }

            _tokens[token.Id] = token;
            _byHash[token.Hash] = token.Id;
            if (token.PairingId is { } of)
            {
                _byPairing[of] = token.Id;
            }

            return ValueTask.FromResult(new TokenIssue(token, false));
        }
    }

    public ValueTask<TokenWithDevice?> FindTokenAsync(string hash, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (!_byHash.TryGetValue(hash, out var id) || _tokens[id] is not { RevokedAt: null } token)
            {
                return ValueTask.FromResult<TokenWithDevice?>(null);
            }

            var device = token.DeviceId is null ? null : Owned(token.UserId, token.DeviceId);
            return ValueTask.FromResult(token.DeviceId is not null && device is null ? null : new TokenWithDevice(token, device));
        }
    }

    public ValueTask<AccessToken?> FindTokenOfPairingAsync(Guid pairingId, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return ValueTask.FromResult(_byPairing.TryGetValue(pairingId, out var id) ? _tokens[id] : null);
        }
    }

    public ValueTask<IReadOnlyList<AccessToken>> ListTokensAsync(string userId, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return ValueTask.FromResult<IReadOnlyList<AccessToken>>(
                [.. _tokens.Values.Where(token => token.UserId == userId && token.RevokedAt is null).OrderByDescending(token => token.CreatedAt).ThenBy(token => token.Id)]);
        }
    }

    public ValueTask<bool> TryReplaceTokenAsync(AccessToken token, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (!_tokens.TryGetValue(token.Id, out var stored) || stored.Version != token.Version)
            {
                return ValueTask.FromResult(false);
            }

            _byHash.Remove(stored.Hash);
            _byHash[token.Hash] = token.Id;
            var isUsedSince = token.Hash == stored.Hash && (token.LastUsedAt is null || stored.LastUsedAt > token.LastUsedAt);
            _tokens[token.Id] = token with
            {
                ClientId = stored.ClientId,
                Version = token.Version + 1,
                LastUsedAt = isUsedSince ? stored.LastUsedAt : token.LastUsedAt,
            };
            return ValueTask.FromResult(true);
        }
    }

    public ValueTask TouchAsync(Guid tokenId, DateTimeOffset now, TimeSpan debounce, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_tokens.TryGetValue(tokenId, out var token))
            {
                if (!(token.LastUsedAt + debounce > now))
                {
                    _tokens[tokenId] = token with { LastUsedAt = now };
                }

                if (token.DeviceId is { } id && _devices.TryGetValue(id, out var device) && !(device.LastSeenAt + debounce > now))
                {
                    _devices[id] = device with { LastSeenAt = now };
                }
            }

            return ValueTask.CompletedTask;
        }
    }

    private Device? Owned(string userId, string deviceId) =>
        _devices.TryGetValue(deviceId, out var device) && device.UserId == userId ? device : null;

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

    private void Store(Device device)
    {
        _devices[device.Id] = device;
        foreach (var key in Keys(device))
        {
            _byKey[key] = device.Id;
        }
    }

    private void Unkey(Device device)
    {
        foreach (var key in Keys(device))
        {
            _byKey.Remove(key);
        }
    }

    private void RevokeAll(string deviceId, DateTimeOffset now)
    {
        foreach (var token in _tokens.Values.Where(token => token.DeviceId == deviceId && token.RevokedAt is null).ToArray())
        {
            _tokens[token.Id] = token with { RevokedAt = now, Version = token.Version + 1 };
        }
    }

    private void Forget(DateTimeOffset now)
    {
        foreach (var token in _tokens.Values.Where(token => token.RevokedAt + AccessToken.RevokedRetention < now).ToArray())
        {
            _tokens.Remove(token.Id);
            _byHash.Remove(token.Hash);
            _byPairing.Remove(token.PairingId ?? default);
        }
    }
}
