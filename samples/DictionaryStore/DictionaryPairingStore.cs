using DeviceAuthorization;
using DeviceAuthorization.Storage;

namespace DictionaryStore;

/// <summary>
/// Pairings in dictionaries. One lock makes each member an atomic step. A database uses one statement or script instead.
/// </summary>
/// <param name="capacity">The most pairings it holds, expired ones included. When it is full, it refuses new ones.</param>
public sealed class DictionaryPairingStore(int capacity = int.MaxValue) : IPairingStore
{
    private readonly Dictionary<string, Pairing> _pairings = new(StringComparer.Ordinal); // by the hash of the device code
    private readonly Dictionary<string, string> _deviceCodes = new(StringComparer.Ordinal); // by the hash of the user code
    private readonly Lock _gate = new();

    public ValueTask<PairingAddition> TryAddAsync(Pairing pairing, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_pairings.Count >= capacity)
            {
                Remove(pairing.CreatedAt - Pairing.Retention, int.MaxValue);
            }

            if (_pairings.Count >= capacity)
            {
                return ValueTask.FromResult(PairingAddition.Full);
            }

            if (_pairings.ContainsKey(pairing.DeviceCodeHash) || !_deviceCodes.TryAdd(pairing.UserCodeHash, pairing.DeviceCodeHash))
            {
                return ValueTask.FromResult(PairingAddition.CodeTaken);
            }

            _pairings.Add(pairing.DeviceCodeHash, pairing);
            return ValueTask.FromResult(PairingAddition.Added);
        }
    }

    public ValueTask<Pairing?> FindByUserCodeAsync(string userCodeHash, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return ValueTask.FromResult(_deviceCodes.TryGetValue(userCodeHash, out var deviceCode) ? _pairings[deviceCode] : null);
        }
    }

    public ValueTask<Pairing?> FindByDeviceCodeAsync(string deviceCodeHash, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return ValueTask.FromResult(_pairings.GetValueOrDefault(deviceCodeHash));
        }
    }

    // SELECT DeviceCodeHash … WHERE DeviceCodeHash IN (…) AND Status <> 'Pending'
    public ValueTask<IReadOnlyCollection<string>> FindDecidedAsync(IReadOnlyCollection<string> deviceCodeHashes, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return ValueTask.FromResult<IReadOnlyCollection<string>>(
                [.. deviceCodeHashes.Where(hash => _pairings.TryGetValue(hash, out var pairing) && pairing.Status != PairingStatus.Pending)]);
        }
    }

    // UPDATE … SET DueAt = @now + Interval, IsSlowed = 0 WHERE DeviceCodeHash = @hash AND Status = 'Pending' AND … ; no row: read the record
    public ValueTask<PollAttempt> TryAcceptPollAsync(string deviceCodeHash, string? clientId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var pairing = _pairings.GetValueOrDefault(deviceCodeHash);
            if (pairing is not { Status: PairingStatus.Pending } || !pairing.BelongsTo(clientId) || now >= pairing.ExpiresAt || pairing.Pacing.IsTooEarly(now))
            {
                return ValueTask.FromResult(PollAttempt.NotAccepted(pairing));
            }

            _pairings[deviceCodeHash] = pairing with { Pacing = pairing.Pacing.Accepted(now) };
            return ValueTask.FromResult(PollAttempt.Accepted);
        }
    }

    public ValueTask<bool> TrySlowDownAsync(Pairing read, Pacing slower, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var isSame = _pairings.TryGetValue(read.DeviceCodeHash, out var stored) && stored.Status == PairingStatus.Pending && stored.Pacing == read.Pacing;
            if (isSame)
            {
                _pairings[read.DeviceCodeHash] = stored! with { Pacing = slower };
            }

            return ValueTask.FromResult(isSame);
        }
    }

    // UPDATE … SET …, Version = @version + 1 WHERE DeviceCodeHash = @hash AND Version = @version AND ExpiresAt > @now
    public ValueTask<bool> TryReplaceAsync(Pairing pairing, DateTimeOffset now, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var isSame = _pairings.TryGetValue(pairing.DeviceCodeHash, out var stored) && stored.Version == pairing.Version && now < stored.ExpiresAt;
            if (isSame)
            {
                _pairings[pairing.DeviceCodeHash] = pairing with { Version = pairing.Version + 1, Pacing = stored!.Pacing };
            }

            return ValueTask.FromResult(isSame);
        }
    }

    public ValueTask<int> RemoveExpiredAsync(DateTimeOffset before, int max, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return ValueTask.FromResult(Remove(before, max));
        }
    }

    private int Remove(DateTimeOffset before, int max)
    {
        var expired = _pairings.Values.Where(pairing => pairing.ExpiresAt < before).Take(max).ToArray();
        foreach (var pairing in expired)
        {
            _deviceCodes.Remove(pairing.UserCodeHash);
            _pairings.Remove(pairing.DeviceCodeHash);
        }

        return expired.Length;
    }
}
