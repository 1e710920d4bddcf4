using System.Collections.Immutable;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.ModelCheck;

/// <summary>
/// What the host's stores hold, as one immutable value. Each method is one atomic step of <see cref="IPairingStore"/> or
/// <see cref="IDeviceRepository"/>, and returns the next value with the answer. It is the contract and nothing else: it passes the conformance kit that every
/// store passes (<see cref="AbstractPairingStoreConformance"/>).
/// </summary>
internal sealed record AbstractStore
{
    public ImmutableList<Pairing> Pairings { get; init; } = [];

    public ImmutableList<Device> Devices { get; init; } = [];

    public ImmutableList<AccessToken> Tokens { get; init; } = [];

    public ImmutableSortedDictionary<string, long> SignOuts { get; init; } = ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal);

    /// <summary>The accounts that may not sign in: what the host answers to <see cref="IPairingPolicy.IsActiveAsync"/>.</summary>
    public ImmutableSortedSet<string> Locked { get; init; } = ImmutableSortedSet<string>.Empty.WithComparer(StringComparer.Ordinal);

    public (AbstractStore, PairingAddition) Add(Pairing pairing) =>
        Pairings.Exists(other => other.DeviceCodeHash == pairing.DeviceCodeHash || other.UserCodeHash == pairing.UserCodeHash)
            ? (this, PairingAddition.CodeTaken)
            : (this with { Pairings = Pairings.Add(pairing) }, PairingAddition.Added);

    public Pairing? ByUserCode(string hash) => Pairings.Find(pairing => pairing.UserCodeHash == hash);

    public Pairing? ByDeviceCode(string hash) => Pairings.Find(pairing => pairing.DeviceCodeHash == hash);

    public Pairing? ById(Guid? id) => Pairings.Find(pairing => pairing.Id == id);

    public (AbstractStore, PollAttempt) AcceptPoll(string hash, string? clientId, DateTimeOffset now) =>
        ByDeviceCode(hash) is { Status: PairingStatus.Pending } pairing && pairing.BelongsTo(clientId) && now < pairing.ExpiresAt && !pairing.Pacing.IsTooEarly(now)
            ? (Put(pairing with { Pacing = pairing.Pacing.Accepted(now) }), PollAttempt.Accepted)
            : (this, PollAttempt.NotAccepted(ByDeviceCode(hash)));

    public (AbstractStore, bool) SlowDown(Pairing read, Pacing slower) =>
        ById(read.Id) is { Status: PairingStatus.Pending } pairing && pairing.Pacing == read.Pacing
            ? (Put(pairing with { Pacing = slower }), true)
            : (this, false);

    public (AbstractStore, bool) Replace(Pairing next, DateTimeOffset now) =>
        ById(next.Id) is { } pairing && pairing.Version == next.Version && now < pairing.ExpiresAt
            ? (Put(next with { Pacing = pairing.Pacing, Version = next.Version + 1 }), true)
            : (this, false);

    /// <summary>No step of the contract: writes a pairing under no condition.</summary>
    public AbstractStore Put(Pairing pairing) => this with
    {
        Pairings = Pairings.FindIndex(stored => stored.Id == pairing.Id) is >= 0 and var at ? Pairings.SetItem(at, pairing) : Pairings.Add(pairing),
    };

    public (AbstractStore, int) RemoveExpired(DateTimeOffset before, int max)
    {
        var expired = Pairings.FindAll(pairing => pairing.ExpiresAt < before).Take(max).ToArray();
        return (this with { Pairings = Pairings.RemoveRange(expired) }, expired.Length);
    }

    public (AbstractStore, Device?) AddOrFind(Device device, int maxDevices) =>
        (Devices.Find(other => other.Id == device.Id) ?? Devices.Find(other => HasSameIdentifier(other, device)) ?? Devices.Find(other => HasSameFingerprint(other, device))) is { } known
            ? (this, known)
            : Devices.Count(other => other.UserId == device.UserId) >= maxDevices ? (this, null)
            : (this with { Devices = Devices.Add(device) }, device);

    public Device? DeviceOf(string userId, string? deviceId) => Devices.Find(device => device.UserId == userId && device.Id == deviceId);

    public OwnedCounts Count(string userId, DateTimeOffset now) =>
        new(Devices.Count(device => device.UserId == userId), Tokens.Count(token => token.UserId == userId && token.IsLive(now))) { SignOuts = SignOutsOf(userId) };

    public long SignOutsOf(string userId) => SignOuts.GetValueOrDefault(userId);

    public (AbstractStore, DeviceReplacement) Replace(Device next)
    {
        if (DeviceOf(next.UserId, next.Id) is not { } device || device.Version != next.Version)
        {
            return (this, DeviceReplacement.Stale);
        }

        return Devices.Exists(other => other != device && (HasSameIdentifier(other, next) || HasSameFingerprint(other, next)))
            ? (this, DeviceReplacement.Conflict)
            : (this with { Devices = Devices.Replace(device, next with { Version = next.Version + 1, LastSeenAt = Later(device.LastSeenAt, next.LastSeenAt) }) }, DeviceReplacement.Replaced);
    }

    public (AbstractStore, EndedAccess) Delete(string userId, string deviceId, DateTimeOffset now)
    {
        if (DeviceOf(userId, deviceId) is not { } device)
        {
            return (this, new EndedAccess([], 0));
        }

        var (next, revoked) = Revoke(token => token.DeviceId == deviceId, now);
        return (next with { Devices = Devices.Remove(device) }, new EndedAccess(revoked, 1));
    }

    public (AbstractStore, EndedAccess) SignOut(string userId, SignOutDevices devices, DateTimeOffset now)
    {
        var (next, revoked) = Revoke(token => token.UserId == userId, now);
        var left = devices == SignOutDevices.Remove ? Devices.RemoveAll(device => device.UserId == userId) : Devices;
        return (next with { Devices = left, SignOuts = SignOuts.SetItem(userId, SignOutsOf(userId) + 1) }, new EndedAccess(revoked, Devices.Count - left.Count));
    }

    public (AbstractStore, TokenIssue) Issue(AccessToken token, TokenIssueConditions issue)
    {
        if (token.PairingId is { } pairing && TokenOf(pairing) is { } issued)
        {
            return (this, new TokenIssue(issued, false));
        }

        if ((issue.SignOuts ?? SignOutsOf(token.UserId)) != SignOutsOf(token.UserId) || (token.DeviceId is not null && DeviceOf(token.UserId, token.DeviceId) is null))
        {
            return (this, new TokenIssue(null, false));
        }

        var (next, replaced) = Revoke(earlier => issue.ReplacesEarlier && token.DeviceId is not null && earlier.DeviceId == token.DeviceId, issue.Now);
        return next.Count(token.UserId, issue.Now).LiveTokens >= issue.MaxLiveTokens
            ? (this, new TokenIssue(null, true))
            : (next with { Tokens = next.Tokens.Add(token) }, new TokenIssue(token, false) { Replaced = replaced });
    }

    public TokenWithDevice? FindToken(string hash) =>
        Tokens.Find(token => token.Hash == hash && token.RevokedAt is null) is { } found ? new TokenWithDevice(found, DeviceOf(found.UserId, found.DeviceId)) : null;

    public AccessToken? TokenOf(Guid pairingId) => Tokens.Find(token => token.PairingId == pairingId);

    public IReadOnlyList<AccessToken> TokensOf(string userId) =>
        [.. Tokens.Where(token => token.UserId == userId && token.RevokedAt is null).OrderByDescending(token => token.CreatedAt)];

    public IReadOnlyList<AccessToken> PairedTokens(DateTimeOffset from, DateTimeOffset to, string? clientId) => Tokens.FindAll(token =>
        token.PairingId is not null && token.RevokedAt is null && token.CreatedAt >= from && token.CreatedAt < to && (clientId is null || token.ClientId == clientId));

    public (AbstractStore, bool) Replace(AccessToken next)
    {
        if (Tokens.Find(token => token.Id == next.Id) is not { } token || token.Version != next.Version)
        {
            return (this, false);
        }

        var replaced = next with
        {
            UserId = token.UserId,
            DeviceId = token.DeviceId,
            PairingId = token.PairingId,
            ClientId = token.ClientId,
            StartedFrom = token.StartedFrom,
            AccountStamp = token.AccountStamp,
            RevokedAt = token.RevokedAt ?? next.RevokedAt,
            LastUsedAt = next.Hash == token.Hash ? Later(token.LastUsedAt, next.LastUsedAt) : next.LastUsedAt,
            Version = next.Version + 1,
        };
        return (this with { Tokens = Tokens.Replace(token, replaced) }, true);
    }

    public AbstractStore Touch(Guid tokenId, DateTimeOffset now, TimeSpan debounce)
    {
        if (Tokens.Find(token => token.Id == tokenId) is not { } used)
        {
            return this;
        }

        var next = this with { Tokens = Tokens.Replace(used, used with { LastUsedAt = Touched(used.LastUsedAt) }) };
        return DeviceOf(used.UserId, used.DeviceId) is { } device
            ? next with { Devices = Devices.Replace(device, device with { LastSeenAt = Touched(device.LastSeenAt) }) }
            : next;

        DateTimeOffset? Touched(DateTimeOffset? last) => last + debounce > now ? last : now;
    }

    private (AbstractStore Next, IReadOnlyList<AccessToken> Revoked) Revoke(Func<AccessToken, bool> which, DateTimeOffset now)
    {
        var tokens = Tokens.ConvertAll(token => token.RevokedAt is null && which(token) ? token with { RevokedAt = now, Version = token.Version + 1 } : token);
        return (this with { Tokens = tokens }, tokens.RemoveRange(tokens.Where((token, at) => ReferenceEquals(token, Tokens[at]))));
    }

    private static bool HasSameIdentifier(Device one, Device other) =>
        one.UserId == other.UserId && one.ClientDeviceIdentifier is { } identifier && identifier == other.ClientDeviceIdentifier;

    private static bool HasSameFingerprint(Device one, Device other) =>
        one.UserId == other.UserId && one.Fingerprint is { } fingerprint && fingerprint == other.Fingerprint;

    private static DateTimeOffset? Later(DateTimeOffset? stored, DateTimeOffset? next) => next is null || stored > next ? stored : next;
}

