namespace DeviceAuthorization.Rules;

/// <summary>What a poll comes to, by the rules.</summary>
internal enum PollOutcome
{
    /// <summary>Nobody has decided, and the poll is in time.</summary>
    Pending,

    /// <summary>Nobody has decided, and the poll is too early.</summary>
    SlowDown,

    /// <summary>The approver must still choose the number: the device shows it.</summary>
    ShowNumber,

    /// <summary>The device may have its token.</summary>
    Redeem,

    /// <summary>The device has its token already, and may fetch the same answer again.</summary>
    Redeliver,

    /// <summary>The device code was used.</summary>
    Used,

    /// <summary>The approver said no.</summary>
    Denied,

    /// <summary>Nobody redeemed it in time.</summary>
    Expired,

    /// <summary>The poll names another client, or a later version wrote a status that this one does not know.</summary>
    Unknown,
}
