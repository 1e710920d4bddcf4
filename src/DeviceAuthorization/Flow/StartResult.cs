namespace DeviceAuthorization;

/// <summary>The answer to a <see cref="PairingRequest"/>.</summary>
public abstract record StartResult
{
    private StartResult()
    {
    }

    /// <summary>The pairing waits for its approver. Holds both codes: they are shown here once and nowhere else.</summary>
    public sealed record Started : StartResult
    {
        /// <summary>For the device.</summary>
        public required DeviceCode DeviceCode { get; init; }

        /// <summary>For the person.</summary>
        public required UserCode UserCode { get; init; }

        /// <summary>How long both live.</summary>
        public required TimeSpan ExpiresIn { get; init; }

        /// <summary>Least time between two polls.</summary>
        public required TimeSpan Interval { get; init; }

        /// <summary>Whether a link or QR code may bring the user code along; else show where to type it (<see cref="DeviceClient.AllowLink"/>).</summary>
        public bool AllowsLink { get; init; } = true;
    }

    /// <summary>Scopes the host does not have, or this client may not ask for; nothing was started.</summary>
    /// <param name="Scopes">These, as sent.</param>
    public sealed record UnknownScopes(IReadOnlyList<string> Scopes) : StartResult;

    /// <summary>The host's policy does not let this device pair (<see cref="IPairingPolicy.MayStartAsync"/>); nothing was started.</summary>
    public sealed record Forbidden : StartResult;

    /// <summary>The host pairs only devices that can show a number (<see cref="NumberMatching.Always"/>); nothing was started.</summary>
    public sealed record NumberRequired : StartResult;

    /// <summary>The store is full, or the device's network has its share of it: try later. No live pairing is ever evicted to make room.</summary>
    public sealed record Unavailable : StartResult;
}
