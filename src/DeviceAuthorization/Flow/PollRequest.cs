namespace DeviceAuthorization;

/// <summary>A device asks for its token (RFC 8628 §3.4).</summary>
public sealed record PollRequest
{
    /// <summary>The device code.</summary>
    public required DeviceCode DeviceCode { get; init; }

    /// <summary>The client that the poll names, if it names one.</summary>
    public string? ClientId { get; init; }

    /// <summary>Its <c>Idempotency-Key</c>, if it has one.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>
    /// The network address that it comes from, as the host's server sees it; <see langword="null"/> if it is not known. A used code that comes
    /// back from another network is noticed by it (<see cref="PairingEvent.ReplaySuspected"/>).
    /// </summary>
    public string? Address { get; init; }

    /// <summary>Never the key.</summary>
    public override string ToString() => $"PollRequest {{ ClientId = {ClientId} }}";
}
