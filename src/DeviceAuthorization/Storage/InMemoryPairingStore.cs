using System.Collections.Concurrent;
using DeviceAuthorization.Rules;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Storage;

/// <summary>
/// Keeps the pairings of one process: at most <see cref="DeviceAuthorizationOptions.MaxLivePairings"/> live ones and as many dead ones. Live ones
/// are never evicted; expired ones are removed automatically. A restart loses everything, and devices must start again.
/// </summary>
/// <remarks>
/// Each network has only a share, so that a few networks cannot lock out all others: a tenth of the places, and <see cref="FewPlaces"/> once half
/// of the places are taken. A network below its share gets in until the store is full. To fill 200 places, an attacker needs 39 networks: five for
/// the first half, and one for each <see cref="FewPlaces"/> places of the second. A network is an IPv4 address or an IPv6 /48
/// (<see cref="Network.ParseSite"/>).
/// </remarks>
internal sealed class InMemoryPairingStore : IPairingStore, IDisposable
{
    /// <summary>The least share of a network.</summary>
    public const int FewPlaces = 3;

    private static readonly TimeSpan SweepPeriod = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LeastSweepGap = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, Entry> _byDeviceCode = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Entry> _byUserCode = new(StringComparer.Ordinal);
    private readonly Lock _adding = new();
    private readonly TimeProvider _clock;
    private readonly int _maxLive;
    private readonly ITimer _timer;
    private DateTimeOffset _sweptAt;
    private readonly Dictionary<string, int> _held = new(StringComparer.Ordinal);
    private int _live;

    public InMemoryPairingStore(IOptions<DeviceAuthorizationOptions> options, TimeProvider clock)
    {
        (_clock, _maxLive, _sweptAt) = (clock, options.Value.MaxLivePairings, clock.GetUtcNow());
        _timer = clock.CreateTimer(_ => Sweep(), null, SweepPeriod, SweepPeriod);
    }

    /// <summary>One pairing, and the lock that makes each step on it atomic.</summary>
    private sealed class Entry(Pairing added)
    {
        private Pairing _pairing = added;

        /// <summary>The network whose share it counts towards; null if none.</summary>
        public string? Site { get; } = Network.ParseSite(added.Device.Address);

        public Lock Gate { get; } = new();

        /// <summary>Every accepted poll changes it. It is kept apart, so that a poll copies no pairing.</summary>
        public Pacing Pacing { get; set; } = added.Pacing;

        public Pairing Pairing
        {
            get => _pairing.Pacing == Pacing ? _pairing : _pairing = _pairing with { Pacing = Pacing };
            set => (_pairing, Pacing) = (value, value.Pacing);
        }

        public bool TryAcceptPoll(string? clientId, DateTimeOffset now)
        {
            if (_pairing.Status != PairingStatus.Pending || !_pairing.BelongsTo(clientId) || now >= _pairing.ExpiresAt || Pacing.IsTooEarly(now))
            {
                return false;
            }

            Pacing = Pacing.Accepted(now);
            return true;
        }
    }

    public ValueTask<PairingAddition> TryAddAsync(Pairing pairing, CancellationToken cancellationToken)
    {
        var entry = new Entry(pairing);
        lock (_adding)
        {
            if (Refuses(entry.Site) is not null && _clock.GetUtcNow() - _sweptAt >= LeastSweepGap)
            {
                Sweep();
            }

            if (Refuses(entry.Site) is { } refusal)
            {
                return ValueTask.FromResult(refusal);
            }

            if (_byDeviceCode.ContainsKey(pairing.DeviceCodeHash) || !_byUserCode.TryAdd(pairing.UserCodeHash, entry))
            {
                return ValueTask.FromResult(PairingAddition.CodeTaken);
            }

            _byDeviceCode[pairing.DeviceCodeHash] = entry;
            Count(entry.Site);
            return ValueTask.FromResult(PairingAddition.Added);
        }
    }

    public ValueTask<Pairing?> FindByUserCodeAsync(string userCodeHash, CancellationToken cancellationToken) =>
        ValueTask.FromResult(_byUserCode.TryGetValue(userCodeHash, out var entry) ? Read(entry) : null);

