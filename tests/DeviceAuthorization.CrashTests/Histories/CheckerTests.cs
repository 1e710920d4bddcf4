using DeviceAuthorization.ModelCheck;
using DeviceAuthorization.Storage;
using DeviceAuthorization.Testing;
using Xunit.Abstractions;

namespace DeviceAuthorization.CrashTests;

/// <summary>The checker finds an order where there is one, and none where there is none.</summary>
public sealed class CheckerTests(ITestOutputHelper output)
{
    private static readonly Pairing Start = TestData.NewPairing();
    private static readonly Pairing Approved = Start with { Status = PairingStatus.Approved, ApproverId = "alice", Grant = TestData.NewGrant() };
    private static readonly Pairing Denied = Start with { Status = PairingStatus.Denied, ApproverId = "bob" };

    private readonly History _history = new();

    [Fact]
    public void Calls_that_overlap_may_take_effect_in_any_order()
    {
        Add();
        var (approve, deny, read) = (Replace("1", Approved), Replace("2", Denied), Read("3"));
        End(read, Start);
        End(approve, false);
        End(deny, true);
        End(Read("3"), Denied with { Version = 1 });
        Assert.Null(Check());
    }

    [Fact]
    public void Of_two_decisions_about_the_same_version_one_is_refused()
    {
        Add();
        var (approve, deny) = (Replace("1", Approved), Replace("2", Denied));
        End(approve, true);
        End(deny, true);
        Assert.Contains("The contract would answer: False", Check(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_read_that_began_after_a_write_had_ended_sees_it()
    {
        Add();
        End(Replace("1", Approved), true);
        End(Read("2"), Start);
        var counterexample = Check();
        Assert.Contains("The contract would answer: Approved v1 by alice", counterexample, StringComparison.Ordinal);
        Assert.Equal(3, counterexample!.Split('→').Length - 1); // the start, the approval, the read
    }

    [Fact]
    public void A_call_without_an_answer_may_have_taken_effect_late_or_never()
    {
        Add();
        Replace("1", Approved);
        End(Read("2"), Start);
        End(Read("2"), Start);
        Assert.Null(Check());
        End(Read("2"), Approved with { Version = 1 });
        Assert.Null(Check());
        End(Read("2"), Start); // but it does not take back its effect
        Assert.NotNull(Check());
    }

    [Fact]
    public void A_call_without_an_answer_takes_effect_only_under_its_condition()
    {
        Add();
        Replace("1", Approved);
        End(Replace("2", Denied), true);
        End(Read("2"), Approved with { Version = 1 });
        Assert.NotNull(Check());
    }

    [Fact]
    public async Task What_a_fail_over_forgets_is_an_earlier_state_and_nothing_else()
    {
        Add();
        End(Replace("1", Start with { ApproverId = "alice" }), true);
        End(Replace("1", Approved with { Version = 1 }), true);
        await _history.FailOverAsync(() => Task.CompletedTask);
        End(Read("2"), Start with { ApproverId = "alice", Version = 1 });
        Assert.NotNull(Check());
        Assert.Null(Check(mayForget: true));
        End(Read("2"), Start); // after the fail-over nothing more is forgotten
        Assert.NotNull(Check(mayForget: true));
    }

    [Fact]
    public async Task A_fail_over_invents_nothing()
    {
        Add();
        End(Replace("1", Denied), true);
        await _history.FailOverAsync(() => Task.CompletedTask);
        End(Read("2"), Approved with { Version = 1 });
        Assert.NotNull(Check(mayForget: true));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_primary_that_comes_back_may_answer_until_it_is_a_replica(bool isReplica)
    {
        Add();
        await _history.FailOverAsync(
            () =>
            {
                End(Replace("1", Approved), true);
                End(Read("2"), Start);
                End(Read("1"), isReplica ? Start : Approved with { Version = 1 });
                return Task.CompletedTask;
            },
            comesBack: true);
        Assert.Null(Check(mayForget: true));
        End(Read("1"), Start);
        Assert.Null(Check(mayForget: true));
        End(Read("1"), Approved with { Version = 1 });
        Assert.NotNull(Check(mayForget: true));
    }

    [Fact]
    public async Task The_contract_itself_has_an_order() => Assert.Null(await FirstCounterexampleAsync(() => new Broken(), seeds: 5));

    [Fact]
    public async Task A_read_that_is_out_of_date_is_caught() => Assert.NotNull(await FirstCounterexampleAsync(() => new ReadsLate()));

    [Fact]
    public async Task A_compare_and_swap_without_a_version_is_caught() => Assert.NotNull(await FirstCounterexampleAsync(() => new ReplacesAnyVersion()));

    [Fact]
    public async Task A_write_that_was_acknowledged_and_lost_is_caught() => Assert.NotNull(await FirstCounterexampleAsync(() => new LosesWrites()));

    [Fact]
    public async Task A_second_token_of_one_pairing_is_caught() => Assert.NotNull(await FirstCounterexampleAsync(() => new IssuesTwice()));

    [Fact]
    public async Task A_poll_that_is_not_atomic_is_caught() => Assert.NotNull(await FirstCounterexampleAsync(() => new PollsInTwoSteps()));

    private async Task<string?> FirstCounterexampleAsync(Func<Broken> store, int seeds = 50)
    {
        for (var seed = 1; seed <= seeds; seed++)
        {
            var (history, stores) = (new History(), store());
            using var clients = new Clients(seed, "alice", history, new HistoryClock(TestData.Start));
            await clients.RunAsync([new Node(stores, stores)], calls: 300);
            if (Checker.Check(history.Calls).Counterexample is { } counterexample)
            {
                output.WriteLine($"Seed {seed}. {counterexample}");
                return counterexample;
            }
        }

        return null;
    }

    private void Add() => End(_history.Begin("1", "Pairing", nameof(IPairingStore.TryAddAsync), "", Contract.StepOf(store => store.TryAddAsync(Start, default).AsTask())), PairingAddition.Added);

    private Call Read(string client) => _history.Begin(
        client, "Pairing", nameof(IPairingStore.FindByDeviceCodeAsync), "", Contract.StepOf(store => store.FindByDeviceCodeAsync(Start.DeviceCodeHash, default).AsTask()));

    private Call Replace(string client, Pairing next) => _history.Begin(
        client, "Pairing", nameof(IPairingStore.TryReplaceAsync), Answer.Shorten(next), Contract.StepOf(store => store.TryReplaceAsync(next, TestData.Start, default).AsTask()));

    private void End(Call call, object? answer) => _history.End(call, Answer.Of(answer));

    private string? Check(bool mayForget = false) => Checker.Check(_history.Calls, mayForget).Counterexample;

    /// <summary>One store for all clients. Those below break something of it.</summary>
    private class Broken : StorePorts
    {
        private readonly Lock _gate = new();
        private int _steps;

        protected AbstractStore Current { get; set; } = new();

        protected AbstractStore Earlier { get; private set; } = new();

        protected override ValueTask<T> StepAsync<T>(string call, object? arguments, Func<AbstractStore, (AbstractStore Next, T Answer)> step)
        {
            lock (_gate)
            {
                (Current, var answer) = step(Current);
                if (++_steps % 50 == 0)
                {
                    Remember();
                }

                return ValueTask.FromResult(answer);
            }
        }

        protected virtual void Remember() => Earlier = Current;
    }

    private sealed class ReadsLate : Broken
    {
        public override ValueTask<Pairing?> FindByDeviceCodeAsync(string deviceCodeHash, CancellationToken cancellationToken) =>
            StepAsync("find in replica", deviceCodeHash, store => (store, Earlier.ByDeviceCode(deviceCodeHash) ?? store.ByDeviceCode(deviceCodeHash)));
    }

    private sealed class ReplacesAnyVersion : Broken
    {
        public override ValueTask<bool> TryReplaceAsync(Pairing pairing, DateTimeOffset now, CancellationToken cancellationToken) =>
            StepAsync("replace", pairing, store => store.Replace(pairing with { Version = store.ById(pairing.Id)?.Version ?? 0 }, now));
    }

    /// <summary>As a fail-over to a replica that lags.</summary>
    private sealed class LosesWrites : Broken
    {
        private bool _hasFailedOver;

        protected override void Remember()
        {
            if (Earlier.Pairings.Count > 0 && !_hasFailedOver)
            {
                (_hasFailedOver, Current) = (true, Earlier);
            }

            base.Remember();
        }
    }

    private sealed class IssuesTwice : Broken
    {
        public override ValueTask<TokenIssue> TryIssueTokenAsync(AccessToken token, TokenIssueConditions issue, CancellationToken cancellationToken) =>
            StepAsync("issue again", token, store => (store with { Tokens = store.Tokens.Add(token) }, new TokenIssue(token, false)));
    }

    private sealed class PollsInTwoSteps : Broken
    {
        public override async ValueTask<PollAttempt> TryAcceptPollAsync(string deviceCodeHash, string? clientId, DateTimeOffset now, CancellationToken cancellationToken)
        {
            var (polled, attempt) = await StepAsync("ask", deviceCodeHash, store => (store, store.AcceptPoll(deviceCodeHash, clientId, now)));
            await Task.Yield();
            return await StepAsync("write all", deviceCodeHash, store => (attempt.IsAccepted ? store.Put(polled.ByDeviceCode(deviceCodeHash)!) : store, attempt));
        }
    }
}
