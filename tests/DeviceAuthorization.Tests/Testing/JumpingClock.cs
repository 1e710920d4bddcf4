using Microsoft.Extensions.Time.Testing;

namespace DeviceAuthorization.Tests;

/// <summary>A clock without waiting: it jumps forward to each timer as soon as the timer is set.</summary>
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
