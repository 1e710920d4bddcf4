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
}
