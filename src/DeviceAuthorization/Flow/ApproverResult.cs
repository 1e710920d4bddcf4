namespace DeviceAuthorization;

/// <summary>The result of an approver's step. Each method of <see cref="ApproverFlow"/> says which results it has.</summary>
public abstract record ApproverResult
{
    private ApproverResult()
    {
    }

    /// <summary>The pairing waits for a decision. This is what to show to the approver.</summary>
    public sealed record Review : ApproverResult
    {
        /// <summary>The pairing.</summary>
        public required Pairing Pairing { get; init; }

        /// <summary>The requested scopes that this approver can grant, sorted.</summary>
        public required IReadOnlyList<string> GrantableScopes { get; init; }

        /// <summary>
        /// The more severe of the host's assessment (<see cref="IPairingPolicy.AssessAsync"/>) and that of the built-in rule
        /// (<see cref="DeviceAuthorizationOptions.Security"/>). It is <see cref="ApprovalRisk.StepUp"/> only until the approver has signed in again.
        /// </summary>
        public ApprovalRisk Risk { get; init; }

        /// <summary>Why, the most important first. Say each in neutral words: most have an innocent cause. Empty if there is no risk.</summary>
        public IReadOnlyList<RiskReason> Reasons { get; init; } = [];

        /// <summary>
        /// The approver's device that has the identifier which this one claims; <see langword="null"/> if there is none. Any device can claim an
        /// identifier: warn that approving replaces that device's access, and offer <see cref="Approval.AsNewDevice"/>.
        /// </summary>
        public Device? KnownDevice { get; init; }

        /// <summary>
        /// Whether the approver has reached <see cref="DeviceAuthorizationOptions.MaxTokensPerUser"/>, and must remove a device or a token before
        /// they can approve. A token of <see cref="KnownDevice"/> that the approval would replace does not count.
        /// </summary>
        public bool IsTokenLimitReached { get; init; }
    }

    /// <summary>The approver approved, and must still choose the number that the device shows: <see cref="ApproverFlow.ChooseNumberAsync"/>.</summary>
    public sealed record ChooseNumber : ApproverResult
    {
        /// <summary>The pairing.</summary>
        public required Pairing Pairing { get; init; }

        /// <summary>The number and two others, in ascending order. They are the same at every call.</summary>
        public required IReadOnlyList<int> Numbers { get; init; }
    }

    /// <summary>The device may fetch its token.</summary>
    /// <param name="Device">The device, registered now or known before.</param>
    public sealed record Approved(Device Device) : ApproverResult;

    /// <summary>The device gets <c>access_denied</c> with its next poll.</summary>
    public sealed record Denied : ApproverResult;

    /// <summary>This approver decided before, perhaps in another window, or the device gave up after they had entered its code. Nothing changed.</summary>
    /// <param name="Pairing">The pairing. Its status says what they decided, and whether the device has its token or gave up.</param>
    public sealed record AlreadyDecided(Pairing Pairing) : ApproverResult;

    /// <summary>The step is not possible. Nothing changed, except as <see cref="ApproverRefusal.DeviceLimitReached"/> says.</summary>
    /// <param name="Reason">Why.</param>
    public sealed record Refused(ApproverRefusal Reason) : ApproverResult;
}
