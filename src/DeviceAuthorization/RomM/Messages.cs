using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using DeviceAuthorization.Flow;

namespace DeviceAuthorization.RomM;

/// <summary>
/// A device starts a pairing. RomM's clients send JSON; others send a form (RFC 8628 §3.1), which has members of its own. JSON may omit every member:
/// the answer then says which are required.
/// </summary>
internal sealed record PairingStart
{
    [JsonPropertyName("client_id"), JsonIgnore(Condition = JsonIgnoreCondition.WhenReading), Description("Form: the client's id, unless HTTP Basic has it.")]
    public string? ClientId { get; set; }

    [JsonPropertyName("client_secret"), JsonIgnore(Condition = JsonIgnoreCondition.WhenReading), Description("Form: only for confidential clients.")]
    public string? ClientSecret { get; set; }

    [JsonPropertyName("scope"), JsonIgnore(Condition = JsonIgnoreCondition.WhenReading), Description("Form: the requested scopes, separated by spaces. If absent, the host's default.")]
    public string? Scope { get; set; }

    [JsonPropertyName("client"), Description("JSON: required. The client's id.")]
    public string? Client { get; set; }

    [JsonPropertyName("requested_scopes"), Description("JSON: required. The requested scopes, at least one.")]
    public IReadOnlyList<string?>? RequestedScopes { get; set; }

    [JsonPropertyName("client_device_identifier"), Description("An id by which the device is recognised when it pairs again. JSON: required.")]
    public string? ClientDeviceIdentifier { get; set; }

    [JsonPropertyName("name"), Description("The name that people see. JSON: required.")]
    public string? Name { get; set; }

    [JsonPropertyName("platform"), Description("The system that the device runs on.")]
    public string? Platform { get; set; }

    [JsonPropertyName("client_version"), Description("The version of the client.")]
    public string? ClientVersion { get; set; }

    [JsonPropertyName("number_matching"), Description("Whether the device can show a number for number matching.")]
    public bool? NumberMatching { get; set; }

    /// <summary>Omits the secret.</summary>
    public override string ToString() => nameof(PairingStart);
}

