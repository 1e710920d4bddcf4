using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;
using DeviceAuthorization.Http.Flow;
using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Http;

// Shapes for OpenAPI only, where the wire has two of them at one address, or lets everything be missing to refuse it in its own words.
// EndpointDescriptionTests hold them to what is read and written.

/// <summary>A start, in either media type.</summary>
internal sealed record PairingStart(
    [property: JsonPropertyName("client_id"), Description("Form: who the client is, unless HTTP Basic says it.")] string? ClientId = null,
    [property: JsonPropertyName("client_secret"), Description("Form: of confidential clients only.")] string? ClientSecret = null,
    [property: JsonPropertyName("scope"), Description("Form: the scopes asked for, separated by spaces; the host's default without.")] string? Scope = null,
    [property: JsonPropertyName("client"), Description("JSON: required; who the client is.")] string? Client = null,
    [property: JsonPropertyName("requested_scopes"), Description("JSON: required; the scopes asked for, at least one.")] IReadOnlyList<string>? RequestedScopes = null,
    [property: JsonPropertyName("client_device_identifier"), Description("What the device calls itself, to be recognised when it pairs again. JSON: required.")] string? ClientDeviceIdentifier = null,
    [property: JsonPropertyName("name"), Description("What people call the device. JSON: required.")] string? Name = null,
    [property: JsonPropertyName("platform"), Description("The system it runs on.")] string? Platform = null,
    [property: JsonPropertyName("client_version"), Description("The version of the client.")] string? ClientVersion = null,
    [property: JsonPropertyName("number_matching"), Description("Whether the device can show a number that its approver compares.")] bool? NumberMatching = null);

/// <summary>A poll, in either media type.</summary>
internal sealed record PairingPoll(
    [property: JsonPropertyName("device_code")] string DeviceCode,
    [property: JsonPropertyName("client_id"), Description("Form: who the client is, unless HTTP Basic says it. JSON: optional.")] string? ClientId = null,
    [property: JsonPropertyName("grant_type"), Description("Form: required; " + FormDialect.GrantType)] string? GrantType = null,
    [property: JsonPropertyName("client_secret"), Description("Form: of confidential clients only.")] string? ClientSecret = null);

/// <summary>A token, and the client that sends it.</summary>
internal sealed record TokenOfClient(
    [property: JsonPropertyName("token")] string Token,
    [property: JsonPropertyName("client_id"), Description("Who the client is, unless HTTP Basic says it.")] string? ClientId = null,
    [property: JsonPropertyName("client_secret"), Description("Of confidential clients only.")] string? ClientSecret = null,
    [property: JsonPropertyName("token_type_hint"), Description("Passed over: there is one type.")] string? TokenTypeHint = null)
{
    /// <summary>Never the token.</summary>
    public override string ToString() => nameof(TokenOfClient);
}

/// <summary>A token, in either media type of its request.</summary>
internal sealed record PairedToken(
    [property: JsonPropertyName("access_token")] string AccessToken,
    [property: JsonPropertyName("token_type")] string TokenType,
    [property: JsonPropertyName("device_id")] string DeviceId,
    [property: JsonPropertyName("expires_in"), Description("Seconds; absent when it never expires.")] long? ExpiresIn = null,
    [property: JsonPropertyName("scope"), Description("The scopes granted, separated by spaces; absent when there are none.")] string? Scope = null,
    [property: JsonPropertyName("scopes"), Description("JSON: always there; the scopes granted.")] IReadOnlyList<string>? Scopes = null,
    [property: JsonPropertyName("expires_at"), Description("JSON: always there; null when it never expires.")] DateTimeOffset? ExpiresAt = null);

/// <summary>What went wrong, in either media type of the request.</summary>
internal sealed record PairingProblem(
    [property: JsonPropertyName("error"), Description("Form: always there. JSON: where the flow has a code for it.")] PairingError? Error = null,
    [property: JsonPropertyName("error_description"), Description("Form: for people who write clients.")] string? Description = null,
    [property: JsonPropertyName("detail"), Description("JSON: always there.")] string? Detail = null,
    [property: JsonPropertyName("interval"), Description("Seconds between two polls from now on.")] int? Interval = null,
    [property: JsonPropertyName("match_number"), Description("With authorization_pending: the number to show, which the approver has to choose.")] int? MatchNumber = null);

/// <summary>An approval.</summary>
internal sealed record PairingApproval(
    [property: JsonPropertyName("user_code")] string UserCode,
    [property: JsonPropertyName("approved_scopes")] IReadOnlyList<string> ApprovedScopes,
    [property: JsonPropertyName("device_name"), Description("The name that the approver gives it.")] string? DeviceName = null,
    [property: JsonPropertyName("expires_in"), Description("A lifetime by the host's word for it, such as 90d.")] string? ExpiresIn = null,
    [property: JsonPropertyName("as_new_device"), Description("Whether to leave the device alone that has the same identifier.")] bool? AsNewDevice = null);

/// <summary>A denial.</summary>
internal sealed record PairingDenial([property: JsonPropertyName("user_code")] string UserCode);

/// <summary>What is said about a device.</summary>
internal abstract record DeviceMembers(
    [property: JsonPropertyName("name")] string? Name = null,
    [property: JsonPropertyName("platform")] string? Platform = null,
    [property: JsonPropertyName("client")] string? Client = null,
    [property: JsonPropertyName("client_version")] string? ClientVersion = null,
    [property: JsonPropertyName("ip_address")] string? IpAddress = null,
    [property: JsonPropertyName("mac_address")] string? MacAddress = null,
    [property: JsonPropertyName("hostname")] string? Hostname = null,
    [property: JsonPropertyName("sync_mode")] SyncMode SyncMode = SyncMode.Api,
    [property: JsonPropertyName("sync_enabled")] bool SyncEnabled = true,
    [property: JsonPropertyName("sync_config"), Description("An object of the client's own settings, or null.")] JsonElement? SyncConfig = null);

/// <summary>Changes of a device; absent members are left alone.</summary>
internal sealed record DeviceProperties : DeviceMembers;

/// <summary>A registration.</summary>
internal sealed record DeviceRegistration(
    [property: JsonPropertyName("allow_existing"), Description("Whether a device that is recognised is answered 200, or 409.")] bool AllowExisting = true,
    [property: JsonPropertyName("allow_duplicate"), Description("Whether it shall not be recognised, now and later.")] bool AllowDuplicate = false,
    [property: JsonPropertyName("reset_syncs"), Description("Whether a device that is recognised starts to synchronise anew.")] bool ResetSyncs = false) : DeviceMembers;

/// <summary>A token to be made.</summary>
internal sealed record TokenWanted(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("scopes")] IReadOnlyList<string> Scopes,
    [property: JsonPropertyName("expires_in"), Description("A lifetime by the host's word for it, such as 90d.")] string? ExpiresIn = null);

/// <summary>Changes of a token; absent members are left alone.</summary>
internal sealed record TokenChanges(
    [property: JsonPropertyName("name")] string? Name = null,
    [property: JsonPropertyName("scopes")] IReadOnlyList<string>? Scopes = null,
    [property: JsonPropertyName("expires_in"), Description("A lifetime by the host's word for it, such as 90d.")] string? ExpiresIn = null);
