namespace DeviceAuthorization.Storage;

/// <summary>Why a held poll is answered.</summary>
internal enum HoldEnd
{
    /// <summary>The pairing may have been decided: ask the store.</summary>
    Decided,

    /// <summary>The time is over.</summary>
    InTime,

    /// <summary>The host stops, or the device polls again: answer at once.</summary>
    Released,
}

/// <summary>A poll whose answer waits for a decision.</summary>
/// <param name="remove">Called when the request ends.</param>
/// <param name="threads">Where the poll goes on when it is woken.</param>
internal sealed class HeldPoll(string deviceCodeHash, Action<HeldPoll> remove, TaskScheduler threads) : IDisposable
{
    private TaskCompletionSource<HoldEnd> _end = new();
    private volatile bool _isReleased;

    public string DeviceCodeHash => deviceCodeHash;

    /// <summary>The poll goes on in a thread of its own: the caller is an approver's request, or wakes many. A timer needs no second thread.</summary>
    public void Wake(HoldEnd end)
    {
        _isReleased |= end == HoldEnd.Released;
        var source = Volatile.Read(ref _end);

        // HideScheduler: what follows runs within this task, instead of as a new one.
        _ = Task.Factory.StartNew(() => source.TrySetResult(end), CancellationToken.None, TaskCreationOptions.HideScheduler | TaskCreationOptions.PreferFairness, threads);
    }

    /// <summary>Waits for <see cref="Wake"/>, also for one since the last call, or for the end of the time.</summary>
    /// <exception cref="OperationCanceledException">The client went away.</exception>
    public async Task<HoldEnd> WaitAsync(TimeSpan time, TimeProvider clock, CancellationToken cancellationToken)
    {
        var current = _end;
        await using var timer = clock.CreateTimer(static end => ((TaskCompletionSource<HoldEnd>)end!).TrySetResult(HoldEnd.InTime), current, time, Timeout.InfiniteTimeSpan).ConfigureAwait(false);
        await using var cancelled = cancellationToken.UnsafeRegister(static (end, token) => ((TaskCompletionSource<HoldEnd>)end!).TrySetCanceled(token), current).ConfigureAwait(false);
        var result = await current.Task.ConfigureAwait(false);
        if (result == HoldEnd.Decided)
        {
            Volatile.Write(ref _end, new()); // before the store is asked, so that a later change is not missed
        }

        return _isReleased ? HoldEnd.Released : result; // it may have come just after another
    }

    public void Dispose() => remove(this);
}