/// <summary>The host's stores and its policy as the library calls them. Each call is one step on the abstract store.</summary>
internal abstract class StorePorts : IPairingStore, IDeviceRepository, IPairingPolicy
{
    /// <param name="call">The name of the call.</param>
    /// <param name="arguments">All that the answer depends on, besides the store.</param>
    protected abstract ValueTask<T> StepAsync<T>(string call, object? arguments, Func<AbstractStore, (AbstractStore Next, T Answer)> step);

    private ValueTask<T> ReadAsync<T>(string call, object? arguments, Func<AbstractStore, T> read) => StepAsync(call, arguments, store => (store, read(store)));

    public virtual ValueTask<PairingAddition> TryAddAsync(Pairing pairing, CancellationToken cancellationToken) =>
        StepAsync("add", pairing, store => store.Add(pairing));

    public virtual ValueTask<Pairing?> FindByUserCodeAsync(string userCodeHash, CancellationToken cancellationToken) =>
        ReadAsync("find by user code", userCodeHash, store => store.ByUserCode(userCodeHash));

    public virtual ValueTask<Pairing?> FindByDeviceCodeAsync(string deviceCodeHash, CancellationToken cancellationToken) =>
        ReadAsync("find by device code", deviceCodeHash, store => store.ByDeviceCode(deviceCodeHash));

