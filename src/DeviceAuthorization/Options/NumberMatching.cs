using DeviceAuthorization.Rules;

namespace DeviceAuthorization;

/// <summary>Whether approvers compare a number with the one that the device shows, before their approval counts.</summary>
public enum NumberMatching
{
    /// <summary>Never. An approval that the policy wants compared (<see cref="ApprovalRisk.MatchNumber"/>) is stopped.</summary>
    Off,

    /// <summary>When the policy says <see cref="ApprovalRisk.MatchNumber"/>; that stops a device which cannot show a number.</summary>
    WhenRisky,

    /// <summary>With every approval. A device that cannot show a number is not paired at all.</summary>
    Always,
}
