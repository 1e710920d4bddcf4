namespace DeviceAuthorization.Storage;

/// <summary>A token together with the device it is bound to.</summary>
/// <param name="Device">Its device; <see langword="null"/> for a token made by hand.</param>
public sealed record TokenWithDevice(AccessToken Token, Device? Device);
