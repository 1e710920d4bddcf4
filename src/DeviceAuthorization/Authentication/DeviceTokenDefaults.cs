namespace DeviceAuthorization;

/// <summary>Names that the bearer authentication of paired devices uses.</summary>
public static class DeviceTokenDefaults
{
    /// <summary>The scheme that <c>AddDeviceToken()</c> adds.</summary>
    public const string AuthenticationScheme = "DeviceToken";

    /// <summary>
    /// The <see cref="System.Security.Principal.IIdentity.AuthenticationType"/> of an identity from an access token, under any scheme name.
    /// </summary>
    public const string AuthenticationType = "DeviceAuthorization.DeviceToken";

    /// <summary>The claim that holds the device's id.</summary>
    public const string DeviceIdClaim = "device_id";

    /// <summary>The claim that holds the token's id; the token itself is in no claim.</summary>
    public const string TokenIdClaim = "token_id";

    /// <summary>The claim that holds one scope. A device has one such claim for each of its scopes.</summary>
    public const string ScopeClaim = "scope";
}
