using System.Diagnostics;
using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Tests;

/// <summary>The error on the wire that each outcome of a poll becomes; null where the device gets its token.</summary>
internal static class PollErrors
{
    public static (PairingError? Error, Pairing Next) PollError(this Pairing pairing, string? clientId, string? keyHash, DateTimeOffset now)
    {
        var (outcome, next) = pairing.Poll(clientId, keyHash, now);
        return (outcome switch
        {
            PollOutcome.Pending or PollOutcome.ShowNumber => PairingError.AuthorizationPending,
            PollOutcome.SlowDown => PairingError.SlowDown,
            PollOutcome.Redeem or PollOutcome.Redeliver => null,
            PollOutcome.Denied => PairingError.AccessDenied,
            PollOutcome.Expired => PairingError.ExpiredToken,
            PollOutcome.Used or PollOutcome.Withdrawn or PollOutcome.Refused => PairingError.InvalidGrant,
            _ => throw new UnreachableException(),
        }, next);
    }
}