    public virtual ValueTask<IReadOnlyCollection<string>> FindDecidedAsync(IReadOnlyCollection<string> deviceCodeHashes, CancellationToken cancellationToken) =>
        ReadAsync<IReadOnlyCollection<string>>("find decided", deviceCodeHashes, store =>
            [.. deviceCodeHashes.Where(hash => store.ByDeviceCode(hash) is { Status: not PairingStatus.Pending })]);

    public virtual ValueTask<PollAttempt> TryAcceptPollAsync(string deviceCodeHash, string? clientId, DateTimeOffset now, CancellationToken cancellationToken) =>
        StepAsync("accept poll", (deviceCodeHash, clientId, now), store => store.AcceptPoll(deviceCodeHash, clientId, now));

    public virtual ValueTask<bool> TrySlowDownAsync(Pairing read, Pacing slower, CancellationToken cancellationToken) =>
        StepAsync("slow down", (read.Id, read.Pacing, slower), store => store.SlowDown(read, slower));

    public virtual ValueTask<bool> TryReplaceAsync(Pairing pairing, DateTimeOffset now, CancellationToken cancellationToken) =>
        StepAsync("replace", (pairing, now), store => store.Replace(pairing, now));

    public virtual ValueTask<int> RemoveExpiredAsync(DateTimeOffset before, int max, CancellationToken cancellationToken) =>
        StepAsync("remove expired", (before, max), store => store.RemoveExpired(before, max));

    public virtual ValueTask<Device?> AddOrFindAsync(Device device, int maxDevices, CancellationToken cancellationToken) =>
        StepAsync("add or find device", (device, maxDevices), store => store.AddOrFind(device, maxDevices));

