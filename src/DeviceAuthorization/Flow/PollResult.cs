using DeviceAuthorization.Rules;

namespace DeviceAuthorization;

/// <summary>The answer to a poll (RFC 8628 §3.5).</summary>
public abstract record PollResult
{
    private PollResult()
    {
    }

    /// <summary>The device is paired. Holds the token: it is shown here and nowhere else.</summary>
    public sealed record Paired : PollResult
    {
        /// <summary>The token.</summary>
        public required DeviceToken Token { get; init; }

        /// <summary>Its record.</summary>
        public required IssuedToken Issued { get; init; }
    }

    /// <summary>No token, and why.</summary>
    /// <param name="Error">Why.</param>
    public sealed record NotPaired(PairingError Error) : PollResult
    {
        /// <summary>With <see cref="PairingError.SlowDown"/>: the interval from now on.</summary>
        public TimeSpan? Interval { get; init; }

        /// <summary>With <see cref="PairingError.InvalidGrant"/>: whether there is no pairing with this device code, or none any more.</summary>
        public bool IsUnknownCode { get; init; }

        /// <summary>With <see cref="PairingError.AuthorizationPending"/>, while the approver compares: the number to show.</summary>
        public int? MatchNumber { get; init; }

        // Most polls get one of these: they are made once.
        internal static NotPaired Pending { get; } = new(PairingError.AuthorizationPending);

        internal static NotPaired Refused { get; } = new(PairingError.InvalidGrant);

        internal static NotPaired UnknownCode { get; } = new(PairingError.InvalidGrant) { IsUnknownCode = true };
    }
}
