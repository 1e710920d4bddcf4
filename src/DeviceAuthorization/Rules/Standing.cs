namespace DeviceAuthorization.Rules;

/// <summary>What a user may do with a pairing whose code they entered.</summary>
internal enum Standing
{
    /// <summary>They may decide it.</summary>
    MayDecide,

    /// <summary>They approved it but must still choose the number that the device shows.</summary>
    MustChooseNumber,

    /// <summary>They have decided it.</summary>
    HasDecided,

    /// <summary>Another user holds it and can still decide it. This user must not learn that it exists.</summary>
    HeldByOther,

    /// <summary>It expired, or another user decided it.</summary>
    Over,
}
