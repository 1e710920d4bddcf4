namespace DeviceAuthorization.Authentication;

/// <summary>Metadata of an endpoint: the scope a device needs to call it.</summary>
/// <param name="Name">The scope.</param>
internal sealed record RequiredScope(string Name);
