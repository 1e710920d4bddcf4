using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Limits;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Flow;

/// <summary>
/// Finds the pairing behind a user code that somebody entered, under every key of the host, and notices what honest codes do not do: to be in
/// several hands, or to come by the dozen from one network and be entered in others.
/// </summary>
internal sealed class EnteredCodes(
    IPairingStore store, IAttemptLimiter limiter, ToldOnce told, PairingNotices notices, IOptions<DeviceAuthorizationOptions> options, TimeProvider clock)
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly DeviceAuthorizationOptions _options = options.Value;

    /// <summary>The pairing behind a code for an approver who may decide it now; or the answer to one who may not.</summary>
    /// <param name="typed">The code, as typed.</param>
    /// <param name="approver">Who entered it.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    /// <param name="takes">Whether they take it into their hands by this, and do not merely look, deny, or try again.</param>
    /// <param name="looks">Whether they merely look: that changes nothing, whatever is suspected.</param>
    /// <param name="mayMatch">Whether one will do that waits for them to choose the number.</param>
    public async ValueTask<(Pairing? Pairing, DecisionResult? Refusal)> FindAsync(
        string? typed, Approver approver, CancellationToken cancellationToken, bool takes = false, bool looks = false, bool mayMatch = false)
    {
        if (!_options.UserCode.TryParse(typed, out var code))
        {
            return (null, new DecisionResult.NotFound());
        }

        var (pairing, now) = (await FindAsync(code, cancellationToken).ConfigureAwait(false), clock.Now());
        if (pairing is null || (pairing.Refuses(approver.UserId, now) is not null && !(mayMatch && pairing.AwaitsNumberOf(approver.UserId, now))))
        {
            return (null, await RefuseAsync(pairing, approver, looks, now, cancellationToken).ConfigureAwait(false));
        }

        return takes && await IsVoidAsync(pairing, approver, cancellationToken).ConfigureAwait(false)
            ? (null, new DecisionResult.NotFound())
            : (pairing, null);
    }

    /// <summary>What the code belongs to. Every key is asked, found or not, so that the time tells nothing.</summary>
    private async ValueTask<Pairing?> FindAsync(UserCode code, CancellationToken cancellationToken)
    {
        Pairing? found = null;
        foreach (var key in _options.UserCodeKeyBytes)
        {
            found = await store.FindByUserCodeAsync(code.Hash(key), cancellationToken).ConfigureAwait(false) ?? found;
        }

        return found;
    }

    /// <summary>
    /// Whoever did not decide it themselves hears "unknown", whatever is behind it, and at the same cost (T-22); but for the write that voids it,
    /// where the host wants that.
    /// </summary>
    private async ValueTask<DecisionResult> RefuseAsync(Pairing? pairing, Approver approver, bool looks, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (pairing?.Refuses(approver.UserId, now) == DecisionError.AlreadyDecided)
        {
            return new DecisionResult.AlreadyDecided(pairing.Status);
        }

        if (pairing?.IsOpen(now) != true)
        {
            await notices.RaiseAsync(new PairingEvent.CodeRefused(approver, pairing)).ConfigureAwait(false);
            return new DecisionResult.NotFound();
        }

        await notices.RaiseAsync(new PairingEvent.CodeShared(approver, pairing)).ConfigureAwait(false);
        if (!looks)
        {
            await VoidAsync(pairing, cancellationToken).ConfigureAwait(false);
        }

        return new DecisionResult.NotFound();
    }

    /// <summary>
    /// Looks at who takes a code for the first time: whether another one did before, and whether it is one of many that are entered far from
    /// their devices.
    /// </summary>
    private async ValueTask<bool> IsVoidAsync(Pairing pairing, Approver approver, CancellationToken cancellationToken)
    {
        if (pairing.IsClaimedBy(approver.UserId))
        {
            return false;
        }

        var isShared = pairing.ApproverId is not null; // by whom did not decide in time
        if (isShared)
        {
            await notices.RaiseAsync(new PairingEvent.CodeShared(approver, pairing)).ConfigureAwait(false);
        }

        return (await IsOfCampaignAsync(pairing, approver).ConfigureAwait(false) || isShared)
            && await VoidAsync(pairing, CancellationToken.None).ConfigureAwait(false); // whoever goes away now does not save it
    }

    private async ValueTask<bool> IsOfCampaignAsync(Pairing pairing, Approver approver)
    {
        var network = Network.Parse(pairing.Device.Address);
        if (_options.CampaignThreshold is not { } threshold
            || Network.Compare(pairing.Device.Address, approver.Address) != NetworkComparison.Other
            || !await told.IsFirstAsync($"elsewhere:{pairing.Id}", Hour).ConfigureAwait(false) // each pairing counts once, however often it is tried
            || await limiter.TryCountAsync([new AttemptBudget($"elsewhere:{network}", threshold, Hour)], CancellationToken.None).ConfigureAwait(false) is null)
        {
            return false;
        }

        if (await told.IsFirstAsync($"campaign:{network}", Hour).ConfigureAwait(false))
        {
            await notices.RaiseAsync(new PairingEvent.CampaignSuspected(network, pairing)).ConfigureAwait(false);
        }

        return true;
    }

    private async ValueTask<bool> VoidAsync(Pairing suspect, CancellationToken cancellationToken)
    {
        if (!_options.VoidSuspectedPairings)
        {
            return false;
        }

        Pairing? pairing = suspect;
        for (var attempt = 0; pairing is not null && attempt < PairingService.WriteAttempts; attempt++)
        {
            var now = clock.Now();
            var voided = pairing.Voided(now);
            if (ReferenceEquals(voided, pairing))
            {
                break; // decided meanwhile
            }

            if (await store.TryReplaceAsync(voided, now, cancellationToken).ConfigureAwait(false))
            {
                await notices.RaiseAsync(new PairingEvent.Voided(voided)).ConfigureAwait(false);
                break;
            }

            pairing = await store.FindByUserCodeAsync(suspect.UserCodeHash, cancellationToken).ConfigureAwait(false);
        }

        return true;
    }
}
