namespace DeviceAuthorization;

/// <summary>What an approver granted. It describes the token but does not contain it.</summary>
public sealed record PairingGrant
{
    /// <summary>The granted scopes, sorted, without repeats; a subset of <see cref="Pairing.RequestedScopes"/>.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>
    /// The name that the approver gave the device; <see langword="null"/> to keep the known or reported one. After registration, the device's name.
    /// </summary>
    public string? DeviceName { get; init; }

    /// <summary>Whether to create a new device even if the user has one with the same identifier.</summary>
    public bool AsNewDevice { get; init; }

    /// <summary>When the token will expire; <see langword="null"/> if never.</summary>
    public DateTimeOffset? TokenExpiresAt { get; init; }

    /// <summary>
    /// 256 random bits, base64url. The token is derived from them and the device code, which no store holds. Alone they are useless.
    /// </summary>
    public required string TokenSalt { get; init; }

    /// <summary>
    /// The registered device; <see langword="null"/> only between the decision and the registration that follows it. If the registration
    /// failed, redemption repeats it.
    /// </summary>
    public string? DeviceId { get; init; }

    /// <summary>
    /// How often its approver had been signed out everywhere when they approved. After the next time, the approval gives no token
    /// (<see cref="DeviceAccess.SignOutEverywhereAsync"/>).
    /// </summary>
    public long SignOuts { get; init; }

    /// <summary>The stamp of the approver's account when they approved; the token keeps it (<see cref="AccessToken.AccountStamp"/>).</summary>
    public string? AccountStamp { get; init; }

    /// <summary>Shows the scopes and the device, not the salt.</summary>
    public override string ToString() => $"PairingGrant {{ Scopes = {string.Join(' ', Scopes)}, DeviceId = {DeviceId} }}";
}
