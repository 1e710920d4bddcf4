namespace DeviceAuthorization.Storage;

/// <summary>The result of replacing a device.</summary>
public enum DeviceReplacement
{
    /// <summary>The device is stored.</summary>
    Replaced,

    /// <summary>The record changed or was removed meanwhile: read it and decide again.</summary>
    Stale,

    /// <summary>Another device of the user has its identifier or fingerprint.</summary>
    Conflict,
}
