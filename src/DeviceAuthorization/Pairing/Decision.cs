namespace DeviceAuthorization;

/// <summary>Writes what an approver decided, and does what follows from it. The writing comes first, so that only the winner registers a device.</summary>
internal sealed class Decision(IPairingStore store, DeviceRegistry devices, PairingNotices notices, TimeProvider clock)
{
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
                var device = await devices.RegisterAsync(decided, cancellationToken).ConfigureAwait(false);
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
