using DeviceAuthorization.Rules;

namespace DeviceAuthorization;

/// <summary>
/// Where a <see cref="Pairing"/> stands. Expiry is not a status: <see cref="Pairing.ExpiresAt"/> is compared with the clock, so no
/// clean-up run has to write it.
/// </summary>
public enum PairingStatus
{
    /// <summary>Nobody has decided yet.</summary>
    Pending,

    /// <summary>The user approved; the device has not fetched its token yet.</summary>
    Approved,

    /// <summary>The approver denied the request, or the pairing was voided. Final.</summary>
    Denied,

    /// <summary>The device has its token. Final.</summary>
    Redeemed,

    /// <summary>
    /// The user approved but must still choose the number that the device shows (<see cref="Pairing.MatchNumber"/>). The device cannot fetch
    /// its token yet.
    /// </summary>
    Matching,

    /// <summary>The device gave up before it had its token. Final.</summary>
    Withdrawn,
}
