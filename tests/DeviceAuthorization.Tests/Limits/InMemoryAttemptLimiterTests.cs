using CsCheck;
using DeviceAuthorization.Limits;
using DeviceAuthorization.Storage;
using Microsoft.Extensions.Time.Testing;

namespace DeviceAuthorization.Tests;

public sealed class InMemoryAttemptLimiterConformance : AttemptLimiterConformance, IDisposable
{
    private InMemoryAttemptLimiter? _limiter;

    public void Dispose() => _limiter?.Dispose();

    protected override IAttemptLimiter CreateLimiter(TimeProvider clock) => _limiter ??= new(clock);
}

/// <summary>What is in memory only: its bounds (T-17), and the promise against a list of everything that happened. Memory is measured here.</summary>
[Collection(nameof(InMemoryPairingStoreTests))]
public sealed class InMemoryAttemptLimiterTests : IDisposable
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly FakeTimeProvider _clock = new(TestData.Start);
    private readonly InMemoryAttemptLimiter _limiter;

    public InMemoryAttemptLimiterTests() => _limiter = new(_clock);

    public void Dispose() => _limiter.Dispose();

    /// <summary>One attempt of a random history: after a pause, against one or both of two keys.</summary>
    private sealed record Step(int PauseMilliseconds, int Keys);

    [Fact]
    public void Whatever_happens_the_promise_holds_to_the_tick()
    {
        var steps = Gen.Select(Gen.OneOf(Gen.Int[0, 50], Gen.Int[0, 3_000], Gen.Int[0, 30_000]), Gen.Int[1, 3], (pause, keys) => new Step(pause, keys));
        Gen.Select(steps.Array[1, 300], Gen.Int[1, 70], Gen.Int[1, 10], Gen.Int[1_000, 60_000], Gen.Int[1_000, 20_000]).Sample((history, limitA, limitB, windowA, windowB) =>
        {
            var clock = new FakeTimeProvider(TestData.Start);
            using var limiter = new InMemoryAttemptLimiter(clock);
            AttemptBudget[] budgets = [new("a", limitA, TimeSpan.FromMilliseconds(windowA)), new("b", limitB, TimeSpan.FromMilliseconds(windowB))];
            var log = budgets.ToDictionary(budget => budget, _ => new List<DateTimeOffset>());
            foreach (var step in history)
            {
                clock.Advance(TimeSpan.FromMilliseconds(step.PauseMilliseconds));
                var now = clock.GetUtcNow();
                var asked = budgets.Where((_, index) => (step.Keys & (1 << index)) != 0).ToArray();
                var wait = Count(limiter, asked);
                if (wait is null)
                {
                    Assert.All(asked, budget => Assert.True(log[budget].Count(at => at > now - budget.Window) < budget.Limit));
                    Assert.All(asked, budget => log[budget].Add(now));
                    continue;
                }

                // Someone had to wait: by the exact count of a window that is a sixtieth longer. And the wait is right to the tick.
                Assert.Contains(asked, budget => log[budget].Count(at => at > now - Longest(budget)) >= budget.Limit);
                Assert.InRange(wait.Value, TimeSpan.FromTicks(1), asked.Max(Longest));
                clock.Advance(wait.Value - TimeSpan.FromTicks(1));
                Assert.Equal(TimeSpan.FromTicks(1), Count(limiter, asked));
                clock.Advance(TimeSpan.FromTicks(1));
                Assert.Null(Count(limiter, asked));
                Assert.All(asked, budget => log[budget].Add(clock.GetUtcNow()));
            }
        }, iter: 300);

        static TimeSpan Longest(AttemptBudget budget) => budget.Window + TimeSpan.FromTicks((budget.Window.Ticks / AttemptBudget.StepsPerWindow) + 1);
    }

    [Fact]
    public void A_million_addresses_do_not_outgrow_the_bound_nor_reset_a_count()
    {
        var (full, half) = (Budget("full", 10), Budget("half", 10));
        Assert.All(Enumerable.Range(0, 10), _ => Assert.Null(Count(_limiter, full)));
        Assert.All(Enumerable.Range(0, 5), _ => Assert.Null(Count(_limiter, half)));
        var before = LiveMemory.Bytes();
        var allowed = 0;
        for (var address = 0; address < 1_000_000; address++)
        {
            allowed += Count(_limiter, Budget($"start:{address}", 10)) is null ? 1 : 0;
        }

        Assert.InRange(LiveMemory.Bytes() - before, 0, 64L << 20);
        Assert.InRange(allowed, InMemoryAttemptLimiter.MaxKeys - 2, InMemoryAttemptLimiter.MaxKeys - 2 + (10 * InMemoryAttemptLimiter.SharedLogs));
        Assert.NotNull(Count(_limiter, full));
        Assert.All(Enumerable.Range(0, 5), _ => Assert.Null(Count(_limiter, half)));
        Assert.NotNull(Count(_limiter, half));
        Assert.NotNull(Count(_limiter, Budget("newcomer", 10))); // the price
        Assert.Null(Count(_limiter, Budget("user:alice", 5))); // of another limit: not hers to pay
        _clock.Advance(Minute + (Minute / AttemptBudget.StepsPerWindow));
        Assert.All(Enumerable.Range(0, 10), _ => Assert.Null(Count(_limiter, Budget("newcomer", 10))));
    }

    [Fact]
    public void What_a_key_did_while_it_shared_a_log_counts_when_it_has_one_of_its_own()
    {
        Fill(0);
        _clock.Advance(Minute / 2);
        Assert.Null(Count(_limiter, Budget("a", 2)));
        Assert.Null(Count(_limiter, Budget("a", 2)));
        Assert.NotNull(Count(_limiter, Budget("a", 2)));
        Assert.Null(Count(_limiter, Budget("b", 3)));
        _clock.Advance(Minute / 2); // the others have left, and there is room again
        Assert.NotNull(Count(_limiter, Budget("a", 2)));
        Assert.Null(Count(_limiter, Budget("b", 3)));
        Assert.Null(Count(_limiter, Budget("b", 3)));
        Assert.NotNull(Count(_limiter, Budget("b", 3)));
        _clock.Advance(Minute / 2);
        Assert.Null(Count(_limiter, Budget("a", 2)));
        Assert.Null(Count(_limiter, Budget("a", 2)));
        Assert.NotNull(Count(_limiter, Budget("a", 2)));
    }

    [Fact]
    public void Refused_attempts_leave_no_key_behind()
    {
        var user = Budget("user", 1);
        Assert.Null(Count(_limiter, user));
        for (var address = 0; address < 2 * InMemoryAttemptLimiter.MaxKeys; address++)
        {
            Assert.NotNull(Count(_limiter, user, Budget($"address:{address}", 10)));
        }

        var newcomers = Enumerable.Range(0, 20_000).Select(number => Budget($"newcomer:{number}", 1)); // would share, were it full
        Assert.All(newcomers, newcomer => Assert.Null(Count(_limiter, newcomer)));
    }

    [Fact]
    public void Counts_leave_by_themselves_without_any_traffic()
    {
        var before = LiveMemory.Bytes();
        Fill(0);
        Assert.InRange(LiveMemory.Bytes() - before, 10L << 20, 64L << 20);
        _clock.Advance(2 * Minute);
        Fill(1); // all have room at once: no newcomer shares
        Assert.Null(Count(_limiter, Budget("1:0", 2)));
    }

    private void Fill(int round)
    {
        for (var key = 0; key < InMemoryAttemptLimiter.MaxKeys; key++)
        {
            Assert.Null(Count(_limiter, Budget($"{round}:{key}", 2)));
        }
    }

    private static AttemptBudget Budget(string key, int limit) => new(key, limit, Minute);

    private static TimeSpan? Count(InMemoryAttemptLimiter limiter, params AttemptBudget[] budgets)
    {
        var answer = limiter.TryCountAsync(budgets, default).AsTask();
        Assert.True(answer.IsCompletedSuccessfully); // nothing in memory waits
        return answer.Result;
    }
}
