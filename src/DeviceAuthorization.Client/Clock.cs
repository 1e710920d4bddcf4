namespace DeviceAuthorization.Client;

/// <summary>Timers of a given clock, which the frameworks spell differently.</summary>
internal static class Clock
{
    public static Task DelayAsync(this TimeProvider clock, TimeSpan delay, CancellationToken cancellationToken) =>
#if NET
        Task.Delay(delay, clock, cancellationToken);
#else
        clock.Delay(delay, cancellationToken);
#endif

    public static CancellationTokenSource CancelAfter(this TimeProvider clock, TimeSpan delay) =>
#if NET
        new(delay, clock);
#else
        clock.CreateCancellationTokenSource(delay);
#endif
}
