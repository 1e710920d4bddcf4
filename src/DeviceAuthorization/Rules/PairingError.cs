using System.Text.Json.Serialization;

namespace DeviceAuthorization;

/// <summary>Why a device did not get what it asked for, in the words of RFC 6749 §5.2 and RFC 8628 §3.5.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PairingError>))]
public enum PairingError
{
    /// <summary>Nobody has decided yet: poll again after the interval.</summary>
    [JsonStringEnumMemberName("authorization_pending")]
    AuthorizationPending,

    /// <summary>As <see cref="AuthorizationPending"/>, but the device polled too soon: its interval is longer from now on.</summary>
    [JsonStringEnumMemberName("slow_down")]
    SlowDown,

    /// <summary>The approver denied the request, or the pairing was voided.</summary>
    [JsonStringEnumMemberName("access_denied")]
    AccessDenied,

    /// <summary>The pairing was not redeemed in time.</summary>
    [JsonStringEnumMemberName("expired_token")]
    ExpiredToken,

    /// <summary>The device code is unknown, used, or was issued to another client.</summary>
    [JsonStringEnumMemberName("invalid_grant")]
    InvalidGrant,

    /// <summary>The request is malformed, or lacks or repeats a parameter.</summary>
    [JsonStringEnumMemberName("invalid_request")]
    InvalidRequest,

    /// <summary>The client could not be identified or authenticated.</summary>
    [JsonStringEnumMemberName("invalid_client")]
    InvalidClient,

    /// <summary>A requested scope is malformed, unknown to the host, or not allowed for this client.</summary>
    [JsonStringEnumMemberName("invalid_scope")]
    InvalidScope,

    /// <summary>The token endpoint supports only the device code grant.</summary>
    [JsonStringEnumMemberName("unsupported_grant_type")]
    UnsupportedGrantType,

    /// <summary>The client is known but may not ask for this.</summary>
    [JsonStringEnumMemberName("unauthorized_client")]
    UnauthorizedClient,
}
