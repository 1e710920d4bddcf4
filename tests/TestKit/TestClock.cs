using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;

namespace DeviceAuthorization.TestKit;

/// <summary>A clock that the test moves. It tells when something waits for it, so that the test does not move it too soon.</summary>
public sealed class TestClock(DateTimeOffset start) : FakeTimeProvider(start)
{
    private readonly ConcurrentDictionary<TimeSpan, SemaphoreSlim> _timers = new();

    /// <summary>Completes when a timer of that length was set. Each timer counts once.</summary>
    public async Task TimerAsync(double seconds)
    {
        var length = TimeSpan.FromSeconds(seconds);
        Assert.True(await Timers(length).WaitAsync(TimeSpan.FromSeconds(30)), $"Nothing waits for {length}.");
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        Timers(dueTime).Release();
        return timer;
    }

    private SemaphoreSlim Timers(TimeSpan length) => _timers.GetOrAdd(length, _ => new SemaphoreSlim(0));
}
