using CsCheck;

namespace DeviceAuthorization.Tests;

/// <summary>How often a device may poll, and how <c>slow_down</c> lengthens its interval (RFC 8628 §3.5).</summary>
public sealed class PacingTests
{
    private static readonly DateTimeOffset T0 = TestData.Start;

    private static readonly Pacing First = Pacing.Start(TimeSpan.FromSeconds(5), T0);

    [Fact]
    public void The_first_poll_is_free() => Assert.False(First.IsTooEarly(T0));

    [Theory]
    [InlineData(0, true)]
    [InlineData(3.999, true)]
    [InlineData(4, false)]
    [InlineData(5, false)]
    [InlineData(3600, false)]
    public void A_poll_may_come_one_second_before_it_is_due(double seconds, bool early) =>
        Assert.Equal(early, First.Accepted(T0).IsTooEarly(At(seconds)));

    [Theory]
    [InlineData(3.999, PairingError.SlowDown, 10)]
    [InlineData(4, PairingError.AuthorizationPending, 5)]
    public void A_poll_inside_the_interval_lengthens_it_by_five_seconds(double seconds, PairingError error, int interval)
    {
        var pairing = TestData.NewPairing().PollError("tv", null, T0).Next;
        var (answer, next) = pairing.PollError("tv", null, At(seconds));
        Assert.Equal(error, answer);
        Assert.Equal(TimeSpan.FromSeconds(interval), next.Pacing.Interval);
    }

    [Fact]
    public void A_burst_of_early_polls_counts_once_until_the_next_accepted_one()
    {
        var slowed = First.Accepted(T0).SlowedDown();
        Assert.Equal(slowed, slowed.SlowedDown());
        Assert.Equal(TimeSpan.FromSeconds(15), slowed.Accepted(At(10)).SlowedDown().Interval);
    }

    [Fact]
    public void The_interval_is_counted_from_the_last_accepted_poll() =>
        Assert.Equal(At(10), First.Accepted(T0).SlowedDown().DueAt);

    [Theory]
    [InlineData(50, 55)]
    [InlineData(55, 60)]
    [InlineData(57, 60)]
    [InlineData(60, 60)]
    public void The_interval_never_grows_beyond_a_minute(int seconds, int slower)
    {
        var slowed = new Pacing(TimeSpan.FromSeconds(seconds), At(seconds), false).SlowedDown();
        Assert.Equal(TimeSpan.FromSeconds(slower), slowed.Interval);
        Assert.Equal(At(slower), slowed.DueAt);
    }

    [Fact]
    public void At_the_longest_interval_a_slow_down_changes_nothing()
    {
        var slowest = new Pacing(Pacing.LongestInterval, T0, false);
        Assert.Equal(slowest, slowest.SlowedDown());
    }

    [Fact]
    public void After_a_slow_down_the_longer_interval_is_enforced() // bad input 63 a
    {
        Assert.Equal("pending slow:10 slow:10", Polls(0, 1, 6));
        Assert.Equal("pending slow:10 slow:10", Polls(0, 1, 8.999));
    }

    [Fact]
    public void After_waiting_the_longer_interval_a_poll_is_accepted_and_the_interval_stays() // 61, 62, 63 b
    {
        Assert.Equal("pending slow:10 pending slow:15", Polls(0, 0, 11, 12));
        Assert.Equal("pending slow:10 pending pending", Polls(0, 1, 9, 19));
        Assert.Equal("pending slow:10 pending slow:15", Polls(0, 1, 9, 17.999));
    }

    [Fact]
    public void A_client_polling_every_five_seconds_with_jitter_is_never_told_to_slow_down() => // ADV-15
        Gen.Int[-500, 500].Array[120].Sample(jitter =>
            !Polls([.. jitter.Select((ms, i) => (5000 * (i + 1) + ms) / 1000.0)]).Contains("slow", StringComparison.Ordinal));

    [Fact]
    public void A_client_that_ignores_slow_down_is_still_accepted_about_once_a_minute() => // ADV-15, after any number of violations
        Gen.Int[-500, 500].Array[120].Select(Gen.Int[0, 119].HashSet[1, 5]).Sample((jitter, early) =>
        {
            var times = jitter.Select((ms, i) => (5000 * (i + 1) + ms) / 1000.0).SelectMany((time, i) => early.Contains(i) ? [time, time + 0.1] : new[] { time }).ToArray();
            var accepted = times.Zip(Polls(times).Split(' ')).Where(poll => poll.Second == "pending").Select(poll => poll.First).ToArray();
            return accepted.Zip(accepted.Skip(1)).All(pair => pair.Second - pair.First <= 66) && times[^1] - accepted[^1] <= 66;
        });

    [Theory]
    [InlineData(61, true)]
    [InlineData(61.001, false)]
    [InlineData(86400, false)]
    public void A_clock_set_back_does_not_lock_a_device_out(double secondsBeforeDue, bool early)
    {
        var slowest = new Pacing(Pacing.LongestInterval, T0, false);
        Assert.Equal(early, slowest.IsTooEarly(At(-secondsBeforeDue)));
    }

    [Fact]
    public void After_the_clock_was_set_back_pacing_goes_on_from_the_new_time()
    {
        var pairing = TestData.NewPairing().PollError("tv", null, T0).Next;
        var (first, next) = pairing.PollError("tv", null, At(-3600));
        Assert.Equal(PairingError.AuthorizationPending, first);
        Assert.Equal(PairingError.SlowDown, next.PollError("tv", null, At(-3599)).Error);
        Assert.Equal(PairingError.AuthorizationPending, next.PollError("tv", null, At(-3595)).Error);
    }

    private static DateTimeOffset At(double seconds) => T0 + TimeSpan.FromMilliseconds(Math.Round(seconds * 1000));

    /// <summary>What polls at these seconds are answered, in one line.</summary>
    private static string Polls(params double[] seconds)
    {
        var pairing = TestData.NewPairing() with { ExpiresAt = At(3600) };
        return string.Join(' ', seconds.Select(second =>
        {
            (var error, pairing) = pairing.PollError("tv", null, At(second));
            return error == PairingError.SlowDown ? $"slow:{pairing.Pacing.Interval.TotalSeconds:0}" : error == PairingError.AuthorizationPending ? "pending" : $"{error}";
        }));
    }
}
