namespace DeviceAuthorization;

/// <summary>A device asks for its token (RFC 8628 §3.4).</summary>
public sealed record PollRequest
{
    /// <summary>The device code.</summary>
    public required DeviceCode DeviceCode { get; init; }

    /// <summary>The client that the poll names, if it names one.</summary>
    public string? ClientId { get; init; }

    /// <summary>The <c>Idempotency-Key</c> of the poll, if it has one.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>
    /// The network address that the poll comes from, as the host's server sees it; <see langword="null"/> if unknown. It detects a used code that
    /// comes back from another network (<see cref="PairingEvent.ReplaySuspected"/>).
    /// </summary>
    public string? Address { get; init; }

    /// <summary>
    /// How long the answer may wait for the decision, if there is none yet; at most <see cref="DeviceAuthorizationOptions.MaxPollWait"/>. The poll counts
    /// when it comes, and as one.
    /// </summary>
    /// <value>Zero by default: the answer comes at once.</value>
    public TimeSpan Wait { get; init; }

    /// <summary>Never the key.</summary>
    public override string ToString() => $"PollRequest {{ ClientId = {ClientId} }}";
}
