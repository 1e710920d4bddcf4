using System.Diagnostics;
using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Rules;
using Microsoft.Extensions.Logging;

namespace DeviceAuthorization.Flow;

/// <summary>Reports each event: to the metrics, to the log, and to every <see cref="IPairingEvents"/> of the host.</summary>
internal sealed class EventReporter(
    IEnumerable<IPairingEvents> listeners, OpenConnections connections, Telemetry telemetry, TimeProvider clock, ILogger<EventReporter> logger)
{
    /// <summary>Call this after the effect, which a failing listener cannot undo. It has no cancellation: an aborted request is reported, too.</summary>
    public async Task ReportAsync(PairingEvent happened)
    {
        Count(happened);
        Write(happened);
        foreach (var listener in listeners)
        {
            try
            {
                await listener.OnAsync(happened).ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                logger.ListenerFailed(exception, happened.GetType().Name);
            }
        }
    }

    /// <summary>Ends the connections of the tokens that a step ended, and reports them. Expired ones had ended before.</summary>
    /// <param name="why">The event that is reported first; null if it has none.</param>
    /// <param name="ended">The tokens that the step ended.</param>
    public async Task ReportAsync(PairingEvent? why, IReadOnlyList<AccessToken> ended)
    {
        var now = clock.GetUtcNow();
        var live = ended.Where(token => !(now >= token.ExpiresAt)).ToArray();
        foreach (var token in live) // before any listener, which may be slow
        {
            connections.End(token.Id);
        }

        foreach (var happened in live.Select(PairingEvent? (token) => new PairingEvent.TokenEnded(token)).Prepend(why).OfType<PairingEvent>())
        {
            await ReportAsync(happened).ConfigureAwait(false);
        }
    }

    private void Count(PairingEvent happened)
    {
        var (name, pairing) = happened switch
        {
            PairingEvent.Started => ("started", null),
            PairingEvent.Claimed claimed => ("claimed", claimed.Pairing),
            PairingEvent.CodeRefused => ("code_refused", null),
            PairingEvent.CodeShared => ("code_shared", null),
            PairingEvent.Approved approved => ("approved", approved.Pairing),
            PairingEvent.NumberMatchingStarted => ("number_matching_started", null),
            PairingEvent.Denied denied => ("denied", denied.Pairing),
            PairingEvent.Redeemed redeemed => ("redeemed", redeemed.Pairing),
            PairingEvent.Redelivered => ("redelivered", null),
            PairingEvent.Expired => ("expired", null),
            PairingEvent.Replayed => ("replayed", null),
            PairingEvent.ReplaySuspected => ("replay_suspected", null),
            PairingEvent.Voided => ("voided", null),
            PairingEvent.Withdrawn => ("withdrawn", null),
            PairingEvent.TokenMade => ("token_made", null),
            PairingEvent.TokenRenewed => ("token_renewed", null),
            PairingEvent.TokenChanged => ("token_changed", null),
            PairingEvent.Revoked => ("revoked", null),
            PairingEvent.TokenEnded => ("token_ended", null),
            PairingEvent.DeviceRemoved => ("device_removed", null),
            PairingEvent.SignedOutEverywhere => ("signed_out_everywhere", null),
            PairingEvent.UserRemoved => ("user_removed", null),
            PairingEvent.LimitReached => ("limit_reached", null),
            PairingEvent.CampaignSuspected => ("campaign_suspected", null),
            _ => throw new UnreachableException(),
        };
        telemetry.Happened(name, pairing is null ? null : clock.GetUtcNow() - pairing.CreatedAt);
    }

    private void Write(PairingEvent happened)
    {
        switch (happened)
        {
            case PairingEvent.Started { Pairing: var pairing }:
                logger.PairingStarted(pairing.Id);
                break;
            case PairingEvent.Claimed { Pairing: var pairing }:
                logger.PairingClaimed(pairing.Id, AuditText.Id(pairing.ApproverId!));
                break;
            case PairingEvent.CodeRefused { Approver: var approver, Pairing: var pairing }:
                logger.CodeRefused(AuditText.Id(approver.UserId), pairing?.Id);
                break;
            case PairingEvent.CodeShared { Approver: var approver, Pairing: var pairing }:
                logger.CodeShared(pairing.Id, AuditText.Id(approver.UserId), AuditText.Id(pairing.ApproverId!));
                break;
            case PairingEvent.Approved { Pairing: var pairing, Risk: { } risk, Reasons: var reasons }:
                logger.PairingApproved(AuditText.Id(pairing.ApproverId!), pairing.Id, NameOf(pairing), AuditText.Quote(pairing.ClientId), NetworkOf(pairing), Words(pairing.Grant!.Scopes), Words(risk, reasons));
                break;
            case PairingEvent.Approved { Pairing: var pairing }:
                logger.NumberMatched(AuditText.Id(pairing.ApproverId!), pairing.Id, NameOf(pairing), AuditText.Quote(pairing.ClientId), NetworkOf(pairing), Words(pairing.Grant!.Scopes));
                break;
            case PairingEvent.NumberMatchingStarted { Pairing: var pairing, Risk: var risk, Reasons: var reasons }:
                logger.NumberMatchingStarted(pairing.Id, AuditText.Id(pairing.ApproverId!), Words(risk, reasons));
                break;
            case PairingEvent.Denied { Pairing: var pairing }:
                logger.PairingDenied(AuditText.Id(pairing.ApproverId!), pairing.Id, NameOf(pairing), AuditText.Quote(pairing.ClientId), NetworkOf(pairing));
                break;
            case PairingEvent.Redeemed { Pairing: var pairing, Token: var token }:
                logger.PairingRedeemed(pairing.Id, token.DeviceId!, token.Id, Words(token.Scopes));
                break;
            case PairingEvent.Redelivered { Pairing: var pairing }:
                logger.PairingRedelivered(pairing.Id);
                break;
            case PairingEvent.Expired { Pairing: var pairing }:
                logger.PairingExpired(pairing.Id, $"{pairing.Status}");
                break;
            case PairingEvent.Replayed { Pairing: var pairing }:
                logger.PairingReplayed(pairing.Id);
                break;
            case PairingEvent.ReplaySuspected { Pairing: var pairing }:
                logger.ReplaySuspected(pairing.Id);
                break;
            case PairingEvent.Withdrawn { Pairing: var pairing }:
                logger.PairingWithdrawn(pairing.Id);
                break;
            case PairingEvent.TokenMade { Token: var token }:
                logger.TokenMade(AuditText.Id(token.UserId), token.Id, AuditText.Quote(token.Name), Words(token.Scopes));
                break;
            case PairingEvent.TokenRenewed { Token: var token }:
                logger.TokenRenewed(token.Id, AuditText.Id(token.UserId));
                break;
            case PairingEvent.TokenChanged { Token: var token }:
                logger.TokenChanged(token.Id, AuditText.Id(token.UserId));
                break;
            case PairingEvent.Revoked { Token: var token }:
                logger.TokenRevoked(token.Id, AuditText.Id(token.UserId), AuditText.Quote(token.Name), AuditText.Quote(token.ClientId), Network.Name(token.StartedFrom), Words(token.Scopes));
                break;
            case PairingEvent.DeviceRemoved { UserId: var userId, DeviceId: var deviceId, DeviceName: var name }:
                logger.DeviceRemoved(deviceId, AuditText.Id(userId), AuditText.Quote(name));
                break;
            case PairingEvent.SignedOutEverywhere { UserId: var userId, Lost: var lost }:
                logger.SignedOutEverywhere(AuditText.Id(userId), lost.Tokens, lost.Devices);
                break;
            case PairingEvent.UserRemoved { UserId: var userId, Lost: var lost }:
                logger.UserRemoved(AuditText.Id(userId), lost.Tokens, lost.Devices);
                break;
            case PairingEvent.LimitReached { Limit: var limit, Key: var key }:
                logger.LimitReached(limit, limit switch
                {
                    "code" => $"user {AuditText.Id(key)}",
                    "codes-in-all" => "all users together",
                    _ => $"network {Network.NameOfSite(key)}",
                });
                break;
            case PairingEvent.CampaignSuspected { Pairing: var pairing }:
                logger.CampaignSuspected(NetworkOf(pairing), pairing.Id);
                break;
            case PairingEvent.Voided { Pairing: var pairing }:
                logger.PairingVoided(pairing.Id);
                break;
        }
    }

    /// <summary>The name that the approver gave the device, or its own.</summary>
    private static string NameOf(Pairing pairing) => AuditText.Quote(pairing.DeviceName);

    private static string NetworkOf(Pairing pairing) => Network.Name(pairing.Device.Address);

    private static string Words(IReadOnlyList<string> scopes) => scopes.Count == 0 ? "(none)" : string.Join(' ', scopes);

    private static string Words(ApprovalRisk risk, IReadOnlyList<RiskReason> reasons) => reasons.Count == 0 ? $"{risk}" : $"{risk} ({string.Join(", ", reasons)})";
}
