namespace DeviceAuthorization.Rules;

internal static class Clock
{
    /// <summary>
    /// The time in whole milliseconds. Every store can keep that, so a value read back equals the one written. RomM's clients parse at
    /// most six decimals of a second.
    /// </summary>
    public static DateTimeOffset Now(this TimeProvider clock)
    {
        var now = clock.GetUtcNow();
        return now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMillisecond));
    }
}
