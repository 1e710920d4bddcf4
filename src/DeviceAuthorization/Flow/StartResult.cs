namespace DeviceAuthorization;

/// <summary>The result of a start (<see cref="DeviceFlow.StartAsync"/>).</summary>
public abstract record StartResult
{
    private StartResult()
    {
    }

    /// <summary>The pairing waits for its approver. Only this result contains the two codes.</summary>
    public sealed record Started : StartResult
    {
        /// <summary>The code that the device polls with.</summary>
        public required DeviceCode DeviceCode { get; init; }

        /// <summary>The code that the approver enters.</summary>
        public required UserCode UserCode { get; init; }

        /// <summary>How long both codes are valid.</summary>
        public required TimeSpan ExpiresIn { get; init; }

        /// <summary>The least time between two polls.</summary>
        public required TimeSpan Interval { get; init; }

        /// <summary>Whether a link or QR code may contain the user code. If not, show where to type it (<see cref="DeviceClient.AllowLink"/>).</summary>
        public bool AllowsLink { get; init; } = true;
    }

    /// <summary>The host does not have these scopes, or the client may not request them. Nothing was started.</summary>
    /// <param name="Scopes">The scopes, as sent.</param>
    public sealed record UnknownScopes(IReadOnlyList<string> Scopes) : StartResult;

    /// <summary>The host's policy does not let this device pair (<see cref="IPairingPolicy.MayStartAsync"/>). Nothing was started.</summary>
    public sealed record Forbidden : StartResult;

    /// <summary>The host pairs only devices that can show a number (<see cref="NumberMatching.Always"/>). Nothing was started.</summary>
    public sealed record NumberRequired : StartResult;

    /// <summary>The store is full, or the device's network has used its share of it: try later. The store never evicts a live pairing.</summary>
    public sealed record Unavailable : StartResult;
}
