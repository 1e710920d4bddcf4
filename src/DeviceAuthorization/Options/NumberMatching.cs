using DeviceAuthorization.Rules;

namespace DeviceAuthorization;

/// <summary>Whether approvers must choose the number that the device shows before their approval counts.</summary>
public enum NumberMatching
{
    /// <summary>Never. An approval for which the policy wants it (<see cref="ApprovalRisk.MatchNumber"/>) is refused.</summary>
    Off,

    /// <summary>If the policy answers <see cref="ApprovalRisk.MatchNumber"/>. A device that cannot show a number is then refused.</summary>
    WhenRisky,

    /// <summary>For every approval. A device that cannot show a number cannot be paired.</summary>
    Always,
}
