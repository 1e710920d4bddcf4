using System.Buffers.Text;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization;

/// <summary>
/// The steps of the flow, in order: start, look up, approve or deny, poll and redeem. The rules are <see cref="Pairing"/>'s; this
/// class asks them, and writes their answer in one atomic step of the store. A refused write means that somebody moved the
/// pairing on meanwhile: read it again and decide afresh. A cancelled call leaves what was written.
/// </summary>
public sealed class PairingService
{
    // Each refused write means that another one succeeded, so nobody gets near this; a broken store must not spin for ever.
    private const int WriteAttempts = 100;

    private readonly CodeDraw _draw;
    private readonly EnteredCodes _codes;
    private readonly Redemption _redemption;
    private readonly DeviceRegistry _devices;
    private readonly IPairingStore _store;
    private readonly IPairingPolicy _policy;
    private readonly PairingNotices _notices;
    private readonly DeviceAuthorizationOptions _options;
    private readonly TimeProvider _clock;

    internal PairingService(
        CodeDraw draw,
        EnteredCodes codes,
        Redemption redemption,
        DeviceRegistry devices,
        IPairingStore store,
        IPairingPolicy policy,
        PairingNotices notices,
        IOptions<DeviceAuthorizationOptions> options,
        TimeProvider clock) =>
        (_draw, _codes, _redemption, _devices, _store, _policy, _notices, _options, _clock) =
        (draw, codes, redemption, devices, store, policy, notices, options.Value, clock);

    /// <summary>A device asks to be paired (RFC 8628 §3.1 and §3.2).</summary>
    public async Task<StartResult> StartAsync(PairingRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var allowed = _options.ScopesOf(request.ClientId);
        var scopes = request.Scopes.Count > 0 ? request.Scopes : (_options.DefaultScopes ?? allowed).Where(allowed.Contains);
        if (scopes.Where(scope => !allowed.Contains(scope)).ToArray() is { Length: > 0 } unknown)
        {
            return new StartResult.UnknownScopes(unknown);
        }

        if (!await _policy.MayStartAsync(request, cancellationToken).ConfigureAwait(false))
        {
            return new StartResult.Forbidden();
        }

        return await _draw.AddAsync(request, Sorted(scopes), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Looks a pairing up for an approver, by the code as typed, and changes nothing.</summary>
    public Task<InspectResult> InspectAsync(string? userCode, Approver approver, CancellationToken cancellationToken = default) =>
        LookUpAsync(userCode, approver, claim: false, cancellationToken);

    /// <summary>
    /// Looks a pairing up and claims it: for <see cref="Pairing.ClaimLifetime"/>, other users see it as unknown. For a code that the
    /// approver entered on purpose; never on a mere link (RFC 8628 §5.5).
    /// </summary>
    public Task<InspectResult> ClaimAsync(string? userCode, Approver approver, CancellationToken cancellationToken = default) =>
        LookUpAsync(userCode, approver, claim: true, cancellationToken);

    /// <summary>The approver says yes. However many decisions run at once, exactly one counts.</summary>
    public async Task<DecisionResult> ApproveAsync(
        string? userCode, Approver approver, Approval approval, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(approver);
        ArgumentNullException.ThrowIfNull(approval);
        for (var attempt = 0; attempt < WriteAttempts; attempt++)
        {
            var (pairing, refusal) = await _codes.FindAsync(userCode, approver, takes: attempt == 0, cancellationToken).ConfigureAwait(false);
            if (pairing is null || (refusal = await _policy.RefusesAsync(pairing, approver, approval, cancellationToken).ConfigureAwait(false)) is not null)
            {
                return refusal!;
            }

            var now = _clock.Now(); // anew, for the host may have taken its time
            var lifetime = approval.TokenLifetime ?? _options.TokenLifetime;
            var (error, approved) = pairing.Approve(approver.UserId, new PairingGrant
            {
                Scopes = Sorted(approval.Scopes),
                DeviceName = string.IsNullOrWhiteSpace(approval.DeviceName) ? null : approval.DeviceName.Trim(),
                AsNewDevice = approval.AsNewDevice,
                TokenExpiresAt = lifetime == Timeout.InfiniteTimeSpan ? null : now + lifetime,
                TokenSalt = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)),
            }, now);
            if (error is null && await _store.TryReplaceAsync(approved, now, cancellationToken).ConfigureAwait(false))
            {
                await _notices.RaiseAsync(new PairingEvent.Approved(approved)).ConfigureAwait(false);

                // The decision comes first, so that only its winner registers a device. Should this registration not happen,
                // redemption does it: an approval that was acknowledged is never lost.
                var device = await _devices.RegisterAsync(approved, cancellationToken).ConfigureAwait(false);
                var registered = approved.Registered(device) with { Version = approved.Version + 1 };
                await _store.TryReplaceAsync(registered, _clock.Now(), cancellationToken).ConfigureAwait(false);
                return new DecisionResult.Approved(device);
            }
        }

        throw Contended();
    }