    public virtual ValueTask<Device?> FindAsync(string userId, string deviceId, CancellationToken cancellationToken) =>
        ReadAsync("find device", (userId, deviceId), store => store.DeviceOf(userId, deviceId));

    public virtual ValueTask<Device?> FindByIdentifierAsync(string userId, string clientDeviceIdentifier, CancellationToken cancellationToken) =>
        ReadAsync("find device by identifier", (userId, clientDeviceIdentifier), store =>
            store.Devices.Find(device => device.UserId == userId && device.ClientDeviceIdentifier == clientDeviceIdentifier));

    public virtual ValueTask<IReadOnlyList<Device>> ListAsync(string userId, CancellationToken cancellationToken) =>
        ReadAsync<IReadOnlyList<Device>>("list devices", userId, store =>
            [.. store.Devices.Where(device => device.UserId == userId).OrderBy(device => device.CreatedAt).ThenBy(device => device.Id, StringComparer.Ordinal)]);

    public virtual ValueTask<OwnedCounts> CountAsync(string userId, DateTimeOffset now, CancellationToken cancellationToken) =>
        ReadAsync("count", (userId, now), store => store.Count(userId, now));

    public virtual ValueTask<DeviceReplacement> TryReplaceAsync(Device device, CancellationToken cancellationToken) =>
        StepAsync("replace device", device, store => store.Replace(device));

    public virtual ValueTask<EndedAccess> DeleteAsync(string userId, string deviceId, DateTimeOffset now, CancellationToken cancellationToken) =>
        StepAsync("delete device", (userId, deviceId, now), store => store.Delete(userId, deviceId, now));

    public virtual ValueTask<EndedAccess> SignOutAsync(string userId, SignOutDevices devices, DateTimeOffset now, CancellationToken cancellationToken) =>
        StepAsync("sign out", (userId, devices, now), store => store.SignOut(userId, devices, now));

    public virtual ValueTask<TokenIssue> TryIssueTokenAsync(AccessToken token, TokenIssueConditions issue, CancellationToken cancellationToken) =>
        StepAsync("issue token", (token, issue), store => store.Issue(token, issue));

    public virtual ValueTask<TokenWithDevice?> FindTokenAsync(string hash, CancellationToken cancellationToken) =>
        ReadAsync("find token", hash, store => store.FindToken(hash));

    public virtual ValueTask<AccessToken?> FindTokenOfPairingAsync(Guid pairingId, CancellationToken cancellationToken) =>
        ReadAsync("find token of pairing", pairingId, store => store.TokenOf(pairingId));

    public virtual ValueTask<IReadOnlyList<AccessToken>> ListTokensAsync(string userId, CancellationToken cancellationToken) =>
        ReadAsync("list tokens", userId, store => store.TokensOf(userId));

    public virtual ValueTask<IReadOnlyList<AccessToken>> ListPairedTokensAsync(DateTimeOffset from, DateTimeOffset to, string? clientId, CancellationToken cancellationToken) =>
        ReadAsync("list paired tokens", (from, to, clientId), store => store.PairedTokens(from, to, clientId));

    public virtual ValueTask<bool> TryReplaceTokenAsync(AccessToken token, CancellationToken cancellationToken) =>
        StepAsync("replace token", token, store => store.Replace(token));

    public virtual async ValueTask TouchAsync(Guid tokenId, DateTimeOffset now, TimeSpan debounce, CancellationToken cancellationToken) =>
        await StepAsync("touch", (tokenId, now, debounce), store => (store.Touch(tokenId, now, debounce), true));

    public virtual ValueTask<bool> IsActiveAsync(string userId, CancellationToken cancellationToken) =>
        ReadAsync("is active", userId, store => !store.Locked.Contains(userId));

    /// <summary>Not the library's: the host locks an account.</summary>
    public async Task<object?> LockAsync(string userId) => await StepAsync("lock", userId, store => (store with { Locked = store.Locked.Add(userId) }, true));
}

/// <summary>Carries out each step at once.</summary>
internal sealed class LiveStores : StorePorts
{
    private readonly Lock _gate = new();

    public AbstractStore Current { get; private set; } = new();

    protected override ValueTask<T> StepAsync<T>(string call, object? arguments, Func<AbstractStore, (AbstractStore Next, T Answer)> step)
    {
        lock (_gate)
        {
            (Current, var answer) = step(Current);
            return ValueTask.FromResult(answer);
        }
    }
}
