namespace DeviceAuthorization.Storage;

/// <summary>What became of a changed device.</summary>
public enum DeviceReplacement
{
    /// <summary>It is stored.</summary>
    Replaced,

    /// <summary>The record changed or went meanwhile: read it again and decide afresh.</summary>
    Stale,

    /// <summary>Another device of the user has its identifier or fingerprint.</summary>
    Conflict,
}
