namespace DeviceAuthorization.Testing;

/// <summary>What a host answers to an approver.</summary>
public abstract record ApproverAnswer
{
    private ApproverAnswer()
    {
    }

    /// <summary>The code waits for a decision.</summary>
    public sealed record Found : ApproverAnswer
    {
        /// <summary>The name that the device reports.</summary>
        public required string DeviceName { get; init; }

        /// <summary>The client on it.</summary>
        public required string ClientId { get; init; }

        /// <summary>The requested scopes.</summary>
        public required IReadOnlyList<string> RequestedScopes { get; init; }

        /// <summary>The requested scopes that this approver may grant.</summary>
        public required IReadOnlyList<string> GrantableScopes { get; init; }

        /// <summary>The approver's device with the same identifier; <see langword="null"/> for a new device.</summary>
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

    /// <summary>410: this approver has already decided.</summary>
    /// <param name="Detail">The decision, in words.</param>
    public sealed record AlreadyDecided(string Detail) : ApproverAnswer;

    /// <summary>503, or no answer at all: whether the decision counts is unknown.</summary>
    public sealed record Unavailable : ApproverAnswer;

    /// <summary>Any other answer: not signed in, not allowed, malformed.</summary>
    /// <param name="Status">The HTTP status.</param>
    public sealed record Refused(int Status) : ApproverAnswer;
}
