using System.Diagnostics;
using System.Globalization;
using Xunit.Abstractions;

namespace DeviceAuthorization.ModelCheck;

public sealed class ModelCheckTests(ITestOutputHelper output)
{
    /// <summary>One approver who does two things, and nobody else.</summary>
    private static readonly Scenario OneApprover = new("One approver", [0], Slow: 0, Losses: 0, parts =>
        [new("alice", 0, "alice", parts.Enter(0, "alice"), parts.Deny(0, "alice"))]);

    /// <summary>How many more requests may be lost in each scenario than by default. One more doubles the states.</summary>
    private static readonly int MoreLosses = int.Parse(Environment.GetEnvironmentVariable("MODEL_CHECK_MORE_LOSSES") ?? "0", CultureInfo.InvariantCulture);

    public static TheoryData<string> Names => [.. Scenario.All.Select(scenario => scenario.Name)];

    /// <summary>What is broken, the scenario that shows it, and the invariant that catches it. Others may catch it sooner.</summary>
    private static readonly (Func<Scenario, Replay> Break, Scenario Scenario, string Invariant)[] Broken =
    [
        (scenario => new ReplacesWithoutVersion(scenario), Scenario.Main, "A_terminal_state_never_changes"),
        (scenario => new PollWritesWholeRecord(scenario), Scenario.LastSeconds, "An_acknowledged_approval_can_be_redeemed_or_was"),
        (scenario => new DeletesThenInserts(scenario), Scenario.LastSeconds, "An_acknowledged_approval_can_be_redeemed_or_was"),
        (scenario => new RedeemsBeforeItIssues(scenario), Scenario.LastSeconds, "An_acknowledged_approval_can_be_redeemed_or_was"),
        (scenario => new IssuesAgain(scenario), Scenario.Main, "A_pairing_has_at_most_one_live_token"),
        (scenario => new DeniesWithoutVersion(scenario), Scenario.Main, "A_token_comes_only_after_an_approval_by_a_user_who_may"),
        (scenario => new IssuesAfterSignOut(scenario), Scenario.AccountEnds, "Access_ends_with_the_account"),
        (scenario => new SlowsDownWithoutComparing(scenario), Scenario.TooFast, "A_slow_down_never_shortens"),
        (scenario => new ForgetsWhoDecided(scenario), Scenario.Main, "Nobody_learns_the_decision_of_another"),
        (scenario => new ForgetsTheKey(scenario), Scenario.LostAnswers, "A_lost_answer_can_be_fetched_again"),
        (scenario => new ReadsFromStaleReplica(scenario), OneApprover, "Every_operation_ends_with_an_answer"),
    ];

    public static TheoryData<int> BrokenOnes => [.. Enumerable.Range(0, Broken.Length)];

    [Theory]
    [MemberData(nameof(Names))]
    public void No_order_of_steps_breaks_an_invariant(string name)
    {
        var scenario = Scenario.All.Single(scenario => scenario.Name == name);
        var report = Explore(new Replay(scenario with { Losses = scenario.Losses + MoreLosses }), Invariants.All);
        Assert.Null(report.Violation);
        Assert.Superset(new HashSet<string>(scenario.Reaches, StringComparer.Ordinal), new HashSet<string>(report.Answers, StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(BrokenOnes))]
    public void What_is_broken_is_caught(int number)
    {
        var (breaks, scenario, invariant) = Broken[number];
        Assert.NotNull(Explore(breaks(scenario), Invariants.All.Where(one => one.Name == invariant)).Violation);
    }

    [Fact]
    public void Each_invariant_catches_something() =>
        Assert.Equal(Invariants.All.Select(invariant => invariant.Name).Order(StringComparer.Ordinal), Broken.Select(broken => broken.Invariant).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));

    private Report Explore(Replay replay, IEnumerable<Invariant> invariants)
    {
        var start = Stopwatch.GetTimestamp();
        var report = new Checker(replay).Run([.. invariants]);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{replay.GetType().Name}, \"{replay.Scenario.Name}\": {report.States:N0} states, {report.Steps:N0} steps, at most {report.Depth} deep, {report.Runs:N0} runs of the library's code, {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s"));
        output.WriteLine($"Answers: {string.Join(", ", report.Answers)}");
        if (report.Violation is not null)
        {
            output.WriteLine(report.Violation.ToString());
        }

        return report;
    }
}
