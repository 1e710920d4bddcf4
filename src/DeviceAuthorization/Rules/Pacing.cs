namespace DeviceAuthorization;

/// <summary>
/// How fast a device may poll (RFC 8628 §3.5). Kept apart from the state of the grant, so that a poll can never undo a
/// decision.
/// </summary>
/// <param name="Interval">Least time between two accepted polls.</param>
/// <param name="DueAt">When the next poll is due: the last <em>accepted</em> poll plus <paramref name="Interval"/>.</param>
/// <param name="IsSlowed">Whether the interval was raised since the last accepted poll.</param>
public readonly record struct Pacing(TimeSpan Interval, DateTimeOffset DueAt, bool IsSlowed)
{
    /// <summary>A poll may come this much before it is due: timers, networks and clocks of nodes are not exact.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(1);

    /// <summary>What one <c>slow_down</c> adds to the interval (RFC 8628 §3.5).</summary>
    public static readonly TimeSpan Step = TimeSpan.FromSeconds(5);

    /// <summary>The interval never grows beyond this, so that a device which once misbehaved still pairs.</summary>
    public static readonly TimeSpan LongestInterval = TimeSpan.FromSeconds(60);

    /// <summary>The pacing of a new pairing: its first poll is due at once.</summary>
    /// <param name="interval">The advertised interval.</param>
    /// <param name="now">The current time.</param>
    public static Pacing Start(TimeSpan interval, DateTimeOffset now) => new(interval, now, false);

    /// <summary>Whether a poll at <paramref name="now"/> comes before it is due.</summary>
    /// <remarks>
    /// A due time farther ahead than any interval means that the clock was set back: such a poll is not early, or the device
    /// would wait for the clock to catch up.
    /// </remarks>
    public bool IsTooEarly(DateTimeOffset now) => DueAt - now > Tolerance && DueAt - now <= LongestInterval + Tolerance;

    /// <summary>After a poll at <paramref name="now"/> was accepted.</summary>
    public Pacing Accepted(DateTimeOffset now) => new(Interval, now + Interval, false);

    /// <summary>
    /// After a poll came too early: five seconds longer, counted from the last accepted poll, and only once until the next
    /// one is accepted, so that a burst of parallel polls does not jump to the cap.
    /// </summary>
    public Pacing SlowedDown()
    {
        if (IsSlowed || Interval >= LongestInterval)
        {
            return this;
        }

        var longer = Interval + Step < LongestInterval ? Interval + Step : LongestInterval;
        return new(longer, DueAt + (longer - Interval), true);
    }
}
