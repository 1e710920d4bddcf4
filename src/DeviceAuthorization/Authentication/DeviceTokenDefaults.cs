namespace DeviceAuthorization;

/// <summary>Names of the bearer authentication of paired devices.</summary>
public static class DeviceTokenDefaults
{
    /// <summary>The scheme that <c>AddDeviceToken()</c> adds.</summary>
    public const string AuthenticationScheme = "DeviceToken";

    /// <summary>What <see cref="System.Security.Principal.IIdentity.AuthenticationType"/> says of a paired device, whatever its scheme is called.</summary>
    public const string AuthenticationType = "DeviceAuthorization.DeviceToken";

    /// <summary>The claim that holds the device's id.</summary>
    public const string DeviceIdClaim = "device_id";

    /// <summary>The claim that holds the token's id; the token itself is in no claim.</summary>
    public const string TokenIdClaim = "token_id";

    /// <summary>The claim that holds one scope; a device has as many as scopes.</summary>
    public const string ScopeClaim = "scope";
}
