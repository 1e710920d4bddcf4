using DeviceAuthorization;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;

namespace DictionaryStore;

/// <summary>Devices and tokens in dictionaries behind one lock. A search reads them all; a database would use an index.</summary>
public sealed class DictionaryDeviceRepository : IDeviceRepository
{
    private readonly Dictionary<string, Device> _devices = new(StringComparer.Ordinal);
    private readonly Dictionary<Guid, AccessToken> _tokens = [];
    private readonly Dictionary<string, long> _signOuts = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();

    public ValueTask<Device?> AddOrFindAsync(Device device, int maxDevices, CancellationToken cancellationToken) => Locked(() =>
    {
        var found = _devices.GetValueOrDefault(device.Id) ?? Doubles(device).FirstOrDefault();
        return found ?? (_devices.Values.Count(other => other.UserId == device.UserId) < maxDevices ? _devices[device.Id] = device : null);
    });

    public ValueTask<Device?> FindAsync(string userId, string deviceId, CancellationToken cancellationToken) => Locked(() => Owned(userId, deviceId));

    public ValueTask<Device?> FindByIdentifierAsync(string userId, string clientDeviceIdentifier, CancellationToken cancellationToken) => Locked(() =>
        _devices.Values.FirstOrDefault(device => device.UserId == userId && device.ClientDeviceIdentifier == clientDeviceIdentifier));

    public ValueTask<IReadOnlyList<Device>> ListAsync(string userId, CancellationToken cancellationToken) => Locked<IReadOnlyList<Device>>(() =>
        [.. _devices.Values.Where(device => device.UserId == userId).OrderBy(device => device.CreatedAt)]);

    public ValueTask<OwnedCounts> CountAsync(string userId, DateTimeOffset now, CancellationToken cancellationToken) => Locked(() => new OwnedCounts(
        _devices.Values.Count(device => device.UserId == userId), _tokens.Values.Count(token => token.UserId == userId && token.IsLive(now)))
    {
        SignOuts = _signOuts.GetValueOrDefault(userId),
    });

    public ValueTask<DeviceReplacement> TryReplaceAsync(Device device, CancellationToken cancellationToken) => Locked(() =>
    {
        if (Owned(device.UserId, device.Id) is not { } stored || stored.Version != device.Version)
        {
            return DeviceReplacement.Stale;
        }

        if (Doubles(device).Any(other => other.Id != device.Id))
        {
            return DeviceReplacement.Conflict;
        }

        _devices[device.Id] = device with { Version = device.Version + 1, LastSeenAt = Later(stored.LastSeenAt, device.LastSeenAt) };
        return DeviceReplacement.Replaced;
    });

    public ValueTask<EndedAccess> DeleteAsync(string userId, string deviceId, DateTimeOffset now, CancellationToken cancellationToken) => Locked(() =>
    {
        if (Owned(userId, deviceId) is null)
        {
            return new EndedAccess([], 0);
        }

        _devices.Remove(deviceId);
        return new EndedAccess(Revoke(token => token.DeviceId == deviceId, now), 1);
    });

    public ValueTask<EndedAccess> SignOutAsync(string userId, SignOutDevices devices, DateTimeOffset now, CancellationToken cancellationToken) => Locked(() =>
    {
        _signOuts[userId] = _signOuts.GetValueOrDefault(userId) + 1;
        var revoked = Revoke(token => token.UserId == userId, now);
        var removed = devices == SignOutDevices.Keep ? [] : _devices.Values.Where(device => device.UserId == userId).Select(device => device.Id).ToArray();
        Array.ForEach(removed, id => _devices.Remove(id));
        return new EndedAccess(revoked, removed.Length);
    });

    public ValueTask<TokenIssue> TryIssueTokenAsync(AccessToken token, TokenIssueConditions issue, CancellationToken cancellationToken) => Locked(() =>
    {
        if (token.PairingId is { } pairing && OfPairing(pairing) is { } issued)
        {
            return new TokenIssue(issued, false);
        }

        var isSignedOut = issue.SignOuts is { } noted && noted != _signOuts.GetValueOrDefault(token.UserId);
        if (isSignedOut || (token.DeviceId is { } id && Owned(token.UserId, id) is null))
        {
            return new TokenIssue(null, false);
        }

        var replaced = issue.ReplacesEarlier ? token.DeviceId : null;
        if (_tokens.Values.Count(other => other.UserId == token.UserId && other.IsLive(issue.Now) && (replaced is null || other.DeviceId != replaced)) >= issue.MaxLiveTokens)
        {
            return new TokenIssue(null, true);
        }

        var revoked = Revoke(other => replaced is not null && other.DeviceId == replaced, issue.Now);
        _tokens.Add(token.Id, token);
        foreach (var forgotten in _tokens.Values.Where(other => other.RevokedAt < issue.Now - AccessToken.RevokedRetention).ToArray())
        {
            _tokens.Remove(forgotten.Id);
        }

        return new TokenIssue(token, false) { Replaced = revoked };
    });

