using System.Text.Json.Serialization;

namespace DeviceAuthorization.Testing;

/// <summary>What a device was given when it asked to be paired (RFC 8628 §3.2).</summary>
public sealed record DeviceCodes
{
    /// <summary>The secret it polls with.</summary>
    [JsonPropertyName("device_code")]
    public required string DeviceCode { get; init; }

    /// <summary>What its owner enters, as it is shown.</summary>
    [JsonPropertyName("user_code")]
    public required string UserCode { get; init; }

    /// <summary>Where its owner enters it.</summary>
    [JsonPropertyName("verification_uri")]
    public required string VerificationUri { get; init; }

    /// <summary>The same with the code in it.</summary>
    [JsonPropertyName("verification_uri_complete")]
    public required string VerificationUriComplete { get; init; }

    /// <summary>How long the codes are good for, in seconds.</summary>
    [JsonPropertyName("expires_in")]
    public required int ExpiresIn { get; init; }

    /// <summary>Least time between two polls, in seconds.</summary>
    [JsonPropertyName("interval")]
    public required int Interval { get; init; }

    /// <summary>Shows neither code.</summary>
    public override string ToString() => $"DeviceCodes {{ ExpiresIn = {ExpiresIn}, Interval = {Interval} }}";
}
