namespace DeviceAuthorization;

/// <summary>How fast a device may poll (RFC 8628 §3.5). Stored apart from the grant, so that a poll can never undo a decision.</summary>
/// <param name="Interval">The least time between two accepted polls.</param>
/// <param name="DueAt">When the next poll is due: the last <em>accepted</em> poll plus <paramref name="Interval"/>.</param>
/// <param name="IsSlowed">Whether the interval was raised since the last accepted poll.</param>
public readonly record struct Pacing(TimeSpan Interval, DateTimeOffset DueAt, bool IsSlowed)
{
    /// <summary>How much too early a poll may come: timers, networks and clocks of nodes are not exact.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(1);

    /// <summary>What one <c>slow_down</c> adds to the interval (RFC 8628 §3.5).</summary>
    public static readonly TimeSpan Step = TimeSpan.FromSeconds(5);

    /// <summary>The longest interval, so that a device that once polled too fast still pairs.</summary>
    public static readonly TimeSpan LongestInterval = TimeSpan.FromSeconds(60);

    /// <summary>The pacing of a new pairing. Its first poll is due at once.</summary>
    /// <param name="interval">The advertised interval.</param>
    public static Pacing Start(TimeSpan interval, DateTimeOffset now) => new(interval, now, false);

    /// <summary>Whether a poll at <paramref name="now"/> comes before it is due.</summary>
    /// <remarks>
    /// A due time farther ahead than any interval means that the clock was set back. Such a poll is not too early: the device would
    /// otherwise wait for the clock to catch up.
    /// </remarks>
    public bool IsTooEarly(DateTimeOffset now) => DueAt - now > Tolerance && DueAt - now <= LongestInterval + Tolerance;

    /// <summary>The pacing after a poll at <paramref name="now"/> was accepted.</summary>
    public Pacing Accepted(DateTimeOffset now) => new(Interval, now + Interval, false);

    /// <summary>
    /// The pacing after a poll came too early: five seconds longer, counted from the last accepted poll. It grows only once until the next
    /// accepted poll, so that a burst of parallel polls does not raise it to the longest.
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
