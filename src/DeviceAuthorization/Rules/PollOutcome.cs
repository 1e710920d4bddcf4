namespace DeviceAuthorization.Rules;

/// <summary>What the rules decide about a poll.</summary>
internal enum PollOutcome
{
    /// <summary>Nobody has decided, and the poll is in time.</summary>
    Pending,

    /// <summary>Nobody has decided, and the poll is too early.</summary>
    SlowDown,

    /// <summary>The device must show its number: the approver still has to choose it.</summary>
    ShowNumber,

    /// <summary>The device may have its token.</summary>
    Redeem,

    /// <summary>The device already has its token, and may fetch the same answer again.</summary>
    Redeliver,

    /// <summary>The device code was used.</summary>
    Used,

    /// <summary>The approver denied the request, or the pairing was voided.</summary>
    Denied,

    /// <summary>The device gave up.</summary>
    Withdrawn,

    /// <summary>The pairing was not redeemed in time.</summary>
    Expired,

    /// <summary>The poll names another client, or a newer version wrote a status that this version does not know.</summary>
    Refused,
}
