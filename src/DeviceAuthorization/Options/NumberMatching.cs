using DeviceAuthorization.Rules;

namespace DeviceAuthorization;

/// <summary>Whether approvers must choose the number that the device shows before their approval counts.</summary>
public enum NumberMatching
{
    /// <summary>
    /// Never. An approval for which the host's policy wants it (<see cref="ApprovalRisk.MatchNumber"/>) is refused. The built-in risk rule wants none.
    /// </summary>
    Off,

    /// <summary>
    /// If the host's policy or the built-in risk rule wants it (<see cref="ApprovalRisk.MatchNumber"/>). A device that cannot show a number is refused
    /// if the policy wants it; the rule never wants it from such a device.
    /// </summary>
    WhenRisky,

    /// <summary>For every approval. A device that cannot show a number cannot be paired.</summary>
    Always,
}
