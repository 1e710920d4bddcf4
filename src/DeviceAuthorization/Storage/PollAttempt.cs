namespace DeviceAuthorization.Storage;

/// <summary>What <see cref="IPairingStore.TryAcceptPollAsync"/> did.</summary>
public readonly record struct PollAttempt
{
    /// <summary>The poll was in order: pending, due, and now stamped.</summary>
    public static PollAttempt Accepted { get; } = new() { IsAccepted = true };

    /// <summary>Whether the poll was accepted. If not, nothing changed.</summary>
    public bool IsAccepted { get; private init; }

    /// <summary>When not accepted: the pairing as it is, or <see langword="null"/> when the device code is unknown.</summary>
    public Pairing? Pairing { get; private init; }

    /// <summary>The poll is out of the ordinary: the rules decide what to answer.</summary>
    /// <param name="pairing">The pairing as it is, or <see langword="null"/> when the device code is unknown.</param>
    public static PollAttempt NotAccepted(Pairing? pairing) => new() { Pairing = pairing };
}
