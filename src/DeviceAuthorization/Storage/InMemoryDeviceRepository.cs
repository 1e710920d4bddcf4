namespace DeviceAuthorization;

/// <summary>Devices and tokens of one process, under one lock. A restart forgets them, and every device pairs anew.</summary>
internal sealed class InMemoryDeviceRepository : IDeviceRepository
{
    private static readonly TimeSpan RevokedRetention = TimeSpan.FromHours(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Device> _devices = new(StringComparer.Ordinal);
    private readonly Dictionary<(string UserId, string Identifier), string> _byIdentifier = [];
    private readonly Dictionary<Guid, IssuedToken> _tokens = [];
    private readonly Dictionary<string, Guid> _byHash = new(StringComparer.Ordinal);
    private readonly Dictionary<Guid, Guid> _byPairing = [];

    public ValueTask<Device> RegisterAsync(DeviceRegistration registration, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var (reported, identifier) = (registration.Reported, registration.Reported.Identifier);
            var id = identifier is not null && _byIdentifier.TryGetValue((registration.UserId, identifier), out var known) ? known : registration.Id;
            var device = _devices.GetValueOrDefault(id) ?? new Device
            {
                Id = id,
                UserId = registration.UserId,
                Name = reported.Name,
                ClientDeviceIdentifier = identifier,
                CreatedAt = registration.Now,
                UpdatedAt = registration.Now,
            };
            _devices[id] = device = device with
            {
                Name = registration.Name ?? device.Name,
                Client = registration.Client,
                Platform = reported.Platform ?? device.Platform,
                ClientVersion = reported.ClientVersion ?? device.ClientVersion,
                LastSeenAt = registration.Now,
                UpdatedAt = registration.Now,
            };
            if (identifier is not null)
            {
                _byIdentifier[(registration.UserId, identifier)] = id;
            }

            return ValueTask.FromResult(device);
        }
    }

    public ValueTask<Device?> FindAsync(string userId, string deviceId, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return ValueTask.FromResult(Owned(userId, deviceId));
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
            _devices.Remove(deviceId);
            if (device.ClientDeviceIdentifier is { } identifier)
            {
                _byIdentifier.Remove((userId, identifier));
            }

            return ValueTask.FromResult(true);
        }
    }

    public ValueTask<IssuedToken?> IssueTokenAsync(IssuedToken token, bool replacesEarlier, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_byPairing.TryGetValue(token.PairingId, out var issued))
            {
                return ValueTask.FromResult<IssuedToken?>(_tokens[issued]);
            }

            if (Owned(token.UserId, token.DeviceId) is null)
            {
                return ValueTask.FromResult<IssuedToken?>(null);
            }

            Forget(token.CreatedAt);
            if (replacesEarlier)
            {
                RevokeAll(token.DeviceId, token.CreatedAt);
            }

            _tokens[token.Id] = token;
            _byHash[token.Hash] = _byPairing[token.PairingId] = token.Id;
            return ValueTask.FromResult<IssuedToken?>(token);
        }
    }

    public ValueTask<TokenWithDevice?> FindTokenAsync(string hash, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return ValueTask.FromResult(
                _byHash.TryGetValue(hash, out var id) && _tokens[id] is { RevokedAt: null } token && Owned(token.UserId, token.DeviceId) is { } device
                    ? new TokenWithDevice(token, device)
                    : null);
        }
    }

    public ValueTask<IssuedToken?> FindTokenOfPairingAsync(Guid pairingId, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return ValueTask.FromResult(_byPairing.TryGetValue(pairingId, out var id) ? _tokens[id] : null);
        }
    }

    public ValueTask<bool> RevokeTokenAsync(string userId, Guid tokenId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var found = _tokens.TryGetValue(tokenId, out var token) && token.UserId == userId && token.RevokedAt is null;
            if (found)
            {
                _tokens[tokenId] = token! with { RevokedAt = now };
            }

            return ValueTask.FromResult(found);
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

                if (_devices.TryGetValue(token.DeviceId, out var device) && !(device.LastSeenAt + debounce > now))
                {
                    _devices[device.Id] = device with { LastSeenAt = now };
                }
            }

            return ValueTask.CompletedTask;
        }
    }

    private Device? Owned(string userId, string deviceId) =>
        _devices.TryGetValue(deviceId, out var device) && device.UserId == userId ? device : null;

    /// <summary>Revoked tokens that no pairing can bring back any more: pairings are gone long before.</summary>
    private void Forget(DateTimeOffset now)
    {
        foreach (var token in _tokens.Values.Where(token => token.RevokedAt + RevokedRetention < now).ToArray())
        {
            _tokens.Remove(token.Id);
            _byHash.Remove(token.Hash);
            _byPairing.Remove(token.PairingId);
        }
    }

    private void RevokeAll(string deviceId, DateTimeOffset now)
    {
        foreach (var token in _tokens.Values.Where(token => token.DeviceId == deviceId && token.RevokedAt is null).ToArray())
        {
            _tokens[token.Id] = token with { RevokedAt = now };
        }
    }
}
