namespace DeviceAuthorization.Authentication;

/// <summary>Metadata of an endpoint: the scope that a device needs to call it.</summary>
/// <param name="Scheme">The scheme that authenticates the caller.</param>
internal sealed record RequiredScope(string Name, string Scheme = DeviceTokenDefaults.AuthenticationScheme);