    public ValueTask<PollAttempt> TryAcceptPollAsync(
        string deviceCodeHash, string? clientId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (!_byDeviceCode.TryGetValue(deviceCodeHash, out var entry))
        {
            return ValueTask.FromResult(PollAttempt.NotAccepted(null));
        }

        lock (entry.Gate)
        {
            return ValueTask.FromResult(entry.TryAcceptPoll(clientId, now) ? PollAttempt.Accepted : PollAttempt.NotAccepted(entry.Pairing));
        }
    }

    public ValueTask<bool> TrySlowDownAsync(Pairing read, Pacing slower, CancellationToken cancellationToken)
    {
        if (!_byDeviceCode.TryGetValue(read.DeviceCodeHash, out var entry))
        {
            return ValueTask.FromResult(false);
        }

        lock (entry.Gate)
        {
            if (entry.Pairing.Status != PairingStatus.Pending || entry.Pacing != read.Pacing)
            {
                return ValueTask.FromResult(false);
            }

            entry.Pacing = slower;
            return ValueTask.FromResult(true);
        }
    }

    public ValueTask<bool> TryReplaceAsync(Pairing pairing, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (!_byDeviceCode.TryGetValue(pairing.DeviceCodeHash, out var entry))
        {
            return ValueTask.FromResult(false);
        }

        lock (entry.Gate)
        {
            if (entry.Pairing.Version != pairing.Version || now >= entry.Pairing.ExpiresAt)
            {
                return ValueTask.FromResult(false);
            }

            entry.Pairing = pairing with { Version = pairing.Version + 1, Pacing = entry.Pacing };
            return ValueTask.FromResult(true);
        }
    }

    public ValueTask<int> RemoveExpiredAsync(DateTimeOffset before, int max, CancellationToken cancellationToken)
    {
        lock (_adding) // a concurrent sweep would look for a pairing that is removed here
        {
            var removed = 0;
            foreach (var entry in _byDeviceCode.Values)
            {
                if (removed < max && Read(entry).ExpiresAt < before && Remove(entry))
                {
                    removed++;
                }
            }

            _sweptAt = DateTimeOffset.MinValue; // there may be room now: let the next addition sweep
            return ValueTask.FromResult(removed);
        }
    }

    public void Dispose() => _timer.Dispose();

    /// <summary>Counts the live pairings again, and removes dead ones: those past retention, and the oldest beyond the bound.</summary>
    private void Sweep()
    {
        lock (_adding)
        {
            var now = _clock.GetUtcNow();
            var dead = new List<Pairing>();
            _live = 0;
            _held.Clear();
            foreach (var entry in _byDeviceCode.Values)
            {
                var pairing = Read(entry);
                if (pairing.Status is PairingStatus.Pending or PairingStatus.Matching or PairingStatus.Approved && now < pairing.ExpiresAt)
                {
                    Count(entry.Site);
                }
                else if (now >= pairing.ExpiresAt + Pairing.Retention)
                {
                    Remove(entry);
                }
                else
                {
                    dead.Add(pairing);
                }
            }

            foreach (var pairing in dead.OrderBy(pairing => pairing.ExpiresAt).Take(dead.Count - _maxLive))
            {
                Remove(_byDeviceCode[pairing.DeviceCodeHash]);
            }

            _sweptAt = now;
        }
    }

    /// <summary>Relies on the counts of the last sweep plus later additions: pairings that were redeemed or expired since still count.</summary>
    private PairingAddition? Refuses(string? site)
    {
        if (_live >= _maxLive)
        {
            return PairingAddition.Full;
        }

        var share = _live >= _maxLive / 2 ? FewPlaces : Math.Max(FewPlaces, _maxLive / 10);
        return site is not null && _held.GetValueOrDefault(site) >= share ? PairingAddition.NetworkFull : null;
    }

    private void Count(string? site)
    {
        _live++;
        if (site is not null)
        {
            _held[site] = _held.GetValueOrDefault(site) + 1;
        }
    }

    private static Pairing Read(Entry entry)
    {
        lock (entry.Gate)
        {
            return entry.Pairing;
        }
    }

    private bool Remove(Entry entry)
    {
        var pairing = Read(entry);
        _byUserCode.TryRemove(pairing.UserCodeHash, out _);
        return _byDeviceCode.TryRemove(pairing.DeviceCodeHash, out _);
    }
}
