using Microsoft.Extensions.Time.Testing;

namespace DeviceAuthorization.Tests;

/// <summary>Nobody waits: whoever sets a timer has it go off at once, that much later.</summary>
internal sealed class JumpingClock(Func<TimeSpan, Task>? onWait = null) : TimeProvider
{
    private readonly FakeTimeProvider _inner = new();

    public List<double> SecondsWaited { get; } = [];

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        SecondsWaited.Add(dueTime.TotalSeconds);
        _ = (onWait?.Invoke(dueTime) ?? Task.CompletedTask).ContinueWith(_ => callback(state), TaskScheduler.Default);
        return _inner.CreateTimer(_ => { }, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }
}
