using DeviceAuthorization.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Storage;

/// <summary>
/// The polls of this process whose answer waits for a decision (RFC 7240 <c>wait</c>). A decision in this process wakes its poll. Those of other nodes
/// come by <see cref="IPairingSignals"/>. Without it, and until it listens, the store is asked once a second about all held polls.
/// </summary>
internal sealed class HeldPolls : IDisposable
{
    /// <summary>How often the store is asked for decisions of other nodes.</summary>
    public static readonly TimeSpan RereadPeriod = TimeSpan.FromSeconds(1);

    /// <summary>The key of the <see cref="TaskScheduler"/> that a simulation registers. Without one, polls go on in the thread pool.</summary>
    public const string Threads = "DeviceAuthorization.HeldPolls";

    /// <summary>How many device codes one call of the store names.</summary>
    private const int Batch = 500;

    private const string Signals = "signals";

    private readonly Lock _gate = new();
    private readonly Dictionary<string, HeldPoll> _held = new(StringComparer.Ordinal);
    private readonly IServiceScopeFactory _scopes;
    private readonly IPairingSignals? _signals;
    private readonly StoreWatch _watch;
    private readonly TimeProvider _clock;
    private readonly TaskScheduler _threads;
    private readonly int _most;
    private readonly CancellationTokenSource _ending = new();
    private readonly CancellationToken _ended; // its source may be disposed while a call runs
    private readonly CancellationTokenRegistration _stopping;

    private Task<bool>? _listening;
    private bool _isWatching;
    private bool _isEnding;
    private bool _hearsAll;

    public HeldPolls(
        IServiceScopeFactory scopes, StoreWatch watch, IOptions<DeviceAuthorizationOptions> options, TimeProvider clock, Telemetry telemetry,
        IPairingSignals? signals = null, IHostApplicationLifetime? lifetime = null, [FromKeyedServices(Threads)] TaskScheduler? threads = null)
    {
        _threads = threads ?? TaskScheduler.Default;
        (_scopes, _watch, _clock, _signals, _most, _ended) = (scopes, watch, clock, signals, options.Value.MaxHeldPolls, _ending.Token);
        telemetry.ObserveHeld(() => Count);

        // The server waits for open requests before it stops, so they must be answered first.
        _stopping = lifetime?.ApplicationStopping.Register(ReleaseAll) ?? default;
    }

    private int Count
    {
        get
        {
            lock (_gate)
            {
                return _held.Count;
            }
        }
    }

    /// <summary>
    /// Holds a poll, from before the store is asked: a decision after that is not missed. An earlier poll of the same device is released: it probably
    /// lost its connection.
    /// </summary>
    /// <returns>Dispose it with the request; null if no more polls are held.</returns>
    public HeldPoll? TryHold(string deviceCodeHash)
    {
        HeldPoll? earlier;
        var poll = new HeldPoll(deviceCodeHash, Remove, _threads);
        lock (_gate)
        {
            if (_isEnding || (!_held.TryGetValue(deviceCodeHash, out earlier) && _held.Count >= _most))
            {
                return null;
            }

            _held[deviceCodeHash] = poll;
            if (!_isWatching && !_hearsAll)
            {
                _isWatching = true;
                using (ExecutionContext.SuppressFlow()) // it outlives this request, its span and its log scopes
                {
                    _ = Task.Factory.StartNew(WatchOtherNodesAsync, CancellationToken.None, TaskCreationOptions.HideScheduler, _threads);
                }
            }
        }

        earlier?.Wake(HoldEnd.Released);
        return poll;
    }

    /// <summary>A pairing is no longer pending, by a step of this process: wakes its poll, wherever it is held.</summary>
    public void Decided(string deviceCodeHash)
    {
        Wake(deviceCodeHash);
        if (_signals is not null)
        {
            _ = SendAsync(_signals, deviceCodeHash);
        }
    }

    public void Dispose()
    {
        _stopping.Dispose();
        ReleaseAll();
        _ending.Dispose();
    }

