using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Flow;

/// <summary>Writes what an approver decided, and does what follows from it. The writing comes first, so that only the winner registers a device.</summary>
internal sealed class Decision(
    IPairingStore store, DeviceRegistry devices, PairingNotices notices, IOptions<DeviceAuthorizationOptions> options, TimeProvider clock)
{
    private DecisionResult.DeviceLimitReached LimitReached => new(options.Value.MaxDevicesPerUser);

    /// <summary>Why the approver's list of devices cannot take this one in; null if it can.</summary>
    public async Task<DecisionResult?> RefusesAsync(Pairing pairing, Approver approver, Approval approval, CancellationToken cancellationToken) =>
        await devices.HasRoomAsync(pairing, approver.UserId, approval.AsNewDevice, cancellationToken).ConfigureAwait(false) ? null : LimitReached;

    /// <summary>The answer to the approver; null when somebody moved the pairing on: look again.</summary>
    /// <param name="decided">The pairing, with the version that was read.</param>
    /// <param name="now">The current time.</param>
    /// <param name="cancellationToken">Stops the call. A decision that was written stays written.</param>
    public async Task<DecisionResult?> TryWriteAsync(Pairing decided, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (!await store.TryReplaceAsync(decided, now, cancellationToken).ConfigureAwait(false))
        {
            return null;
        }

        switch (decided)
        {
            case { Status: PairingStatus.Approved }:
                await notices.RaiseAsync(new PairingEvent.Approved(decided)).ConfigureAwait(false);

                // Should this not happen, redemption does it: an approval that was acknowledged is never lost.
                if (await devices.RegisterAsync(decided, cancellationToken).ConfigureAwait(false) is not { } device)
                {
                    return LimitReached; // another device took the last place meanwhile: this one gets the next that is free
                }

                var registered = decided.Registered(device) with { Version = decided.Version + 1 };
                await store.TryReplaceAsync(registered, clock.Now(), cancellationToken).ConfigureAwait(false);
                return new DecisionResult.Approved(device);
            case { Status: PairingStatus.Matching, MatchNumber: { } number }:
                await notices.RaiseAsync(new PairingEvent.NumberAsked(decided)).ConfigureAwait(false);
                return new DecisionResult.Matching(MatchNumber.Choices(number));
            default:
                await notices.RaiseAsync(new PairingEvent.Denied(decided)).ConfigureAwait(false);
                return new DecisionResult.Denied();
        }
    }
}
