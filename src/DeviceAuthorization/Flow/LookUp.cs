using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Flow;

/// <summary>What an approver sees behind a code, and their claim of it.</summary>
internal sealed class LookUp(
    IPairingStore store,
    EnteredCodes codes,
    IPairingPolicy policy,
    DeviceRegistry devices,
    PairingNotices notices,
    IOptions<DeviceAuthorizationOptions> options,
    TimeProvider clock)
{
    /// <summary>Shows it.</summary>
    /// <param name="userCode">The code, as typed.</param>
    /// <param name="approver">Who entered it.</param>
    /// <param name="claims">Whether it is theirs from now on: then other users see it as unknown.</param>
    /// <param name="cancellationToken">Stops the call. A claim that was written stays written.</param>
    /// <param name="isEntry">Whether they entered it, though they do not claim it yet.</param>
    public async Task<InspectResult> ShowAsync(string? userCode, Approver approver, bool claims, CancellationToken cancellationToken, bool isEntry = false)
    {
        ArgumentNullException.ThrowIfNull(approver);
        for (var attempt = 0; attempt < PairingService.WriteAttempts; attempt++)
        {
            var (pairing, refusal) = await codes.FindAsync(userCode, approver, cancellationToken, takes: claims && attempt == 0, looks: !(claims || isEntry), mayMatch: true).ConfigureAwait(false);
            if (pairing is null)
            {
                return refusal is DecisionResult.AlreadyDecided { Status: var status } ? new InspectResult.AlreadyDecided(status) : new InspectResult.NotFound();
            }

            if (pairing is { Status: PairingStatus.Matching, MatchNumber: { } number })
            {
                return new InspectResult.Matching { Pairing = pairing, Numbers = MatchNumber.Choices(number) };
            }

            var now = clock.Now();
            var (error, claimed) = pairing.Claim(approver.UserId, now);
            var writes = claims && !ReferenceEquals(claimed, pairing);
            if (error is not null || (writes && !await store.TryReplaceAsync(claimed, now, cancellationToken).ConfigureAwait(false)))
            {
                continue;
            }

            if (writes && !pairing.IsClaimedBy(approver.UserId)) // and does not merely last longer
            {
                await notices.RaiseAsync(new PairingEvent.Claimed(claimed)).ConfigureAwait(false);
            }

            return new InspectResult.Found
            {
                Pairing = pairing,
                GrantableScopes = await policy.GrantableAsync(pairing, approver, cancellationToken).ConfigureAwait(false) ?? [],
                Risk = await policy.RiskAsync(pairing, approver, options.Value.NumberMatching, cancellationToken).ConfigureAwait(false),
                KnownDevice = await devices.FindKnownAsync(pairing, approver.UserId, cancellationToken).ConfigureAwait(false),
                IsTokenLimitReached = await devices.IsFullAsync(pairing, approver.UserId, options.Value.IssueAt(now), cancellationToken).ConfigureAwait(false),
            };
        }

        throw PairingService.Contended();
    }

    /// <summary>The approver leaves it for another account. Should somebody else have written meanwhile, the claim lapses by itself.</summary>
    public async Task ReleaseAsync(string userCode, Approver approver, CancellationToken cancellationToken)
    {
        if (await codes.FindAsync(userCode, approver, cancellationToken, looks: true).ConfigureAwait(false) is ({ } pairing, _)
            && pairing.Released(approver.UserId) is var released && !ReferenceEquals(released, pairing))
        {
            await store.TryReplaceAsync(released, clock.Now(), cancellationToken).ConfigureAwait(false);
        }
    }
}
