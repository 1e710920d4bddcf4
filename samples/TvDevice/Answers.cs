using System.Text.Json.Serialization;

namespace TvDevice;

/// <summary>The outcome of one request: exactly one of the three is set.</summary>
/// <param name="Error">The server refused, with an error of RFC 8628 §3.5 or RFC 6749 §5.2.</param>
/// <param name="Trouble">No answer of the protocol: network, timeout, a broken server, or a server of something else.</param>
internal sealed record Answer<T>(T? Value = null, OAuthError? Error = null, string? Trouble = null)
    where T : class
{
    /// <summary>Whether another try may succeed.</summary>
    public bool MayPass { get; init; }

    /// <summary>How long the server asks the device to wait. Zero: it does not say.</summary>
    public TimeSpan RetryAfter { get; init; }
}

// These two hold a secret, so they are classes: a record would print it.

/// <summary>RFC 8628 §3.2; times are seconds.</summary>
internal sealed class DeviceCodes
{
    public required string DeviceCode { get; init; }
    public required string UserCode { get; init; }
    public required string VerificationUri { get; init; }
    public string? VerificationUriComplete { get; init; }
    public required int ExpiresIn { get; init; }
    public int? Interval { get; init; }
}

/// <summary>RFC 6749 §5.1; no scope means all that was asked for.</summary>
internal sealed class DeviceToken
{
    public required string AccessToken { get; init; }
    public required string TokenType { get; init; }
    public string? Scope { get; init; }
}

/// <summary>RFC 6749 §5.2, the new interval that some servers send with <c>slow_down</c>, and a number to show with <c>authorization_pending</c>.</summary>
internal sealed record OAuthError(string Error, string? ErrorDescription = null, int? Interval = null, int? MatchNumber = null);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(DeviceCodes))]
[JsonSerializable(typeof(DeviceToken))]
[JsonSerializable(typeof(OAuthError))]
internal sealed partial class AnswerJson : JsonSerializerContext;
