using System.Text.Json.Serialization;

namespace DeviceAuthorization.Testing;

/// <summary>The answer to a device that starts a pairing (RFC 8628 §3.2).</summary>
public sealed record DeviceCodes
{
    /// <summary>The secret it polls with.</summary>
    [JsonPropertyName("device_code")]
    public required string DeviceCode { get; init; }

    /// <summary>The code that its owner enters, as the device shows it.</summary>
    [JsonPropertyName("user_code")]
    public required string UserCode { get; init; }

    /// <summary>The page where its owner enters it.</summary>
    [JsonPropertyName("verification_uri")]
    public required string VerificationUri { get; init; }

    /// <summary>The same page, with the code in the link.</summary>
    [JsonPropertyName("verification_uri_complete")]
    public required string VerificationUriComplete { get; init; }

    /// <summary>How long the codes are valid, in seconds.</summary>
    [JsonPropertyName("expires_in")]
    public required int ExpiresIn { get; init; }

    /// <summary>The least time between two polls, in seconds.</summary>
    [JsonPropertyName("interval")]
    public required int Interval { get; init; }

    /// <summary>Shows neither code.</summary>
    public override string ToString() => $"DeviceCodes {{ ExpiresIn = {ExpiresIn}, Interval = {Interval} }}";
}
