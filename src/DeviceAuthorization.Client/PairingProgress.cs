namespace DeviceAuthorization.Client;

/// <summary>
/// One step of a pairing. <see cref="DevicePairing.WatchAsync"/> ends with exactly one of <see cref="Connected"/>, <see cref="Denied"/>,
/// <see cref="Expired"/> and <see cref="Refused"/>.
/// </summary>
public abstract record PairingProgress
{
    private PairingProgress()
    {
    }

    /// <summary>The server answered, and the approver has not decided yet.</summary>
    /// <param name="TimeLeft">How long the code is still valid.</param>
    public sealed record Waiting(TimeSpan TimeLeft) : PairingProgress;

    /// <summary>Show this number until the next ending or number: the approver picks it on their screen. Only with <see cref="PairingClientOptions.CanShowNumber"/>.</summary>
    /// <param name="Number">The number.</param>
    public sealed record ShowNumber(int Number) : PairingProgress;

    /// <summary>The server gave no usable answer. The client tries again until the code expires.</summary>
    /// <param name="Reason">What went wrong, in a few words for a log or a screen.</param>
    /// <param name="RetryIn">How long the client waits before it tries again.</param>
    public sealed record Trouble(string Reason, TimeSpan RetryIn) : PairingProgress;

    /// <summary>The approver approved. An ending.</summary>
    /// <param name="Token">The token. It is a secret, and prints as nothing.</param>
    public sealed record Connected(IssuedToken Token) : PairingProgress;

    /// <summary>The approver denied, or the server stopped the pairing (<c>access_denied</c>). An ending.</summary>
    public sealed record Denied : PairingProgress;

    /// <summary>Nobody decided in time (<c>expired_token</c>, or the lifetime is over). An ending: start again for a new code.</summary>
    public sealed record Expired : PairingProgress;

    /// <summary>The server refuses to go on. An ending.</summary>
    /// <param name="Error">The error of RFC 6749 §5.2, or <c>invalid_response</c> if the server answered with something else.</param>
    /// <param name="Description">The server's explanation for developers, without control characters.</param>
    public sealed record Refused(string Error, string? Description) : PairingProgress;
}