    private void Wake(string deviceCodeHash)
    {
        HeldPoll? poll;
        lock (_gate)
        {
            _held.TryGetValue(deviceCodeHash, out poll);
        }

        poll?.Wake(HoldEnd.Decided);
    }

    private void Remove(HeldPoll poll)
    {
        lock (_gate)
        {
            if (_held.GetValueOrDefault(poll.DeviceCodeHash) == poll) // else a later poll of the device has its place
            {
                _held.Remove(poll.DeviceCodeHash);
            }
        }
    }

    private void ReleaseAll()
    {
        HeldPoll[] polls;
        lock (_gate)
        {
            if (_isEnding)
            {
                return;
            }

            _isEnding = true;
            polls = [.. _held.Values];
        }

        Array.ForEach(polls, poll => poll.Wake(HoldEnd.Released));
        _ending.Cancel();
    }

    /// <summary>The decision is stored, and does not wait for this: without the signal, its poll is only answered later. A failure is logged as an outage.</summary>
    private async Task SendAsync(IPairingSignals signals, string deviceCodeHash)
    {
        try
        {
            await _watch.CallAsync(
                Signals, "send", (signals, deviceCodeHash), static (state, token) => state.signals.SendAsync(state.deviceCodeHash, token), CancellationToken.None).ConfigureAwait(false); // also while the host stops
        }
        catch (Exception)
        {
        }
    }

    /// <summary>Runs while polls are held, and until the signals of all nodes arrive.</summary>
    private async Task WatchOtherNodesAsync()
    {
        for (var isWatching = !await IsOnlyNodeAsync().ConfigureAwait(false); isWatching;)
        {
            if (_signals is not null && _listening is null or { IsCompletedSuccessfully: true, Result: false })
            {
                _listening = TryListenAsync(_signals); // beside the loop: it may take its time
            }

            var hearsAll = _listening is { IsCompletedSuccessfully: true, Result: true };
            await RereadAsync().ConfigureAwait(false); // also once after the signals begin: what came before them is in the store
            if (!hearsAll)
            {
                await Task.Delay(RereadPeriod, _clock, _ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            lock (_gate)
            {
                _hearsAll = hearsAll;
                isWatching = _isWatching = !hearsAll && _held.Count > 0 && !_isEnding;
            }
        }
    }

    /// <summary>Whether the store is in this process. A store that cannot be created fails the requests, too, and counts as shared.</summary>
    private async Task<bool> IsOnlyNodeAsync()
    {
        var isOnlyNode = false;
        try
        {
            var scope = _scopes.CreateAsyncScope();
            await using var end = scope.ConfigureAwait(false);
            isOnlyNode = scope.ServiceProvider.GetRequiredService<IPairingStore>() is InMemoryPairingStore;
        }
        catch (Exception)
        {
        }

        lock (_gate)
        {
            _hearsAll = isOnlyNode;
            _isWatching = !isOnlyNode;
        }

        return isOnlyNode;
    }

    private async Task<bool> TryListenAsync(IPairingSignals signals)
    {
        try
        {
            await _watch.CallAsync(
                Signals, "listen", (polls: this, signals), static (state, token) => state.signals.ListenAsync(state.polls.Wake, () => _ = state.polls.RereadAsync(), token), _ended).ConfigureAwait(false);
            return true;
        }
        catch (Exception) // the watch has logged it
        {
            return false;
        }
    }

    /// <summary>Asks the store which of the held polls can be answered. While it fails, none is: the watch logs that, and the end of each hold asks again.</summary>
    private async Task RereadAsync()
    {
        string[] held;
        lock (_gate)
        {
            held = [.. _held.Keys];
        }

        try
        {
            var scope = _scopes.CreateAsyncScope();
            await using var end = scope.ConfigureAwait(false);
            var store = scope.ServiceProvider.GetRequiredService<WatchedPairingStore>();
            foreach (var batch in held.Chunk(Batch))
            {
                foreach (var decided in await store.FindDecidedAsync(batch, _ended).ConfigureAwait(false))
                {
                    Wake(decided);
                }
            }
        }
        catch (Exception)
        {
        }
    }
}
