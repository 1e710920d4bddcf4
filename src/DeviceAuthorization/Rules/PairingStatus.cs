using DeviceAuthorization.Rules;

namespace DeviceAuthorization;

/// <summary>
/// Where a <see cref="Pairing"/> stands. Expiry is not a status: it is <see cref="Pairing.ExpiresAt"/> compared with the
/// clock, so that no clean-up run has to write it.
/// </summary>
public enum PairingStatus
{
    /// <summary>Nobody has decided yet.</summary>
    Pending,

    /// <summary>The approver said yes; the device has not fetched its token yet.</summary>
    Approved,

    /// <summary>The approver said no. Final.</summary>
    Denied,

    /// <summary>The device has its token. Final.</summary>
    Redeemed,

    /// <summary>
    /// The approver said yes, and has still to choose the number that the device shows (<see cref="Pairing.MatchNumber"/>). Nothing can be
    /// fetched yet.
    /// </summary>
    Matching,
}
