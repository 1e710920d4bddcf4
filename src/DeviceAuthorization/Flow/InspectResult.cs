namespace DeviceAuthorization;

/// <summary>What an approver sees behind a user code.</summary>
public abstract record InspectResult
{
    private InspectResult()
    {
    }

    /// <summary>A pairing that waits for a decision.</summary>
    public sealed record Found : InspectResult
    {
        /// <summary>The pairing.</summary>
        public required Pairing Pairing { get; init; }

        /// <summary>Of the requested scopes, those this approver can grant; sorted.</summary>
        public required IReadOnlyList<string> GrantableScopes { get; init; }

        /// <summary>What the host makes of it; <see cref="ApprovalRisk.StepUp"/> only until the approver has signed in anew.</summary>
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

    /// <summary>This approver has approved it, and has still to choose the number that the device shows.</summary>
    public sealed record Matching : InspectResult
    {
        /// <summary>The pairing.</summary>
        public required Pairing Pairing { get; init; }

        /// <summary>The number and two others, in ascending order; the same ones every time.</summary>
        public required IReadOnlyList<int> Numbers { get; init; }
    }

    /// <summary>Unknown, expired, or in another user's hands: told apart for nobody.</summary>
    public sealed record NotFound : InspectResult;

    /// <summary>This approver has decided it already.</summary>
    /// <param name="Status">What was decided, and whether the device has its token.</param>
    public sealed record AlreadyDecided(PairingStatus Status) : InspectResult;
}
