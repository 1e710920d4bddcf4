namespace DeviceAuthorization;

/// <summary>What an approver granted: the plan of the token, never the token itself.</summary>
public sealed record PairingGrant
{
    /// <summary>The granted scopes, sorted, without repeats; a subset of <see cref="Pairing.RequestedScopes"/>.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>
    /// The name the approver gave the device, <see langword="null"/> to keep the known or reported one; once registered, the name it has.
    /// </summary>
    public string? DeviceName { get; init; }

    /// <summary>Whether the device becomes a new one, whatever identifier it claims.</summary>
    public bool AsNewDevice { get; init; }

    /// <summary>When the token will expire; <see langword="null"/> when it never does.</summary>
    public DateTimeOffset? TokenExpiresAt { get; init; }

    /// <summary>
    /// 256 random bits, base64url. With the device code, which no store holds, they make the token; alone they are useless.
    /// </summary>
    public required string TokenSalt { get; init; }

    /// <summary>
    /// The registered device; <see langword="null"/> only between the decision and the registration that follows it, which
    /// redemption repeats when it finds it missing.
    /// </summary>
    public string? DeviceId { get; init; }

    /// <summary>Says how much is granted, and keeps the salt to itself.</summary>
    public override string ToString() => $"PairingGrant {{ Scopes = {string.Join(' ', Scopes)}, DeviceId = {DeviceId} }}";
}