    public ValueTask<TokenWithDevice?> FindTokenAsync(string hash, CancellationToken cancellationToken) => Locked(() =>
    {
        var token = _tokens.Values.FirstOrDefault(token => token.Hash == hash && token.RevokedAt is null);
        var device = token?.DeviceId is { } id ? Owned(token.UserId, id) : null;
        return token is null || (token.DeviceId is not null && device is null) ? null : new TokenWithDevice(token, device);
    });

    public ValueTask<AccessToken?> FindTokenOfPairingAsync(Guid pairingId, CancellationToken cancellationToken) => Locked(() => OfPairing(pairingId));

    public ValueTask<IReadOnlyList<AccessToken>> ListTokensAsync(string userId, CancellationToken cancellationToken) => Locked<IReadOnlyList<AccessToken>>(() =>
        [.. _tokens.Values.Where(token => token.UserId == userId && token.RevokedAt is null).OrderByDescending(token => token.CreatedAt)]);

    public ValueTask<IReadOnlyList<AccessToken>> ListPairedTokensAsync(DateTimeOffset from, DateTimeOffset to, string? clientId, CancellationToken cancellationToken) =>
        Locked<IReadOnlyList<AccessToken>>(() =>
        [
            .. _tokens.Values.Where(token => token is { PairingId: not null, RevokedAt: null }
                && token.CreatedAt >= from && token.CreatedAt < to && (clientId is null || token.ClientId == clientId)),
        ]);

    public ValueTask<bool> TryReplaceTokenAsync(AccessToken token, CancellationToken cancellationToken) => Locked(() =>
    {
        if (!_tokens.TryGetValue(token.Id, out var stored) || stored.Version != token.Version)
        {
            return false;
        }

        var lastUsedAt = token.Hash == stored.Hash ? Later(stored.LastUsedAt, token.LastUsedAt) : token.LastUsedAt; // a new secret was never used
        _tokens[token.Id] = token with
        {
            Version = token.Version + 1,
            ClientId = stored.ClientId,
            StartedFrom = stored.StartedFrom,
            AccountStamp = stored.AccountStamp,
            LastUsedAt = lastUsedAt,
        };
        return true;
    });

    public async ValueTask TouchAsync(Guid tokenId, DateTimeOffset now, TimeSpan debounce, CancellationToken cancellationToken) => await Locked(() =>
    {
        bool IsOld(DateTimeOffset? at) => at is null || at <= now - debounce;
        if (_tokens.TryGetValue(tokenId, out var token) && IsOld(token.LastUsedAt))
        {
            _tokens[tokenId] = token with { LastUsedAt = now };
        }

        if (token?.DeviceId is { } id && _devices.TryGetValue(id, out var device) && IsOld(device.LastSeenAt))
        {
            _devices[id] = device with { LastSeenAt = now };
        }

        return true;
    });

    private ValueTask<T> Locked<T>(Func<T> step)
    {
        lock (_gate)
        {
            return ValueTask.FromResult(step());
        }
    }

    private Device? Owned(string userId, string deviceId) => _devices.GetValueOrDefault(deviceId) is { } device && device.UserId == userId ? device : null;

    /// <summary>The user's devices with the same identifier, then those with the same fingerprint.</summary>
    private IEnumerable<Device> Doubles(Device device)
    {
        var owned = _devices.Values.Where(other => other.UserId == device.UserId);
        return owned.Where(other => other.ClientDeviceIdentifier is { } identifier && identifier == device.ClientDeviceIdentifier)
            .Concat(owned.Where(other => other.Fingerprint is { } fingerprint && fingerprint == device.Fingerprint));
    }

    private AccessToken? OfPairing(Guid pairingId) => _tokens.Values.FirstOrDefault(token => token.PairingId == pairingId);

    private AccessToken[] Revoke(Func<AccessToken, bool> which, DateTimeOffset now)
    {
        AccessToken[] revoked =
        [
            .. _tokens.Values.Where(token => token.RevokedAt is null && which(token)).Select(token => token with { RevokedAt = now, Version = token.Version + 1 }),
        ];
        Array.ForEach(revoked, token => _tokens[token.Id] = token);
        return revoked;
    }

    private static DateTimeOffset? Later(DateTimeOffset? stored, DateTimeOffset? read) => read is null || stored > read ? stored : read;
}
