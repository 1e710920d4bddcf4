namespace DeviceAuthorization.Testing;

/// <summary>What a host answers an approver.</summary>
public abstract record ApproverAnswer
{
    private ApproverAnswer()
    {
    }

    /// <summary>The code waits for a decision.</summary>
    public sealed record Found : ApproverAnswer
    {
        /// <summary>What the device calls itself.</summary>
        public required string DeviceName { get; init; }

        /// <summary>The app on it.</summary>
        public required string ClientId { get; init; }

        /// <summary>What it asks for.</summary>
        public required IReadOnlyList<string> RequestedScopes { get; init; }

        /// <summary>What this approver may grant of that.</summary>
        public required IReadOnlyList<string> GrantableScopes { get; init; }

        /// <summary>The approver's device that it says it is; <see langword="null"/> for a new one.</summary>
        public string? ReplacedDeviceId { get; init; }
    }

    /// <summary>The approval counts.</summary>
    /// <param name="DeviceId">The device in the registry.</param>
    /// <param name="DeviceName">Its name there.</param>
    public sealed record Approved(string DeviceId, string? DeviceName) : ApproverAnswer;

    /// <summary>The denial counts.</summary>
    public sealed record Denied : ApproverAnswer;

    /// <summary>404: the code is unknown, expired, or another user's.</summary>
    public sealed record Unknown : ApproverAnswer;

    /// <summary>410: this approver has decided before.</summary>
    /// <param name="Detail">How, in words.</param>
    public sealed record AlreadyDecided(string Detail) : ApproverAnswer;

    /// <summary>503, or no answer at all: whether the decision counts is unknown.</summary>
    public sealed record Unavailable : ApproverAnswer;

    /// <summary>Any other answer: not signed in, not allowed, not well-formed.</summary>
    /// <param name="Status">The HTTP status.</param>
    public sealed record Refused(int Status) : ApproverAnswer;
}
