using Microsoft.Extensions.Logging;

namespace DeviceAuthorization;

/// <summary>Writes what an approver decided, and does what follows from it. The writing comes first, so that only the winner registers a device.</summary>
internal sealed class Decision(IPairingStore store, Redemption redemption, ILogger logger)
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
                logger.PairingApproved(decided.Id, decided.ApproverId!);
                return new DecisionResult.Approved(await redemption.RegisterAsync(decided, cancellationToken).ConfigureAwait(false));
            case { Status: PairingStatus.Matching, MatchNumber: { } number }:
                logger.NumberAsked(decided.Id, decided.ApproverId!);
                return new DecisionResult.Matching(MatchNumber.Choices(number));
            default:
                logger.PairingDenied(decided.Id, decided.ApproverId!);
                return new DecisionResult.Denied();
        }
    }
}
