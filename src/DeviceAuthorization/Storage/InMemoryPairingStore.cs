using System.Collections.Concurrent;
using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Rules;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Storage;

/// <summary>
/// Keeps the pairings of one process: at most <see cref="DeviceAuthorizationOptions.MaxLivePairings"/> live ones, and at most twice as many in
/// all. Live ones are never evicted. Expired ones are removed automatically, and may count as live for one second more. A restart loses everything, and devices must start again.
/// </summary>
/// <remarks>
/// <para>
/// Each network has only a share, so that a few networks cannot lock out all others: a tenth of the places, and <see cref="FewPlaces"/> once half
/// of the places are taken. A network below its share gets in until the store is full. To fill 200 places, an attacker needs 39 networks: five for
/// the first half, and one for each <see cref="FewPlaces"/> places of the second. A network is an IPv4 address or an IPv6 /48
/// (<see cref="Network.ParseSite"/>).
/// </para>
/// <para>
/// Each pairing is in one of two lists, ordered by expiry: the live ones, and the dead ones, which were denied, redeemed or have expired. Starts and
/// steps that move a pairing to the other list take the lock of the lists; polls do not. A start cleans up a little, a sweep the rest. Both hold the
/// lock for about <see cref="Slice"/> pairings at a time.
/// </para>
/// </remarks>
internal sealed class InMemoryPairingStore : IPairingStore, IDisposable
{
    /// <summary>The least share of a network.</summary>
    public const int FewPlaces = 3;

    /// <summary>How many pairings are moved or removed while the lock is held.</summary>
    private const int Slice = 200;

    private const int PerStart = 10;

    /// <summary>How many slices are cleaned up, if there are so many, before a start is refused.</summary>
    private const int SlicesPerRefusal = 20;

    private static readonly TimeSpan SweepPeriod = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<CodeHash, StoredPairing> _byDeviceCode;
    private readonly ConcurrentDictionary<CodeHash, StoredPairing> _byUserCode;
    private readonly SharedTexts _texts = new();
    private readonly TimeProvider _clock;
    private readonly int _maxLive;
    private readonly ITimer _timer;

    private readonly Lock _lists = new();
    private readonly ExpiryOrder _live = new();
    private readonly ExpiryOrder _dead = new();
    private readonly Dictionary<string, int> _held = new(StringComparer.Ordinal); // live ones by network
    private int _waiting;

    public InMemoryPairingStore(IOptions<DeviceAuthorizationOptions> options, TimeProvider clock, Telemetry? telemetry = null)
    {
        (_clock, _maxLive) = (clock, options.Value.MaxLivePairings);
        (_byDeviceCode, _byUserCode) = (new(-1, _maxLive), new(-1, _maxLive)); // a large one that grows holds starts up for a tenth of a second
        _timer = clock.CreateTimer(_ => Sweep(), null, SweepPeriod, SweepPeriod);
        telemetry?.ObserveLive(() => _live.Count);
    }

    public ValueTask<PairingAddition> TryAddAsync(Pairing pairing, CancellationToken cancellationToken)
    {
        var stored = new StoredPairing(pairing, _texts) { Site = Network.ParseSite(pairing.Device.Address) };
        var now = _clock.GetUtcNow();
        for (var slice = 0; ; slice++)
        {
            using (LockFirst())
            {
                var isTidy = TidyUp(now, slice == 0 ? PerStart : Slice);
                if (Refuses(stored.Site) is not { } refusal)
                {
                    return ValueTask.FromResult(Add(stored, now));
                }

                if (isTidy || slice == SlicesPerRefusal)
                {
                    return ValueTask.FromResult(refusal);
                }
            }
        }
    }

    public ValueTask<Pairing?> FindByUserCodeAsync(string userCodeHash, CancellationToken cancellationToken) =>
        ValueTask.FromResult(CodeHash.TryParse(userCodeHash, out var hash) && _byUserCode.TryGetValue(hash, out var stored) ? stored.ToPairing() : null);

    public ValueTask<Pairing?> FindByDeviceCodeAsync(string deviceCodeHash, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Find(deviceCodeHash)?.ToPairing());

    public ValueTask<IReadOnlyCollection<string>> FindDecidedAsync(IReadOnlyCollection<string> deviceCodeHashes, CancellationToken cancellationToken) =>
        ValueTask.FromResult<IReadOnlyCollection<string>>([.. deviceCodeHashes.Where(hash => Find(hash) is { IsPending: false })]);

    public ValueTask<PollAttempt> TryAcceptPollAsync(
        string deviceCodeHash, string? clientId, DateTimeOffset now, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Find(deviceCodeHash) is { } stored ? stored.TryAcceptPoll(clientId, now) : PollAttempt.NotAccepted(null));

