using System.Text.Json;
using System.Text.Json.Serialization;
using DeviceAuthorization.Http.Metadata;
using DeviceAuthorization.RomM;
using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Http;

/// <summary>RFC 8628 §3.2.</summary>
internal sealed record OAuthStarted(
    [property: JsonPropertyName("device_code")] string DeviceCode,
    [property: JsonPropertyName("user_code")] string UserCode,
    [property: JsonPropertyName("verification_uri")] string VerificationUri,
    [property: JsonPropertyName("verification_uri_complete"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? VerificationUriComplete,
    [property: JsonPropertyName("expires_in")] int ExpiresIn,
    [property: JsonPropertyName("interval")] int Interval,
    [property: JsonPropertyName("verification_path")] string VerificationPath,
    [property: JsonPropertyName("verification_path_complete"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? VerificationPathComplete);

/// <summary>RFC 6749 §5.1.</summary>
internal sealed record OAuthPaired(
    [property: JsonPropertyName("access_token")] string AccessToken,
    [property: JsonPropertyName("token_type")] string TokenType,
    [property: JsonPropertyName("expires_in"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? ExpiresIn,
    [property: JsonPropertyName("scope"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Scope,
    [property: JsonPropertyName("device_id")] string DeviceId);

/// <summary>RFC 6749 §5.2; the interval and the number are ours.</summary>
internal sealed record OAuthError(
    [property: JsonPropertyName("error")] PairingError Error,
    [property: JsonPropertyName("error_description"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Description,
    [property: JsonPropertyName("interval"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Interval,
    [property: JsonPropertyName("match_number"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? MatchNumber = null);

/// <summary>RFC 7662 §2.2; the device is ours. What is not active says nothing else.</summary>
internal sealed record Introspection([property: JsonPropertyName("active")] bool Active)
{
    [JsonPropertyName("scope"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Scope { get; init; }

    [JsonPropertyName("client_id"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ClientId { get; init; }

    [JsonPropertyName("sub"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Subject { get; init; }

    [JsonPropertyName("exp"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? ExpiresAt { get; init; }

    [JsonPropertyName("iat"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? IssuedAt { get; init; }

    [JsonPropertyName("token_type"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TokenType { get; init; }

    [JsonPropertyName("device_id"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DeviceId { get; init; }

    [JsonPropertyName("jti"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TokenId { get; init; }
}

/// <summary>RomM's init request, and whether the device can show a number.</summary>
internal sealed record RomMStart(
    [property: JsonPropertyName("client_device_identifier")] string? ClientDeviceIdentifier,
    [property: JsonPropertyName("name")] string? Name,
    [property: JsonPropertyName("client")] string? Client,
    [property: JsonPropertyName("platform")] string? Platform,
    [property: JsonPropertyName("client_version")] string? ClientVersion,
    [property: JsonPropertyName("requested_scopes")] IReadOnlyList<string?>? RequestedScopes,
    [property: JsonPropertyName("number_matching")] bool? NumberMatching);

/// <summary>RomM's init answer, and RFC 8628's addresses.</summary>
internal sealed record RomMStarted(
    [property: JsonPropertyName("device_code")] string DeviceCode,
    [property: JsonPropertyName("user_code")] string UserCode,
    [property: JsonPropertyName("verification_path")] string VerificationPath,
    [property: JsonPropertyName("verification_path_complete"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? VerificationPathComplete,
    [property: JsonPropertyName("expires_in")] int ExpiresIn,
    [property: JsonPropertyName("interval")] int Interval,
    [property: JsonPropertyName("verification_uri")] string VerificationUri,
    [property: JsonPropertyName("verification_uri_complete"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? VerificationUriComplete);

/// <summary>RomM's poll; a client may name itself as RFC 8628 wants it.</summary>
internal sealed record RomMPoll(
    [property: JsonPropertyName("device_code")] string? DeviceCode,
    [property: JsonPropertyName("client_id")] string? ClientId);

/// <summary>RomM's token answer, and RFC 6749's members.</summary>
internal sealed record RomMPaired(
    [property: JsonPropertyName("access_token")] string AccessToken,
    [property: JsonPropertyName("device_id")] string DeviceId,
    [property: JsonPropertyName("scopes")] IReadOnlyList<string> Scopes,
    [property: JsonPropertyName("expires_at")] DateTimeOffset? ExpiresAt,
    [property: JsonPropertyName("token_type")] string TokenType,
    [property: JsonPropertyName("expires_in"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? ExpiresIn,
    [property: JsonPropertyName("scope"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Scope);

/// <summary>RomM's pending request, as an approver sees it.</summary>
internal sealed record RomMPending(
    [property: JsonPropertyName("client_device_identifier")] string? ClientDeviceIdentifier,
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("client")] string Client,
    [property: JsonPropertyName("platform")] string? Platform,
    [property: JsonPropertyName("client_version")] string? ClientVersion,
    [property: JsonPropertyName("requested_scopes")] IReadOnlyList<string> RequestedScopes,
    [property: JsonPropertyName("allowed_scopes")] IReadOnlyList<string> AllowedScopes,
    [property: JsonPropertyName("expires_at")] DateTimeOffset ExpiresAt,
    [property: JsonPropertyName("replaces_device")] RomMApproved? ReplacesDevice,
    [property: JsonPropertyName("token_limit_reached")] bool IsTokenLimitReached);

/// <summary>RomM's approval, and whether to leave the device alone that has the same identifier.</summary>
internal sealed record RomMApprove(
    [property: JsonPropertyName("user_code")] string? UserCode,
    [property: JsonPropertyName("approved_scopes")] IReadOnlyList<string?>? ApprovedScopes,
    [property: JsonPropertyName("device_name")] string? DeviceName,
    [property: JsonPropertyName("expires_in")] string? ExpiresIn,
    [property: JsonPropertyName("as_new_device")] bool? AsNewDevice);

/// <summary>The answer to it.</summary>
internal sealed record RomMApproved(
    [property: JsonPropertyName("device_id")] string DeviceId,
    [property: JsonPropertyName("device_name")] string? DeviceName);

/// <summary>RomM's denial.</summary>
internal sealed record RomMDeny([property: JsonPropertyName("user_code")] string? UserCode);

/// <summary>RomM's error. RFC 6749's member, the interval and the number stand beside it, where clients that do not know them pass them over.</summary>
internal sealed record RomMError(
    [property: JsonPropertyName("detail")] string Detail,
    [property: JsonPropertyName("error"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] PairingError? Error = null,
    [property: JsonPropertyName("interval"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Interval = null,
    [property: JsonPropertyName("match_number"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? MatchNumber = null);

/// <summary>RomM's answer to a device that is registered already and did not want to be recognised.</summary>
internal sealed record RomMConflict([property: JsonPropertyName("detail")] RomMExistingDevice Detail);

/// <summary>Its detail.</summary>
internal sealed record RomMExistingDevice(
    [property: JsonPropertyName("error")] string Error,
    [property: JsonPropertyName("message")] string Message,
    [property: JsonPropertyName("device_id")] string DeviceId);

/// <summary>RomM's request for a token made by hand.</summary>
internal sealed record ClientTokenCreate(
    [property: JsonPropertyName("name")] string? Name,
    [property: JsonPropertyName("scopes")] IReadOnlyList<string?>? Scopes,
    [property: JsonPropertyName("expires_in")] string? ExpiresIn);

/// <summary>What its owner can change of a live token; absent members are left alone.</summary>
internal sealed record ClientTokenChange(
    [property: JsonPropertyName("name")] string? Name,
    [property: JsonPropertyName("scopes")] IReadOnlyList<string?>? Scopes,
    [property: JsonPropertyName("expires_in")] string? ExpiresIn);

/// <summary>RomM's token; the token itself only where it is new.</summary>
internal sealed record ClientTokenSchema(
    [property: JsonPropertyName("id")] Guid Id,
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("scopes")] IReadOnlyList<string> Scopes,
    [property: JsonPropertyName("expires_at")] DateTimeOffset? ExpiresAt,
    [property: JsonPropertyName("last_used_at")] DateTimeOffset? LastUsedAt,
    [property: JsonPropertyName("created_at")] DateTimeOffset CreatedAt,
    [property: JsonPropertyName("user_id"), JsonConverter(typeof(UserIdConverter))] string UserId,
    [property: JsonPropertyName("device_id")] string? DeviceId,
    [property: JsonPropertyName("raw_token"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? RawToken = null)
{
    public static ClientTokenSchema From(IssuedToken token, DeviceToken? raw = null) => new(
        token.Id,
        token.Name,
        token.Scopes,
        token.ExpiresAt?.ToUniversalTime(),
        token.LastUsedAt?.ToUniversalTime(),
        token.CreatedAt.ToUniversalTime(),
        token.UserId,
        token.DeviceId,
        raw?.Reveal());

    /// <summary>Never the token.</summary>
    public override string ToString() => $"ClientTokenSchema {{ Id = {Id} }}";
}

/// <summary>Serializes the wire, whatever the host's own JSON options say. Names are compared by case, repeats are refused.</summary>
[JsonSourceGenerationOptions(MaxDepth = 8, AllowDuplicateProperties = false)]
[JsonSerializable(typeof(ClientTokenChange))]
[JsonSerializable(typeof(ClientTokenCreate))]
[JsonSerializable(typeof(ClientTokenSchema))]
[JsonSerializable(typeof(ClientTokenSchema[]))]
[JsonSerializable(typeof(DeviceCreateResponse))]
[JsonSerializable(typeof(DeviceSchema))]
[JsonSerializable(typeof(DeviceSchema[]))]
[JsonSerializable(typeof(Introspection))]
[JsonSerializable(typeof(JsonDocument))]
[JsonSerializable(typeof(OAuthStarted))]
[JsonSerializable(typeof(OAuthPaired))]
[JsonSerializable(typeof(OAuthError))]
[JsonSerializable(typeof(RomMStart))]
[JsonSerializable(typeof(RomMStarted))]
[JsonSerializable(typeof(RomMPoll))]
[JsonSerializable(typeof(RomMPaired))]
[JsonSerializable(typeof(RomMPending))]
[JsonSerializable(typeof(RomMApprove))]
[JsonSerializable(typeof(RomMApproved))]
[JsonSerializable(typeof(RomMDeny))]
[JsonSerializable(typeof(RomMConflict))]
[JsonSerializable(typeof(RomMError))]
[JsonSerializable(typeof(ServerMetadata))]
internal sealed partial class WireJson : JsonSerializerContext;

/// <summary>The same, deep enough for a device's settings (<see cref="SecretDocument.MaxDepth"/>) inside a message.</summary>
internal static class DeepJson
{
    public static WireJson Default { get; } = new(new JsonSerializerOptions(WireJson.Default.Options) { MaxDepth = 40 });
}
