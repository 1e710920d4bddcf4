using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace DeviceAuthorization.Client;

/// <summary>A token at rest.</summary>
internal sealed class SavedToken
{
    [JsonRequired]
    public string AccessToken { get; set; } = "";

    public string TokenType { get; set; } = "Bearer";

    public string? Scope { get; set; }

    public DateTimeOffset? ExpiresAt { get; set; }

    public string? RefreshToken { get; set; }

    public string? DeviceId { get; set; }

    public Uri? Server { get; set; }
}

/// <summary>A pairing at rest.</summary>
internal sealed class SavedPairing
{
    [JsonRequired]
    public string DeviceCode { get; set; } = "";

    [JsonRequired]
    public string UserCode { get; set; } = "";

    [JsonRequired]
    public Uri VerificationUri { get; set; } = null!;

    public Uri? VerificationUriComplete { get; set; }

    [JsonRequired]
    public string ClientId { get; set; } = "";

    [JsonRequired]
    public Uri TokenEndpoint { get; set; } = null!;

    public Uri? RevocationEndpoint { get; set; }

    /// <summary>The server as the app named it; null with explicit endpoints.</summary>
    public Uri? Server { get; set; }

    [JsonRequired]
    public string IdempotencyKey { get; set; } = "";

    /// <summary>Seconds between two polls.</summary>
    [JsonRequired]
    public int Interval { get; set; }

    /// <summary>How often the server asked to slow down.</summary>
    public int SlowDowns { get; set; }

    /// <summary>Seconds from the start to the end.</summary>
    [JsonRequired]
    public int Lifetime { get; set; }

    [JsonRequired]
    public DateTimeOffset ExpiresAt { get; set; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(SavedToken))]
[JsonSerializable(typeof(SavedPairing))]
internal sealed partial class ClientJson : JsonSerializerContext
{
    public static T Read<T>(string text, JsonTypeInfo<T> type, Func<T, bool> isValid, string what)
        where T : class
    {
        try
        {
            if (JsonSerializer.Deserialize(text, type) is { } value && isValid(value))
            {
                return value;
            }
        }
        catch (JsonException)
        {
            // as below; the message of this one could quote a secret
        }

        throw new FormatException($"The text is no saved {what}.");
    }
}