    public ValueTask<bool> TrySlowDownAsync(Pairing read, Pacing slower, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Find(read.DeviceCodeHash) is { } stored && stored.TrySlowDown(read.Pacing, slower));

    public ValueTask<bool> TryReplaceAsync(Pairing pairing, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (Find(pairing.DeviceCodeHash) is not { } stored || !stored.TryReplace(pairing, now, out var isMoved))
        {
            return ValueTask.FromResult(false);
        }

        if (isMoved)
        {
            using (LockFirst())
            {
                if (stored.Second is not null) // else it was removed meanwhile
                {
                    Delist(stored);
                    List(stored, now);
                }
            }
        }

        return ValueTask.FromResult(true);
    }

    public ValueTask<int> RemoveExpiredAsync(DateTimeOffset before, int max, CancellationToken cancellationToken)
    {
        var removed = 0;
        for (var more = true; more; GiveWay())
        {
            lock (_lists)
            {
                var expired = _live.Around(before).Concat(_dead.Around(before)).Where(stored => stored.Read(before).ExpiresAt < before)
                    .Take(Math.Min(Slice, max - removed)).ToArray();
                Array.ForEach(expired, Remove);
                removed += expired.Length;
                more = expired.Length == Slice;
            }
        }

        return ValueTask.FromResult(removed);
    }

    public void Dispose() => _timer.Dispose();

    private StoredPairing? Find(string deviceCodeHash) =>
        CodeHash.TryParse(deviceCodeHash, out var hash) ? _byDeviceCode.GetValueOrDefault(hash) : null;

    /// <summary>Takes the lock of the lists before the next slice of a clean-up does.</summary>
    private Lock.Scope LockFirst()
    {
        Interlocked.Increment(ref _waiting);
        try
        {
            return _lists.EnterScope();
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    /// <summary>Lets requests take the lock. It is not fair: a clean-up would otherwise have it again before they wake up.</summary>
    private void GiveWay() => SpinWait.SpinUntil(() => Volatile.Read(ref _waiting) == 0, TimeSpan.FromMilliseconds(1));

    private void Sweep()
    {
        for (var isTidy = false; !isTidy; GiveWay())
        {
            lock (_lists)
            {
                isTidy = TidyUp(_clock.GetUtcNow(), Slice);
            }
        }
    }

    /// <summary>Moves what expired to the dead, and removes dead ones past retention.</summary>
    /// <returns>Whether nothing is left to do; false if there may be more than <paramref name="most"/>.</returns>
    private bool TidyUp(DateTimeOffset now, int most)
    {
        for (var i = 0; i < most; i++)
        {
            if (_live.FirstDue(now) is { } expired)
            {
                Delist(expired);
                List(expired, now);
            }
            else if (_dead.FirstDue(now - Pairing.Retention) is { } forgotten)
            {
                Remove(forgotten);
            }
            else
            {
                return true;
            }
        }

        return false;
    }

    private PairingAddition? Refuses(string? site)
    {
        if (_live.Count >= _maxLive)
        {
            return PairingAddition.Full;
        }

        var share = _live.Count >= _maxLive / 2 ? FewPlaces : Math.Max(FewPlaces, _maxLive / 10);
        return site is not null && _held.GetValueOrDefault(site) >= share ? PairingAddition.NetworkFull : null;
    }

    private PairingAddition Add(StoredPairing stored, DateTimeOffset now)
    {
        if (_byDeviceCode.ContainsKey(stored.DeviceCode) || !_byUserCode.TryAdd(stored.UserCode, stored))
        {
            return PairingAddition.CodeTaken;
        }

        if (_live.Count + _dead.Count >= 2 * _maxLive)
        {
            Remove(_dead.First!); // there are more dead ones than live ones may be
        }

        _byDeviceCode[stored.DeviceCode] = stored;
        List(stored, now);
        return PairingAddition.Added;
    }

    private void List(StoredPairing stored, DateTimeOffset now)
    {
        var (isLive, expiresAt) = stored.Read(now);
        (isLive ? _live : _dead).Add(stored, expiresAt);
        if (isLive && stored.Site is { } site)
        {
            _held[site] = _held.GetValueOrDefault(site) + 1;
        }
    }

    private void Delist(StoredPairing stored)
    {
        var order = stored.Second!.Order;
        order.Remove(stored);
        if (order == _live && stored.Site is { } site && (_held[site] -= 1) == 0)
        {
            _held.Remove(site);
        }
    }

    private void Remove(StoredPairing stored)
    {
        Delist(stored);
        _byUserCode.TryRemove(stored.UserCode, out _);
        _byDeviceCode.TryRemove(stored.DeviceCode, out _);
    }
}
