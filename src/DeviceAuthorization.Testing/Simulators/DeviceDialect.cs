namespace DeviceAuthorization.Testing;

/// <summary>The dialect in which a device calls the endpoints of the flow.</summary>
public enum DeviceDialect
{
    /// <summary>RFC 8628: form-encoded requests.</summary>
    Form,

    /// <summary>RomM's JSON.</summary>
    Json,
}