    /// <summary>The approver says no. However many decisions run at once, exactly one counts.</summary>
    public async Task<DecisionResult> DenyAsync(string? userCode, Approver approver, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(approver);
        for (var attempt = 0; attempt < WriteAttempts; attempt++)
        {
            var (pairing, refusal) = await _codes.FindAsync(userCode, approver, takes: false, cancellationToken).ConfigureAwait(false);
            if (pairing is null)
            {
                return refusal!;
            }

            var now = _clock.Now();
            var (error, denied) = pairing.Deny(approver.UserId, now);
            if (error is null && await _store.TryReplaceAsync(denied, now, cancellationToken).ConfigureAwait(false))
            {
                await _notices.RaiseAsync(new PairingEvent.Denied(denied)).ConfigureAwait(false);
                return new DecisionResult.Denied();
            }
        }

        throw Contended();
    }

    /// <summary>
    /// The device polls (RFC 8628 §3.4 and §3.5). However many polls run at once, at most one is paired. A device that sent an
    /// <c>Idempotency-Key</c> can fetch the same token again with the same key, for <see cref="Pairing.RedeliveryWindow"/> and before its
    /// first use, should the answer have been lost.
    /// </summary>
    public async Task<PollResult> PollAsync(
        DeviceCode deviceCode, string? clientId, string? idempotencyKey = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(deviceCode);
        var (codeHash, keyHash) = (deviceCode.Hash(), idempotencyKey is null ? null : SecretHash.Of(idempotencyKey));
        for (var attempt = 0; attempt < WriteAttempts; attempt++)
        {
            var now = _clock.Now();
            var poll = await _store.TryAcceptPollAsync(codeHash, clientId, now, cancellationToken).ConfigureAwait(false);
            if (poll.IsAccepted || poll.Pairing is not { } pairing)
            {
                return new PollResult.NotPaired(poll.IsAccepted ? PairingError.AuthorizationPending : PairingError.InvalidGrant) { IsUnknownCode = !poll.IsAccepted };
            }

            var (error, next) = pairing.Poll(clientId, keyHash, now);
            switch (error)
            {
                case null when await _redemption.RedeemAsync(deviceCode, pairing, next, cancellationToken).ConfigureAwait(false) is { } result:
                    return result;
                case null or PairingError.AuthorizationPending: // the store saw another state: look again
                    continue;
                case PairingError.SlowDown when next.Pacing != pairing.Pacing:
                    await _store.TrySlowDownAsync(pairing, next.Pacing, cancellationToken).ConfigureAwait(false);
                    break;
                case PairingError.InvalidGrant when pairing.IsReplayed(clientId, now):
                    await _redemption.ReplayAsync(pairing, cancellationToken).ConfigureAwait(false);
                    break;
                case PairingError.ExpiredToken when pairing.Status == PairingStatus.Approved: // perhaps issued, but not redeemed in time
                    await _redemption.RevokeAsync(pairing, cancellationToken).ConfigureAwait(false);
                    break;
            }

            return new PollResult.NotPaired(error.Value) { Interval = error == PairingError.SlowDown ? next.Pacing.Interval : null };
        }

        throw Contended();
    }

    private async Task<InspectResult> LookUpAsync(string? userCode, Approver approver, bool claim, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(approver);
        for (var attempt = 0; attempt < WriteAttempts; attempt++)
        {
            var (pairing, refusal) = await _codes.FindAsync(userCode, approver, takes: claim && attempt == 0, cancellationToken).ConfigureAwait(false);
            if (pairing is null)
            {
                return refusal is DecisionResult.AlreadyDecided { Status: var status } ? new InspectResult.AlreadyDecided(status) : new InspectResult.NotFound();
            }

            var now = _clock.Now();
            var (error, claimed) = pairing.Claim(approver.UserId, now);
            var writes = claim && !ReferenceEquals(claimed, pairing);
            if (error is null && (!writes || await _store.TryReplaceAsync(claimed, now, cancellationToken).ConfigureAwait(false)))
            {
                if (writes)
                {
                    await _notices.RaiseAsync(new PairingEvent.Claimed(claimed)).ConfigureAwait(false);
                }

                return new InspectResult.Found
                {
                    Pairing = pairing,
                    GrantableScopes = await _policy.GrantableAsync(pairing, approver, cancellationToken).ConfigureAwait(false) ?? [],
                    Risk = await _policy.RiskAsync(pairing, approver, cancellationToken).ConfigureAwait(false),
                    KnownDevice = await _devices.FindKnownAsync(pairing, approver.UserId, cancellationToken).ConfigureAwait(false),
                };
            }
        }

        throw Contended();
    }

    private static string[] Sorted(IEnumerable<string> scopes) => [.. scopes.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    private static InvalidOperationException Contended() => new($"The pairing store refused {WriteAttempts} writes in a row.");
}
