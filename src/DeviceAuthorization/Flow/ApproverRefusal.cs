namespace DeviceAuthorization;

/// <summary>Why an approver's step is not possible.</summary>
public enum ApproverRefusal
{
    /// <summary>The code is unknown, expired, decided by another user, or claimed by one. Nobody can tell these apart, so that codes cannot be probed.</summary>
    NotFound,

    /// <summary>A link filled the code in, and the client requires that people type it (<see cref="DeviceClient.AllowLink"/>).</summary>
    MustBeTyped,

    /// <summary>The approver's account is not active (<see cref="IPairingPolicy.IsActiveAsync"/>).</summary>
    Forbidden,

    /// <summary>The approval names no scope, or one that was not requested or that this approver cannot grant.</summary>
    ScopesNotGrantable,

    /// <summary>A new sign-in is required first (<see cref="ApprovalRisk.StepUp"/>).</summary>
    StepUpRequired,

    /// <summary>Number matching is required, which this approval does not support (<see cref="Approval.SupportsNumberMatching"/>).</summary>
    NumberRequired,

    /// <summary>The host blocks the approval (<see cref="ApprovalRisk.Block"/>).</summary>
    Blocked,

    /// <summary>The approver has reached <see cref="DeviceAuthorizationOptions.MaxTokensPerUser"/>, and must remove a device or a token first.</summary>
    TokenLimitReached,

    /// <summary>
    /// The approver has reached <see cref="DeviceAuthorizationOptions.MaxDevicesPerUser"/>, and this device would be a new one. If another device took
    /// the last place during this call, the pairing is approved: the device gets its token if the approver removes a device in time.
    /// </summary>
    DeviceLimitReached,
}
