using DeviceAuthorization.Rules;

namespace DeviceAuthorization;

/// <summary>The answer to a poll (RFC 8628 §3.5).</summary>
public abstract record PollResult
{
    private PollResult()
    {
    }

    /// <summary>The device is paired. Only this result contains the token.</summary>
    public sealed record Paired : PollResult
    {
        /// <summary>The token itself, for the device.</summary>
        public required DeviceToken Token { get; init; }

        /// <summary>The record of the token.</summary>
        public required AccessToken Issued { get; init; }
    }

    /// <summary>The device gets no token.</summary>
    /// <param name="Error">Why, and whether it should poll again.</param>
    public sealed record NotPaired(PairingError Error) : PollResult
    {
        /// <summary>With <see cref="PairingError.SlowDown"/>: the polling interval from now on.</summary>
        public TimeSpan? Interval { get; init; }

        /// <summary>With <see cref="PairingError.InvalidGrant"/>: whether the store has no pairing with this device code.</summary>
        public bool IsUnknownCode { get; init; }

        /// <summary>With <see cref="PairingError.AuthorizationPending"/>, during number matching: the number to show.</summary>
        public int? MatchNumber { get; init; }

        /// <summary>
        /// With <see cref="PairingError.AuthorizationPending"/>: whether the answer waited as <see cref="PollRequest.Wait"/> asks, and the device may
        /// poll again at once.
        /// </summary>
        public bool WasHeld { get; init; }

        // Most polls get one of these, so each is created once.
        internal static NotPaired Pending { get; } = new(PairingError.AuthorizationPending);

        internal static NotPaired HeldPending { get; } = Pending with { WasHeld = true };

        internal static NotPaired Refused { get; } = new(PairingError.InvalidGrant);

        internal static NotPaired UnknownCode { get; } = new(PairingError.InvalidGrant) { IsUnknownCode = true };
    }
}
