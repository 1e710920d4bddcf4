namespace DeviceAuthorization.Client;

/// <summary>How the server wants requests to look.</summary>
public enum PairingDialect
{
    /// <summary>RFC 8628: forms, and errors as RFC 6749 §5.2 defines them.</summary>
    OAuth,

    /// <summary>
    /// RomM's JSON. Without explicit endpoints, these are <c>api/auth/device/init</c> and <c>api/auth/device/token</c> below
    /// <see cref="PairingClientOptions.Server"/>. RomM requires a scope, and the name and identifier of the device.
    /// </summary>
    RomM,
}
