using System.Security.Cryptography;
using DeviceAuthorization.Storage;
using Microsoft.Extensions.Time.Testing;

namespace DeviceAuthorization.Testing;

/// <summary>
/// The contract of <see cref="IAttemptLimiter"/>, as tests. Inherit it in your test project: one sealed class per limiter, named after it. xunit
/// creates an instance for each test.
/// </summary>
public abstract class AttemptLimiterConformance
{
    private static readonly DateTimeOffset Start = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Step = Window / AttemptBudget.StepsPerWindow;
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    private readonly FakeTimeProvider _clock = new(Start);

    /// <summary>
    /// Connects to a limiter that has counted nothing when the test starts. Each call returns another connection to the same counts. A limiter that
    /// serves a single process may use the clock of the first call.
    /// </summary>
    protected abstract IAttemptLimiter CreateLimiter(TimeProvider clock);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(100)] // more than there are steps
    public async Task As_many_attempts_as_the_limit_says_are_allowed_and_no_more(int limit)
    {
        var limiter = CreateLimiter(_clock);
        for (var attempt = 0; attempt < limit; attempt++)
        {
            Assert.Null(await CountAsync(limiter, Budget("a", limit)));
            _clock.Advance((Window - Step) / limit);
        }

        Assert.NotNull(await CountAsync(limiter, Budget("a", limit)));
        Assert.NotNull(await CountAsync(CreateLimiter(_clock), Budget("a", limit)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.001)]
    [InlineData(0.5)]
    [InlineData(0.999)]
    public async Task An_attempt_counts_for_the_window_and_a_sixtieth_more_at_most(double seconds)
    {
        var limiter = CreateLimiter(_clock);
        _clock.Advance(TimeSpan.FromSeconds(seconds));
        Assert.Null(await CountAsync(limiter, Budget("a", 1)));
        _clock.Advance(Window - Millisecond);
        Assert.NotNull(await CountAsync(limiter, Budget("a", 1)));
        _clock.Advance(Millisecond + Step);
        Assert.Null(await CountAsync(limiter, Budget("a", 1)));
    }

    [Fact]
    public async Task After_the_wait_that_is_named_there_is_room_and_not_before()
    {
        var limiter = CreateLimiter(_clock);
        foreach (var pause in new[] { 0.3, 7.7, 12.1 })
        {
            _clock.Advance(TimeSpan.FromSeconds(pause));
            Assert.Null(await CountAsync(limiter, Budget("a", 3)));
        }

        _clock.Advance(TimeSpan.FromSeconds(5));
        for (var attempt = 0; attempt < 3; attempt++)
        {
            var wait = Assert.NotNull(await CountAsync(limiter, Budget("a", 3)));
            Assert.InRange(wait, Millisecond, Window + Step);
            _clock.Advance(wait - Millisecond);
            Assert.Equal(Millisecond, await CountAsync(limiter, Budget("a", 3)));
            _clock.Advance(Millisecond);
            Assert.Null(await CountAsync(limiter, Budget("a", 3)));
        }
    }

    [Fact]
    public async Task The_window_slides_and_does_not_begin_anew()
    {
        var limiter = CreateLimiter(_clock);
        _clock.Advance(Window - Step); // the end of a minute on the clock
        Assert.Null(await CountAsync(limiter, Budget("a", 2)));
        _clock.Advance(2 * Step);
        Assert.Null(await CountAsync(limiter, Budget("a", 2)));
        _clock.Advance(Step);
        Assert.NotNull(await CountAsync(limiter, Budget("a", 2)));
        _clock.Advance(Window - Step - Step); // the first has expired, the second has not
        Assert.Null(await CountAsync(limiter, Budget("a", 2)));
        Assert.NotNull(await CountAsync(limiter, Budget("a", 2)));
    }

    [Fact]
    public async Task A_refused_attempt_does_not_count_and_moves_nothing()
    {
        var limiter = CreateLimiter(_clock);
        Assert.Null(await CountAsync(limiter, Budget("a", 1)));
        for (var second = 0; second < 59; second++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(TimeSpan.FromSeconds(59 - second), await CountAsync(limiter, Budget("a", 1)));
        }

        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await CountAsync(limiter, Budget("a", 1)));
    }

    [Fact]
    public async Task Where_one_budget_is_spent_nothing_is_counted_against_the_others()
    {
        var limiter = CreateLimiter(_clock);
        Assert.Null(await CountAsync(limiter, Budget("user", 1), Budget("address", 3)));
        for (var attempt = 0; attempt < 5; attempt++)
        {
            Assert.NotNull(await CountAsync(limiter, Budget("user", 1), Budget("address", 3)));
            Assert.NotNull(await CountAsync(limiter, Budget("address", 3), Budget("user", 1)));
        }

        Assert.Null(await CountAsync(limiter, Budget("address", 3)));
        Assert.Null(await CountAsync(limiter, Budget("other", 1), Budget("address", 3)));
        Assert.NotNull(await CountAsync(limiter, Budget("another", 1), Budget("address", 3)));
        Assert.Null(await CountAsync(limiter, Budget("another", 1)));
    }

    [Fact]
    public async Task The_wait_is_that_of_the_budget_that_takes_longest()
    {
        var limiter = CreateLimiter(_clock);
        AttemptBudget[] budgets = [Budget("long", 1, 600), Budget("short", 1, 60), Budget("free", 2, 1200)];
        Assert.Null(await CountAsync(limiter, budgets));
        Assert.Equal(TimeSpan.FromSeconds(600), await CountAsync(limiter, budgets));
        Assert.Equal(TimeSpan.FromSeconds(600), await CountAsync(limiter, [.. budgets.Reverse()]));
        _clock.Advance(TimeSpan.FromSeconds(100));
        Assert.Equal(TimeSpan.FromSeconds(500), await CountAsync(limiter, budgets));
        Assert.Null(await CountAsync(limiter, budgets[1..]));
    }

    [Fact]
    public async Task Keys_are_told_apart_letter_by_letter()
    {
        var limiter = CreateLimiter(_clock);
        string[] keys = ["a", "A", "a ", "á", "a\u0301", "a:b", "{a}", "{a", "a\n", "a\0", "*", "デバイス", new('x', AttemptBudget.LongestKey), new('x', AttemptBudget.LongestKey - 1)];
        foreach (var key in keys)
        {
            Assert.Null(await CountAsync(limiter, Budget(key, 1)));
        }

        foreach (var key in keys)
        {
            Assert.NotNull(await CountAsync(limiter, Budget(key, 1)));
        }
    }

    [Fact]
    public async Task Of_many_attempts_at_once_over_two_connections_exactly_the_limit_is_allowed()
    {
        IAttemptLimiter[] connections = [CreateLimiter(_clock), CreateLimiter(_clock)];
        for (var round = 0; round < 5; round++)
        {
            var (user, address) = (Budget($"user{round}", 10), Budget($"address{round}", 40));
            var alone = Enumerable.Range(0, 64).Select(call => Task.Run(() => CountAsync(connections[call % 2], user)));
            var together = Enumerable.Range(0, 64).Select(call => Task.Run(() => CountAsync(
                connections[call % 2], call % 4 < 2 ? [user, address] : [address, user]))); // neither order may wait for the other for ever
            var answers = await Task.WhenAll(alone.Concat(together));
            Assert.Equal(10, answers.Count(answer => answer is null));

            var ofBoth = answers[64..].Count(answer => answer is null);
            var left = await Task.WhenAll(Enumerable.Range(0, 64).Select(call => Task.Run(() => CountAsync(connections[call % 2], address))));
            Assert.Equal(40 - ofBoth, left.Count(answer => answer is null));
        }
    }

    [Fact]
    public async Task Whatever_comes_no_window_holds_more_than_the_limit_and_what_has_room_is_allowed()
    {
        var (limiter, allowed) = (CreateLimiter(_clock), new List<DateTimeOffset>());
        for (var attempt = 0; attempt < 400; attempt++)
        {
            _clock.Advance(TimeSpan.FromMilliseconds(RandomNumberGenerator.GetInt32(RandomNumberGenerator.GetInt32(1, 20_000))));
            var now = _clock.GetUtcNow();
            var wait = await CountAsync(limiter, Budget("a", 5));
            var (counted, maybeCounted) = (allowed.Count(at => at > now - Window), allowed.Count(at => at > now - Window - Step));
            Assert.True(wait is null ? counted < 5 : maybeCounted >= 5, $"{wait} at {now:O}; allowed were {string.Join(' ', allowed.Select(at => $"{at:O}"))}");
            if (wait is null)
            {
                allowed.Add(now);
            }
        }
    }

    [Fact]
    public async Task Clocks_that_differ_move_the_window_by_as_much_and_no_more()
    {
        var skew = TimeSpan.FromSeconds(2);
        var behind = new FakeTimeProvider(Start - skew);
        var (fast, slow) = (CreateLimiter(_clock), CreateLimiter(behind));
        var allowed = new List<DateTimeOffset>();
        for (var attempt = 0; attempt < 400; attempt++)
        {
            var pause = TimeSpan.FromMilliseconds(RandomNumberGenerator.GetInt32(10_000));
            _clock.Advance(pause);
            behind.Advance(pause);
            var now = _clock.GetUtcNow();
            if (await CountAsync(RandomNumberGenerator.GetInt32(2) == 0 ? fast : slow, Budget("a", 5)) is { } wait)
            {
                Assert.InRange(wait, Millisecond, Window + Step);
                Assert.InRange(allowed.Count(at => at > now - Window - Step - skew), 5, int.MaxValue);
            }
            else
            {
                Assert.InRange(allowed.Count(at => at > now - Window + skew), 0, 4);
                allowed.Add(now);
            }
        }
    }

    [Fact]
    public async Task A_clock_that_is_an_hour_behind_opens_nothing_and_names_no_longer_wait()
    {
        Assert.Null(await CountAsync(CreateLimiter(_clock), Budget("a", 1)));
        var wait = Assert.NotNull(await CountAsync(CreateLimiter(new FakeTimeProvider(Start - TimeSpan.FromHours(1))), Budget("a", 1)));
        Assert.InRange(wait, Millisecond, Window + Step);
    }

    [Fact]
    public async Task A_cancelled_call_counts_nothing()
    {
        var limiter = CreateLimiter(_clock);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await limiter.TryCountAsync([Budget("a", 1)], new CancellationToken(canceled: true)));
        Assert.Null(await CountAsync(limiter, Budget("a", 1)));
    }

    [Fact]
    public async Task There_must_be_a_budget_and_no_key_twice()
    {
        var limiter = CreateLimiter(_clock);
        await Assert.ThrowsAnyAsync<ArgumentException>(() => CountAsync(limiter));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => CountAsync(limiter, Budget("a", 1), Budget("b", 1), Budget("a", 2)));
        Assert.Null(await CountAsync(limiter, Budget("a", 1)));
    }

    private static AttemptBudget Budget(string key, int limit, int seconds = 60) => new(key, limit, TimeSpan.FromSeconds(seconds));

    private static async Task<TimeSpan?> CountAsync(IAttemptLimiter limiter, params AttemptBudget[] budgets) => await limiter.TryCountAsync(budgets, default);
}
