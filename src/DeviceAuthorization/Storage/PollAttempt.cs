namespace DeviceAuthorization.Storage;

/// <summary>The result of <see cref="IPairingStore.TryAcceptPollAsync"/>.</summary>
public readonly record struct PollAttempt
{
    /// <summary>The poll was accepted, and the next due time is stored.</summary>
    public static PollAttempt Accepted { get; } = new() { IsAccepted = true };

    /// <summary>Whether the poll was accepted. If not, nothing changed.</summary>
    public bool IsAccepted { get; private init; }

    /// <summary>If not accepted: the stored pairing; <see langword="null"/> if the device code is unknown.</summary>
    public Pairing? Pairing { get; private init; }

    /// <summary>The poll was not accepted. The rules decide what to answer.</summary>
    /// <param name="pairing">The stored pairing; <see langword="null"/> if the device code is unknown.</param>
    public static PollAttempt NotAccepted(Pairing? pairing) => new() { Pairing = pairing };
}
