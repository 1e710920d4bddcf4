using System.ComponentModel;
using System.Text.Json.Serialization;

namespace DeviceAuthorization.Http;

/// <summary>The answer to a start (RFC 8628 §3.2), with RomM's members added.</summary>
internal sealed record OAuthStarted(
    [property: JsonPropertyName("device_code")] string DeviceCode,
    [property: JsonPropertyName("user_code")] string UserCode,
    [property: JsonPropertyName("verification_uri")] string VerificationUri,
    [property: JsonPropertyName("verification_uri_complete"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? VerificationUriComplete,
    [property: JsonPropertyName("expires_in")] int ExpiresIn,
    [property: JsonPropertyName("interval")] int Interval,
    [property: JsonPropertyName("verification_path")] string VerificationPath,
    [property: JsonPropertyName("verification_path_complete"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? VerificationPathComplete);

/// <summary>The answer with the access token (RFC 6749 §5.1). This library adds the device's id.</summary>
internal sealed record OAuthPaired(
    [property: JsonPropertyName("access_token")] string AccessToken,
    [property: JsonPropertyName("token_type")] string TokenType,
    [property: JsonPropertyName("expires_in"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? ExpiresIn,
    [property: JsonPropertyName("scope"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Scope,
    [property: JsonPropertyName("device_id")] string DeviceId);

/// <summary>
/// An error. The answer to a form has the members of RFC 6749 §5.2; the answer to JSON has RomM's <c>detail</c>. This library adds the interval and
/// the number; clients that do not know them ignore them.
/// </summary>
internal sealed record PairingProblem(
    [property: JsonPropertyName("detail"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("JSON: always present.")] string? Detail = null,
    [property: JsonPropertyName("error"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("Form: always present. JSON: present if the flow has a code for the error.")] PairingError? Error = null,
    [property: JsonPropertyName("error_description"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("Form: an explanation for developers.")] string? Description = null,
    [property: JsonPropertyName("interval"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("The new interval between polls, in seconds.")] int? Interval = null,
    [property: JsonPropertyName("match_number"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("With authorization_pending: the number that the device must show, for number matching.")] int? MatchNumber = null);

/// <summary>What a token is (RFC 7662 §2.2). This library adds the device's id. A token that is not active has no member but <c>active</c>.</summary>
internal sealed record Introspection(
    [property: JsonPropertyName("active")] bool Active,
    [property: JsonPropertyName("scope"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Scope = null,
    [property: JsonPropertyName("client_id"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ClientId = null,
    [property: JsonPropertyName("sub"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Subject = null,
    [property: JsonPropertyName("exp"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? ExpiresAt = null,
    [property: JsonPropertyName("iat"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? IssuedAt = null,
    [property: JsonPropertyName("token_type"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? TokenType = null,
    [property: JsonPropertyName("device_id"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? DeviceId = null,
    [property: JsonPropertyName("jti"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? TokenId = null);

/// <summary>
/// The metadata of the host (RFC 8414 §2). Always write every member that has no default: omitting one implies a default of the RFC. RFC 8414
/// says to omit empty arrays, but clients require <c>response_types_supported</c>.
/// </summary>
internal sealed record ServerMetadata(
    [property: JsonPropertyName("issuer")] string Issuer,
    [property: JsonPropertyName("device_authorization_endpoint")] string DeviceAuthorizationEndpoint,
    [property: JsonPropertyName("token_endpoint")] string TokenEndpoint,
    [property: JsonPropertyName("grant_types_supported")] IReadOnlyList<string> GrantTypes,
    [property: JsonPropertyName("response_types_supported")] IReadOnlyList<string> ResponseTypes,
    [property: JsonPropertyName("token_endpoint_auth_methods_supported")] IReadOnlyList<string> TokenEndpointAuthMethods,
    [property: JsonPropertyName("scopes_supported"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Scopes = null,
    [property: JsonPropertyName("revocation_endpoint"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? RevocationEndpoint = null,
    [property: JsonPropertyName("revocation_endpoint_auth_methods_supported"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? RevocationEndpointAuthMethods = null,
    [property: JsonPropertyName("introspection_endpoint"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? IntrospectionEndpoint = null,
    [property: JsonPropertyName("introspection_endpoint_auth_methods_supported"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? IntrospectionEndpointAuthMethods = null);

/// <summary>Serializes OAuth's messages. The host's own JSON options have no effect on them.</summary>
[JsonSerializable(typeof(OAuthStarted))]
[JsonSerializable(typeof(OAuthPaired))]
[JsonSerializable(typeof(PairingProblem))]
[JsonSerializable(typeof(Introspection))]
[JsonSerializable(typeof(ServerMetadata))]
internal sealed partial class OAuthJson : JsonSerializerContext;
