namespace DeviceAuthorization.Authentication;

/// <summary>Metadata of an endpoint: the scope that a device needs to call it.</summary>
internal sealed record RequiredScope(string Name);
