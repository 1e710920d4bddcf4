using DeviceAuthorization.Rules;

namespace DeviceAuthorization;

/// <summary>What the host makes of an approval that is about to happen.</summary>
public enum ApprovalRisk
{
    /// <summary>Nothing is unusual.</summary>
    None,

    /// <summary>The page warns, and the approver decides.</summary>
    Warn,

    /// <summary>
    /// The approver must have signed in after the device asked: the page sends them to the host's sign-in once more and back. Approving without
    /// that is refused.
    /// </summary>
    StepUp,

    /// <summary>It cannot be approved.</summary>
    Block,

    /// <summary>
    /// The page warns, and the approver must choose the number that the device shows (<see cref="NumberMatching.WhenRisky"/>). It cannot be
    /// approved where that is off, or when the device cannot show one (<see cref="Pairing.CanShowNumber"/>).
    /// </summary>
    MatchNumber,
}