/// <summary>RomM's answer to a start, with RFC 8628's addresses added.</summary>
internal sealed record RomMStarted(
    [property: JsonPropertyName("device_code")] string DeviceCode,
    [property: JsonPropertyName("user_code")] string UserCode,
    [property: JsonPropertyName("verification_path")] string VerificationPath,
    [property: JsonPropertyName("verification_path_complete"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? VerificationPathComplete,
    [property: JsonPropertyName("expires_in")] int ExpiresIn,
    [property: JsonPropertyName("interval")] int Interval,
    [property: JsonPropertyName("verification_uri")] string VerificationUri,
    [property: JsonPropertyName("verification_uri_complete"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? VerificationUriComplete);

/// <summary>A device polls. RomM's clients send JSON; others send a form (RFC 8628 §3.4), which has members of its own.</summary>
internal sealed record PairingPoll
{
    [JsonPropertyName("device_code"), Required]
    public string? DeviceCode { get; set; }

    [JsonPropertyName("client_id"), Description("Form: the client's id, unless HTTP Basic has it. JSON: optional.")]
    public string? ClientId { get; set; }

    [JsonPropertyName("grant_type"), JsonIgnore(Condition = JsonIgnoreCondition.WhenReading), Description("Form: required. urn:ietf:params:oauth:grant-type:device_code")]
    public string? GrantType { get; set; }

    [JsonPropertyName("client_secret"), JsonIgnore(Condition = JsonIgnoreCondition.WhenReading), Description("Form: only for confidential clients.")]
    public string? ClientSecret { get; set; }

    /// <summary>Omits the device code.</summary>
    public override string ToString() => nameof(PairingPoll);
}

/// <summary>
/// RomM's answer with the access token, with RFC 6749's members added. The answer to a form has only the members that are not marked JSON.
/// </summary>
internal sealed record RomMPaired(
    [property: JsonPropertyName("access_token")] string AccessToken,
    [property: JsonPropertyName("device_id")] string DeviceId,
    [property: JsonPropertyName("token_type"), JsonPropertyOrder(1)] string TokenType,
    [property: JsonPropertyName("scopes"), Description("JSON: always present. The granted scopes.")] IReadOnlyList<string>? Scopes = null,
    [property: JsonPropertyName("expires_at"), Description("JSON: always present. Null if the token never expires.")] DateTimeOffset? ExpiresAt = null,
    [property: JsonPropertyName("expires_in"), JsonPropertyOrder(1), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("In seconds. Absent if the token never expires.")] long? ExpiresIn = null,
    [property: JsonPropertyName("scope"), JsonPropertyOrder(1), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("The granted scopes, separated by spaces. Absent if there are none.")] string? Scope = null);

/// <summary>A pairing as an approver reviews it, in RomM's JSON.</summary>
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

internal sealed record PairingApproval(
    [property: JsonPropertyName("user_code"), Required] string? UserCode,
    [property: JsonPropertyName("approved_scopes"), Required] IReadOnlyList<string?>? ApprovedScopes,
    [property: JsonPropertyName("device_name"), Description("The name that the approver gives the device.")] string? DeviceName = null,
    [property: JsonPropertyName("expires_in"), Description("One of the host's named lifetimes, such as 90d.")] string? ExpiresIn = null,
    [property: JsonPropertyName("as_new_device"), Description("Create a new device even if one with the same identifier exists.")] bool? AsNewDevice = null);

/// <summary>A device, by its id and name.</summary>
internal sealed record RomMApproved(
    [property: JsonPropertyName("device_id")] string DeviceId,
    [property: JsonPropertyName("device_name")] string? DeviceName);

/// <summary>Why an approver was refused. RomM's clients read <c>detail</c>; this library adds a word for what an app can do about it.</summary>
internal sealed record ApprovalProblem(
    [property: JsonPropertyName("detail")] string Detail,
    [property: JsonPropertyName("error"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description(
        "`insufficient_user_authentication`: sign in again, then approve. `number_required`: approve on the page, where the number is compared. `blocked`: the pairing cannot be approved. Absent for other refusals.")]
    string? Error = null);

internal sealed record PairingDenial([property: JsonPropertyName("user_code"), Required] string? UserCode);

/// <summary>RomM's answer to a device that registers.</summary>
[Description("RomM's answer to a device that registers.")]
internal sealed record DeviceCreateResponse(
    [property: JsonPropertyName("device_id"), Description("The id of the device, new or recognised.")] string DeviceId,
    [property: JsonPropertyName("name"), Description("The name as stored.")] string? Name,
    [property: JsonPropertyName("created_at"), Description("When the device was first registered, in UTC.")] DateTimeOffset CreatedAt)
{
    public static DeviceCreateResponse From(Device device) => new(device.Id, device.Name, device.CreatedAt.ToUniversalTime());
}

/// <summary>The answer 409: the caller already has a matching device.</summary>
internal sealed record RomMConflict([property: JsonPropertyName("detail")] RomMExistingDevice Detail);

internal sealed record RomMExistingDevice(
    [property: JsonPropertyName("error")] string Error,
    [property: JsonPropertyName("message")] string Message,
    [property: JsonPropertyName("device_id")] string DeviceId);

/// <summary>An access token of a user. Only an answer that makes or renews the token contains its secret.</summary>
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
    public static ClientTokenSchema From(AccessToken token, DeviceToken? raw = null) => new(
        token.Id,
        token.Name,
        token.Scopes,
        token.ExpiresAt?.ToUniversalTime(),
        token.LastUsedAt?.ToUniversalTime(),
        token.CreatedAt.ToUniversalTime(),
        token.UserId,
        token.DeviceId,
        raw?.Reveal());

    /// <summary>Omits the token.</summary>
    public override string ToString() => $"ClientTokenSchema {{ Id = {Id} }}";
}

/// <summary>Serializes RomM's messages. The host's own JSON options have no effect on them. Names are case-sensitive, and a repeated one is an error.</summary>
[JsonSourceGenerationOptions(MaxDepth = 8, AllowDuplicateProperties = false)]
[JsonSerializable(typeof(ClientTokenSchema[]))]
[JsonSerializable(typeof(DeviceCreateResponse))]
[JsonSerializable(typeof(DeviceSchema[]))]
[JsonSerializable(typeof(JsonDocument))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(PairingStart))]
[JsonSerializable(typeof(PairingPoll))]
[JsonSerializable(typeof(PairingApproval))]
[JsonSerializable(typeof(PairingDenial))]
[JsonSerializable(typeof(ApprovalProblem))]
[JsonSerializable(typeof(RomMStarted))]
[JsonSerializable(typeof(RomMPaired))]
[JsonSerializable(typeof(RomMPending))]
[JsonSerializable(typeof(RomMApproved))]
[JsonSerializable(typeof(RomMConflict))]
[JsonSerializable(typeof(TokenProperties))]
internal sealed partial class RomMJson : JsonSerializerContext
{
    /// <summary>For messages that hold a device's settings, which may be nested up to <see cref="SecretDocument.MaxDepth"/>.</summary>
    public static RomMJson Deep => field ??= new(new JsonSerializerOptions(Default.Options) { MaxDepth = 40 });
}
