using DeviceAuthorization.Limits;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Flow;

/// <summary>
/// Detects what honest codes do not do: several users enter one code, or one network starts many pairings that are entered from elsewhere.
/// Reports it, and decides nothing.
/// </summary>
internal sealed class PhishingWatch(WatchedAttemptLimiter limiter, OncePerKey once, EventReporter events, IOptions<DeviceAuthorizationOptions> options)
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    /// <summary>Checks a pairing when an approver first enters or approves it. Reports what looks like phishing.</summary>
    /// <returns>Whether it does.</returns>
    public async ValueTask<bool> DetectAsync(Pairing pairing, Approver approver)
    {
        var isShared = pairing.ApproverId is not null; // another user claimed it earlier, but the claim lapsed
        if (isShared)
        {
            await events.ReportAsync(new PairingEvent.CodeShared(approver, pairing)).ConfigureAwait(false);
        }

        return await IsOfCampaignAsync(pairing, approver).ConfigureAwait(false) || isShared;
    }

    private async ValueTask<bool> IsOfCampaignAsync(Pairing pairing, Approver approver)
    {
        if (options.Value.CampaignThreshold is not { } threshold
            || Network.Compare(pairing.Device.Address, approver.Address) != NetworkComparison.Other
            || Network.ParseSite(pairing.Device.Address) is not { } site // the holder of an IPv6 /48 chooses among its /64s
            || !await once.IsFirstAsync($"elsewhere:{pairing.Id}", Hour).ConfigureAwait(false) // each pairing counts once, however often it is tried
            || await limiter.TryCountAsync([new AttemptBudget($"elsewhere:{site}", threshold, Hour)], CancellationToken.None).ConfigureAwait(false) is null)
        {
            return false;
        }

        if (await once.IsFirstAsync($"campaign:{site}", Hour).ConfigureAwait(false))
        {
            await events.ReportAsync(new PairingEvent.CampaignSuspected(site, pairing)).ConfigureAwait(false);
        }

        return true;
    }
}
