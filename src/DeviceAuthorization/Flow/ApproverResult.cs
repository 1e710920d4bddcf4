namespace DeviceAuthorization;

/// <summary>The answer to an approver. Each method of <see cref="ApproverFlow"/> says which of these it gives.</summary>
public abstract record ApproverResult
{
    private ApproverResult()
    {
    }

    /// <summary>A pairing that waits for a decision: what to show to the approver.</summary>
    public sealed record Review : ApproverResult
    {
        /// <summary>The pairing.</summary>
        public required Pairing Pairing { get; init; }

        /// <summary>Of the requested scopes, those this approver can grant; sorted.</summary>
        public required IReadOnlyList<string> GrantableScopes { get; init; }

        /// <summary>How risky the host finds it; <see cref="ApprovalRisk.StepUp"/> only until the approver has signed in again.</summary>
        public ApprovalRisk Risk { get; init; }

        /// <summary>
        /// The approver's device that has the identifier this one claims, if there is one. Anybody can claim one: say that approving replaces
        /// that device's access, and offer <see cref="Approval.AsNewDevice"/>.
        /// </summary>
        public Device? KnownDevice { get; init; }

        /// <summary>
        /// Whether the approver has as many tokens as <see cref="DeviceAuthorizationOptions.MaxTokensPerUser"/> allows, so that they cannot approve
        /// until they remove a device or a token. A token that <see cref="KnownDevice"/> has does not count when it is going to be replaced.
        /// </summary>
        public bool IsTokenLimitReached { get; init; }
    }

    /// <summary>
    /// The approver approved it, and must still choose the number that the device shows: <see cref="ApproverFlow.ChooseNumberAsync"/>.
    /// </summary>
    public sealed record ChooseNumber : ApproverResult
    {
        /// <summary>The pairing.</summary>
        public required Pairing Pairing { get; init; }

        /// <summary>The number and two others, in ascending order; the same ones every time.</summary>
        public required IReadOnlyList<int> Numbers { get; init; }
    }

    /// <summary>A link filled the code in, and the client wants its codes typed (<see cref="DeviceClient.AllowLink"/>). Nothing changed.</summary>
    public sealed record MustBeTyped : ApproverResult;

    /// <summary>The device may fetch its token.</summary>
    /// <param name="Device">The device, registered now or known before.</param>
    public sealed record Approved(Device Device) : ApproverResult;

    /// <summary>The next poll of the device is answered <c>access_denied</c>.</summary>
    public sealed record Denied : ApproverResult;

    /// <summary>Unknown, expired, or in another user's hands: told apart for nobody. Nothing changed.</summary>
    public sealed record NotFound : ApproverResult;

    /// <summary>This approver decided before, perhaps in another window. Nothing changed.</summary>
    /// <param name="Status">What was decided, and whether the device has its token.</param>
    public sealed record AlreadyDecided(PairingStatus Status) : ApproverResult;

    /// <summary>The approval names a scope that was not asked for or that this approver does not have, or none. Nothing changed.</summary>
    public sealed record ScopesNotGrantable : ApproverResult;

    /// <summary>The host's policy wants the approver to sign in anew first (<see cref="ApprovalRisk.StepUp"/>). Nothing changed.</summary>
    public sealed record StepUpRequired : ApproverResult;

    /// <summary>A number must be compared, and this approval cannot (<see cref="Approval.CanCompareNumber"/>). Nothing changed.</summary>
    public sealed record NumberRequired : ApproverResult;

    /// <summary>The host's policy stops this approval (<see cref="ApprovalRisk.Block"/>). Nothing changed.</summary>
    public sealed record Blocked : ApproverResult;

    /// <summary>The approver has as many tokens as they may have, and must remove a device or a token first. Nothing changed.</summary>
    /// <param name="Limit"><see cref="DeviceAuthorizationOptions.MaxTokensPerUser"/>.</param>
    public sealed record TokenLimitReached(int Limit) : ApproverResult;

    /// <summary>
    /// The approver has as many devices as allowed (<see cref="DeviceAuthorizationOptions.MaxDevicesPerUser"/>), and this would be a new one.
    /// Nothing changed, unless another device took the last place during this call: then this one connects if its owner removes a device in time.
    /// </summary>
    /// <param name="Limit">How many devices a user may have.</param>
    public sealed record DeviceLimitReached(int Limit) : ApproverResult;

    /// <summary>The host's policy says that the approver's account is not active. Nothing changed.</summary>
    public sealed record Forbidden : ApproverResult;
}
