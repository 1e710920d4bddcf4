namespace DeviceAuthorization;

/// <summary>The answer to an approver's decision.</summary>
public abstract record DecisionResult
{
    private DecisionResult()
    {
    }

    /// <summary>The device may fetch its token.</summary>
    /// <param name="Device">The device, registered now or known before.</param>
    public sealed record Approved(Device Device) : DecisionResult;

    /// <summary>It counts once the approver has chosen the number that the device shows: <see cref="PairingService.MatchAsync"/>.</summary>
    /// <param name="Numbers">The number and two others, in ascending order; the same ones every time.</param>
    public sealed record Matching(IReadOnlyList<int> Numbers) : DecisionResult;

    /// <summary>The device will hear <c>access_denied</c>.</summary>
    public sealed record Denied : DecisionResult;

    /// <summary>Unknown, expired, or in another user's hands: told apart for nobody. Nothing changed.</summary>
    public sealed record NotFound : DecisionResult;

    /// <summary>This approver decided before, perhaps in another window. Nothing changed.</summary>
    /// <param name="Status">What was decided, and whether the device has its token.</param>
    public sealed record AlreadyDecided(PairingStatus Status) : DecisionResult;

    /// <summary>The approval names a scope that was not asked for or that this approver does not have, or none. Nothing changed.</summary>
    public sealed record ScopesNotGrantable : DecisionResult;

    /// <summary>The host's policy wants the approver to sign in anew first (<see cref="ApprovalRisk.StepUp"/>). Nothing changed.</summary>
    public sealed record StepUpRequired : DecisionResult;

    /// <summary>A number must be compared, and this approval cannot (<see cref="Approval.CanCompareNumber"/>). Nothing changed.</summary>
    public sealed record NumberRequired : DecisionResult;

    /// <summary>The host's policy stops this approval (<see cref="ApprovalRisk.Block"/>). Nothing changed.</summary>
    public sealed record Blocked : DecisionResult;

    /// <summary>The approver has as many tokens as they may have, and must remove a device or a token first. Nothing changed.</summary>
    /// <param name="Limit"><see cref="DeviceAuthorizationOptions.MaxTokensPerUser"/>.</param>
    public sealed record TokenLimitReached(int Limit) : DecisionResult;

    /// <summary>
    /// The approver has as many devices as allowed (<see cref="DeviceAuthorizationOptions.MaxDevicesPerUser"/>), and this would be a new one.
    /// Nothing changed, unless another device took the last place during this call: then this one connects if its owner removes a device in time.
    /// </summary>
    /// <param name="Limit">How many devices a user may have.</param>
    public sealed record DeviceLimitReached(int Limit) : DecisionResult;

    /// <summary>The host's policy says that the approver's account is not active. Nothing changed.</summary>
    public sealed record Forbidden : DecisionResult;
}
