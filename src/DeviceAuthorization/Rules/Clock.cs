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

    /// <summary>The first whole millisecond that is not before a time. Stores know no others.</summary>
    public static DateTimeOffset NotBefore(this DateTimeOffset time) =>
        time.AddTicks((TimeSpan.TicksPerMillisecond - (time.Ticks % TimeSpan.TicksPerMillisecond)) % TimeSpan.TicksPerMillisecond);
}
