using DeviceAuthorization.Flow;
using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Tests;

/// <summary>The built-in risk rule: the table of docs/security.md, and what holds for all facts at every level.</summary>
public sealed class RiskRuleTests
{
    /// <summary>
    /// The network and the signs; the verdict of a device that can show a number, of one that cannot, and of one that cannot while the time of the
    /// sign-in is known; the reasons. First for Balanced, then for Strict. Relaxed is always None.
    /// </summary>
    public static TheoryData<string, string, string, string, string> Table => new()
    {
        { "Same", "None None None", "", "None None None", "" },
        { "Same replaces", "None None None", "", "None None None", "" },
        { "Same link changes", "None None None", "", "None None None", "" },
        { "Same suspected", "MatchNumber Warn Warn", "Suspected", "MatchNumber Warn StepUp", "Suspected" },
        { "Unknown link", "None None None", "", "Warn Warn Warn", "UnknownNetwork" },
        { "Unknown changes", "None None None", "", "Warn Warn Warn", "UnknownNetwork" },
        { "Unknown replaces", "None None None", "", "Warn Warn Warn", "UnknownNetwork" },
        { "Unknown link changes", "Warn Warn Warn", "UnknownNetwork Link", "Warn Warn Warn", "UnknownNetwork Link" },
        { "Unknown suspected", "MatchNumber Warn Warn", "Suspected", "MatchNumber Warn StepUp", "Suspected UnknownNetwork" },
        { "Other", "Warn Warn Warn", "OtherNetwork", "MatchNumber Warn StepUp", "OtherNetwork" },
        { "Other changes", "Warn Warn Warn", "OtherNetwork", "MatchNumber Warn StepUp", "OtherNetwork" },
        { "Other link", "Warn Warn Warn", "OtherNetwork", "MatchNumber Warn StepUp", "OtherNetwork" },
        { "Other link changes", "MatchNumber Warn Warn", "OtherNetwork Link", "MatchNumber Warn StepUp", "OtherNetwork Link" },
        { "Other replaces", "MatchNumber Warn Warn", "ReplacesDevice OtherNetwork", "MatchNumber Warn StepUp", "ReplacesDevice OtherNetwork" },
        { "Other suspected replaces link changes", "MatchNumber Warn Warn", "Suspected ReplacesDevice OtherNetwork Link", "MatchNumber Warn StepUp", "Suspected ReplacesDevice OtherNetwork Link" },
        { "Other secret replaces", "None None None", "", "Warn Warn Warn", "UnknownNetwork" }, // a server's network is not the device's
        { "Other secret link changes", "Warn Warn Warn", "UnknownNetwork Link", "Warn Warn Warn", "UnknownNetwork Link" },
        { "Same secret", "None None None", "", "None None None", "" },
    };

    private static readonly RiskFacts[] AllFacts =
    [
        .. from network in Enum.GetValues<NetworkComparison>()
           from bits in Enumerable.Range(0, 128)
           select new RiskFacts(
               network, (bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0, HasSecret: (bits & 16) != 0, CanMatchNumber: (bits & 32) != 0, CanStepUp: (bits & 64) != 0),
    ];

    private static readonly SecurityLevel[] Levels = Enum.GetValues<SecurityLevel>();

    [Theory, MemberData(nameof(Table))]
    public void The_table_says_what_follows(string signs, string balanced, string why, string strict, string whyStrict)
    {
        var facts = Read(signs);
        Assert.Equal(balanced, Verdicts(facts, SecurityLevel.Balanced));
        Assert.Equal(strict, Verdicts(facts, SecurityLevel.Strict));
        Assert.Equal("None None None", Verdicts(facts, SecurityLevel.Relaxed));
        Assert.Equal(why, string.Join(' ', RiskRule.Assess(facts, SecurityLevel.Balanced).Reasons));
        Assert.Equal(whyStrict, string.Join(' ', RiskRule.Assess(facts, SecurityLevel.Strict).Reasons));
    }

    [Fact]
    public void One_more_sign_never_lowers_the_verdict()
    {
        Func<RiskFacts, RiskFacts>[] signs =
        [
            facts => facts with { IsSuspected = true },
            facts => facts with { IsOfLink = true },
            facts => facts with { ChangesThings = true },
            facts => facts with { ReplacesDevice = true },
            facts => facts with { HasSecret = false },
            facts => facts with { Network = facts.Network == NetworkComparison.Same ? NetworkComparison.Unknown : NetworkComparison.Other },
        ];
        Assert.All(Levels, level => Assert.All(AllFacts, facts => Assert.All(signs, sign =>
        {
            var (before, after) = (RiskRule.Assess(facts, level), RiskRule.Assess(sign(facts), level));
            Assert.Equal(after.Risk, RiskRule.MoreSevere(after.Risk, before.Risk));
            Assert.True(after.Reasons.Count >= before.Reasons.Count);
        })));
    }

    [Fact]
    public void In_ones_own_network_only_a_suspicious_code_is_risky() => Assert.All(Levels, level => Assert.All(
        AllFacts.Where(facts => facts is { Network: NetworkComparison.Same, IsSuspected: false }),
        facts => Assert.Equal(ApprovalRisk.None, RiskRule.Assess(facts, level).Risk)));

    [Fact]
    public void Nothing_is_blocked_or_asked_for_that_cannot_be_done() => Assert.All(Levels, level => Assert.All(AllFacts, facts =>
    {
        var risk = RiskRule.Assess(facts, level).Risk;
        Assert.NotEqual(ApprovalRisk.Block, risk);
        Assert.False(risk == ApprovalRisk.MatchNumber && !facts.CanMatchNumber);
        Assert.False(risk == ApprovalRisk.StepUp && (level != SecurityLevel.Strict || !facts.CanStepUp));
    }));

    [Fact]
    public void There_is_a_reason_exactly_if_there_is_a_risk() => Assert.All(Levels, level => Assert.All(AllFacts, facts =>
    {
        var verdict = RiskRule.Assess(facts, level);
        Assert.Equal(verdict.Risk == ApprovalRisk.None, verdict.Reasons.Count == 0);
        Assert.Equal(verdict.Reasons.Distinct().Order(), verdict.Reasons);
    }));

    [Fact]
    public void A_stricter_level_never_lowers_the_verdict() => Assert.All(AllFacts, facts =>
    {
        var verdicts = Levels.Select(level => RiskRule.Assess(facts, level).Risk).ToArray();
        Assert.Equal(verdicts[1], RiskRule.MoreSevere(verdicts[1], verdicts[0]));
        Assert.Equal(verdicts[2], RiskRule.MoreSevere(verdicts[2], verdicts[1]));
    });

    private static string Verdicts(RiskFacts facts, SecurityLevel level) => string.Join(
        ' ',
        new[] { facts with { CanMatchNumber = true, CanStepUp = true }, facts, facts with { CanStepUp = true } }.Select(each => RiskRule.Assess(each, level).Risk));

    private static RiskFacts Read(string signs)
    {
        var words = signs.Split(' ');
        return new RiskFacts(
            Enum.Parse<NetworkComparison>(words[0]),
            words.Contains("suspected", StringComparer.Ordinal),
            words.Contains("link", StringComparer.Ordinal),
            words.Contains("changes", StringComparer.Ordinal),
            words.Contains("replaces", StringComparer.Ordinal),
            HasSecret: words.Contains("secret", StringComparer.Ordinal));
    }
}
