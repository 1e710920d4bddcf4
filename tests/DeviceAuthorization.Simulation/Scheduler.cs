using System.Globalization;

namespace DeviceAuthorization.Simulation;

/// <summary>One process of the simulation. When it is killed, nothing of it runs any more.</summary>
internal sealed class Life
{
    public bool HasEnded { get; set; }
}

/// <summary>
/// Runs everything that happens, one event after the other, on one thread. Time is the time of the next event. Tasks go on within the event that completes
/// them, because this thread has no synchronization context and nothing asks for another thread.
/// </summary>
internal sealed class Scheduler
{
    private readonly PriorityQueue<(Life? Of, Action Run), (TimeSpan At, int Order)> _events = new();
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private int _order;

    /// <summary>Since the start.</summary>
    public TimeSpan Now { get; private set; }

    public List<string> Trace { get; } = [];

    /// <summary>Adds a line to the trace, with the time.</summary>
    public void Say(string what)
    {
        RequireThread();
        Trace.Add(string.Create(CultureInfo.InvariantCulture, $"{Now.TotalSeconds,9:0.000}  {what}"));
    }

    /// <param name="of">The process that it belongs to; null if it happens in any case.</param>
    public void After(TimeSpan delay, Life? of, Action run)
    {
        RequireThread();
        _events.Enqueue((of, run), (Now + (delay > TimeSpan.Zero ? delay : TimeSpan.Zero), _order++));
    }

    public Task Delay(TimeSpan delay)
    {
        var end = new TaskCompletionSource();
        After(delay, null, end.SetResult);
        return end.Task;
    }

    /// <summary>Runs the next event; false if there is none.</summary>
    public bool Step()
    {
        if (!_events.TryDequeue(out var next, out var when))
        {
            return false;
        }

        Now = when.At;
        if (next.Of is not { HasEnded: true })
        {
            next.Run();
        }

        return true;
    }

    private void RequireThread()
    {
        if (Environment.CurrentManagedThreadId != _thread)
        {
            throw new InvalidOperationException("Something left the thread of the simulation, so it would not replay.");
        }
    }
}

/// <summary>The clock of one process, which may be wrong. Its timers are events.</summary>
internal sealed class SimulatedClock(Scheduler scheduler, Life? of, TimeSpan skew) : TimeProvider
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => Start + scheduler.Now + skew;

    public override long GetTimestamp() => scheduler.Now.Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(scheduler, of, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class Timer(Scheduler scheduler, Life? of, TimerCallback callback, object? state) : ITimer
    {
        private int _version;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var version = ++_version;
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                scheduler.After(dueTime, of, () =>
                {
                    if (version == _version)
                    {
                        callback(state);
                        if (version == _version && period > TimeSpan.Zero)
                        {
                            Change(period, period);
                        }
                    }
                });
            }

            return true;
        }

        public void Dispose() => _version++;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

/// <summary>The thread pool of one process: work begins soon, in any order.</summary>
internal sealed class SimulatedThreads(Scheduler scheduler, Dice dice, Life of) : TaskScheduler
{
    protected override void QueueTask(Task task) => scheduler.After(TimeSpan.FromMicroseconds(dice.Below(1000)), of, () => TryExecuteTask(task));

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks() => [];
}
