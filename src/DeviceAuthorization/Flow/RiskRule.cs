using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Flow;

/// <summary>
/// The built-in risk rule. It never blocks. In one network it finds nothing but a suspicious code, so an honest pairing at home takes no extra step.
/// </summary>
internal static class RiskRule
{
    /// <summary>
    /// Judges the facts. Every fact that is a sign of risk can only raise the result. The time since the device asked is none: attackers create the
    /// code when their victim clicks, and honest people may be slow.
    /// </summary>
    public static RiskVerdict Assess(RiskFacts facts, SecurityLevel level)
    {
        if (level == SecurityLevel.Relaxed)
        {
            return RiskVerdict.None;
        }

        // A client with a secret is a server: its network is not the device's.
        var network = facts is { HasSecret: true, Network: NetworkComparison.Other } ? NetworkComparison.Unknown : facts.Network;
        var isStrict = level == SecurityLevel.Strict;
        var isElsewhere = network == NetworkComparison.Other;
        var isRiskyLink = facts is { IsOfLink: true, ChangesThings: true } && network != NetworkComparison.Same;
        (RiskReason Reason, bool Holds)[] signs =
        [
            (RiskReason.Suspected, facts.IsSuspected),
            (RiskReason.ReplacesDevice, isElsewhere && facts.ReplacesDevice),
            (RiskReason.OtherNetwork, isElsewhere),
            (RiskReason.UnknownNetwork, network == NetworkComparison.Unknown && (isRiskyLink || isStrict)),
            (RiskReason.Link, isRiskyLink),
        ];
        RiskReason[] reasons = [.. signs.Where(sign => sign.Holds).Select(sign => sign.Reason)];
        var isSevere = facts.IsSuspected || (isElsewhere && (isStrict || facts.ReplacesDevice || isRiskyLink));
        return new RiskVerdict(
            reasons switch
            {
                [] => ApprovalRisk.None,
                _ when !isSevere => ApprovalRisk.Warn,
                _ when facts.CanMatchNumber => ApprovalRisk.MatchNumber,
                _ when isStrict && facts.CanStepUp => ApprovalRisk.StepUp,
                _ => ApprovalRisk.Warn,
            },
            reasons);
    }

    /// <summary>
    /// The more severe of two verdicts. A step-up comes before the number: once the approver has signed in again it counts as a warning, and the
    /// number is asked for. So neither replaces the other.
    /// </summary>
    public static ApprovalRisk MoreSevere(ApprovalRisk one, ApprovalRisk other) => Severity(one) >= Severity(other) ? one : other;

    private static int Severity(ApprovalRisk risk) => risk switch
    {
        ApprovalRisk.None => 0,
        ApprovalRisk.Warn => 1,
        ApprovalRisk.MatchNumber => 2,
        ApprovalRisk.StepUp => 3,
        _ => 4,
    };
}

/// <summary>What the rule judges.</summary>
/// <param name="Network">Where the device asked from, seen from the approver.</param>
/// <param name="IsSuspected">Whether another user entered the code before, or its network seems to run a campaign.</param>
/// <param name="IsOfLink">Whether a link included the code.</param>
/// <param name="ChangesThings">Whether a requested scope lets the device change things.</param>
/// <param name="ReplacesDevice">Whether approving takes the access of a known device away.</param>
/// <param name="HasSecret">Whether the client proved who it is.</param>
/// <param name="CanMatchNumber">Whether the device can show a number, and the host lets it be compared.</param>
/// <param name="CanStepUp">Whether it is known when the approver signed in.</param>
internal sealed record RiskFacts(
    NetworkComparison Network,
    bool IsSuspected = false,
    bool IsOfLink = false,
    bool ChangesThings = false,
    bool ReplacesDevice = false,
    bool HasSecret = false,
    bool CanMatchNumber = false,
    bool CanStepUp = false);

/// <summary>How risky an approval is, and why.</summary>
internal sealed record RiskVerdict(ApprovalRisk Risk, IReadOnlyList<RiskReason> Reasons)
{
    public static readonly RiskVerdict None = new(ApprovalRisk.None, []);
}
