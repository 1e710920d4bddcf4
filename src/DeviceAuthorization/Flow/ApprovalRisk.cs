using DeviceAuthorization.Rules;

namespace DeviceAuthorization;

/// <summary>
/// How risky an approval is: for the host (<see cref="IPairingPolicy.AssessAsync"/>), and for the built-in rule
/// (<see cref="DeviceAuthorizationOptions.Security"/>), which never blocks. The more severe counts. A step-up and a number are both required.
/// </summary>
public enum ApprovalRisk
{
    /// <summary>Nothing is unusual.</summary>
    None,

    /// <summary>The page warns, and the approver decides.</summary>
    Warn,

    /// <summary>
    /// The approver must sign in after the device asked. The page sends them to the host's sign-in and back. An approval without a new sign-in is
    /// refused.
    /// </summary>
    StepUp,

    /// <summary>The pairing cannot be approved.</summary>
    Block,

    /// <summary>
    /// The page warns, and the approver must choose the number that the device shows (<see cref="NumberMatching.WhenRisky"/>). The pairing cannot be
    /// approved if number matching is off, or if the device cannot show a number (<see cref="Pairing.CanShowNumber"/>).
    /// </summary>
    MatchNumber,
}
