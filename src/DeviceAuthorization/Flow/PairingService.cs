using System.Buffers.Text;
using System.Security.Cryptography;
using DeviceAuthorization.Codes;
using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Flow;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
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
    internal const int WriteAttempts = 100;

    private readonly CodeDraw _draw;
    private readonly LookUp _lookUp;
    private readonly EnteredCodes _codes;
    private readonly Decision _decision;
    private readonly Redemption _redemption;
    private readonly DeviceRegistry _devices;
    private readonly IPairingStore _store;
    private readonly IPairingPolicy _policy;
    private readonly DeviceAuthorizationOptions _options;
    private readonly TimeProvider _clock;

    internal PairingService(
        CodeDraw draw, LookUp lookUp, EnteredCodes codes, Decision decision, Redemption redemption, DeviceRegistry devices,
        IPairingStore store, IPairingPolicy policy, IOptions<DeviceAuthorizationOptions> options, TimeProvider clock) =>
        (_draw, _lookUp, _codes, _decision, _redemption, _devices, _store, _policy, _options, _clock) =
        (draw, lookUp, codes, decision, redemption, devices, store, policy, options.Value, clock);

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

        if (_options.NumberMatching == NumberMatching.Always && !request.CanShowNumber)
        {
            return new StartResult.NumberRequired();
        }

        return await _policy.MayStartAsync(request, cancellationToken).ConfigureAwait(false)
            ? await _draw.AddAsync(request, Sorted(scopes), cancellationToken).ConfigureAwait(false)
            : new StartResult.Forbidden();
    }

    /// <summary>Looks a pairing up for an approver, by the code as typed, and changes nothing.</summary>
    public Task<InspectResult> InspectAsync(string? userCode, Approver approver, CancellationToken cancellationToken = default) =>
        _lookUp.ShowAsync(userCode, approver, claims: false, cancellationToken);

    /// <summary>
    /// Looks a pairing up and claims it: for <see cref="Pairing.ClaimLifetime"/>, other users see it as unknown. For a code that the
    /// approver entered on purpose; never on a mere link (RFC 8628 §5.5).
    /// </summary>
    public Task<InspectResult> ClaimAsync(string? userCode, Approver approver, CancellationToken cancellationToken = default) =>
        _lookUp.ShowAsync(userCode, approver, claims: true, cancellationToken);

    /// <summary>The approver says yes. However many decisions run at once, exactly one counts.</summary>
    public async Task<DecisionResult> ApproveAsync(
        string? userCode, Approver approver, Approval approval, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(approver);
        ArgumentNullException.ThrowIfNull(approval);
        for (var attempt = 0; attempt < WriteAttempts; attempt++)
        {
            var (pairing, refusal) = await _codes.FindAsync(userCode, approver, cancellationToken, takes: attempt == 0).ConfigureAwait(false);
            refusal ??= await _policy.RefusesAsync(pairing!, approver, approval, _options.NumberMatching, cancellationToken).ConfigureAwait(false);
            var compares = refusal is DecisionResult.NumberRequired && approval.CanCompareNumber;
            if (refusal is not null && !compares)
            {
                return refusal;
            }

            if (await _devices.IsFullAsync(pairing!, approver.UserId, _options.IssueAt(_clock.Now(), approval.AsNewDevice), cancellationToken).ConfigureAwait(false))
            {
                return new DecisionResult.TokenLimitReached(_options.MaxTokensPerUser);
            }

            if (await _decision.RefusesAsync(pairing!, approver, approval, cancellationToken).ConfigureAwait(false) is { } full)
            {
                return full;
            }

            var now = _clock.Now(); // anew, for the host may have taken its time
            var lifetime = approval.TokenLifetime ?? _options.TokenLifetime;
            var (error, approved) = pairing!.Approve(approver.UserId, new PairingGrant
            {
                Scopes = Sorted(approval.Scopes),
                DeviceName = string.IsNullOrWhiteSpace(approval.DeviceName) ? null : approval.DeviceName.Trim(),
                AsNewDevice = approval.AsNewDevice,
                TokenExpiresAt = lifetime == Timeout.InfiniteTimeSpan ? null : now + lifetime,
                TokenSalt = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)),
            }, now, compares ? MatchNumber.New() : null);
            if (error is null && await _decision.TryWriteAsync(approved, now, cancellationToken).ConfigureAwait(false) is { } result)
            {
                return result;
            }
        }

        throw Contended();
    }

    /// <summary>
    /// The approver says which number the device shows, after <see cref="DecisionResult.Matching"/>. The right one approves, any other denies.
    /// However many tries run at once, exactly one counts.
    /// </summary>
    public Task<DecisionResult> MatchAsync(string? userCode, Approver approver, int number, CancellationToken cancellationToken = default) =>
        DecideAsync(userCode, approver, (pairing, now) => pairing.Match(approver.UserId, number, now), cancellationToken);

    /// <summary>The approver says no, be it instead of a number. However many decisions run at once, exactly one counts.</summary>
    public Task<DecisionResult> DenyAsync(string? userCode, Approver approver, CancellationToken cancellationToken = default) =>
        DecideAsync(userCode, approver, (pairing, now) => pairing.Deny(approver.UserId, now), cancellationToken);

    /// <summary>
    /// The device polls (RFC 8628 §3.4 and §3.5). However many polls run at once, at most one is paired. A device that sent an
    /// <c>Idempotency-Key</c> can fetch the same token again with the same key, for <see cref="Pairing.RedeliveryWindow"/> and before its
    /// first use, should the answer have been lost.
    /// </summary>
    /// <param name="deviceCode">The device code.</param>
    /// <param name="clientId">The client that the poll names, if it names one.</param>
    /// <param name="idempotencyKey">Its <c>Idempotency-Key</c>, if it has one.</param>
    /// <param name="address">
    /// The network address that it comes from, as the host's server sees it; <see langword="null"/> when that is not known. A used code that
    /// comes back from another network is noticed by it (<see cref="PairingEvent.ReplaySuspected"/>).
    /// </param>
    /// <param name="cancellationToken">Stops the call. What was written stays written.</param>
    public async Task<PollResult> PollAsync(
        DeviceCode deviceCode, string? clientId, string? idempotencyKey = null, string? address = null, CancellationToken cancellationToken = default)
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

            var (error, next) = pairing.Poll(clientId, keyHash, now, address);
            switch (error)
            {
                case null when await _redemption.RedeemAsync(deviceCode, pairing, next, cancellationToken).ConfigureAwait(false) is { } result:
                    return result;
                case null or PairingError.AuthorizationPending when pairing.Status != PairingStatus.Matching: // the store saw another state: look again
                    continue;
                case PairingError.SlowDown when next.Pacing != pairing.Pacing:
                    await _store.TrySlowDownAsync(pairing, next.Pacing, cancellationToken).ConfigureAwait(false);
                    break;
                case PairingError.InvalidGrant when pairing.IsReplayed(clientId, now):
                    await _redemption.ReplayAsync(pairing, cancellationToken).ConfigureAwait(false);
                    break;
                case PairingError.InvalidGrant when pairing.IsReplaySuspected(clientId, keyHash, address, now):
                    await _redemption.SuspectReplayAsync(pairing, cancellationToken).ConfigureAwait(false);
                    break;
                case PairingError.ExpiredToken when pairing.Status == PairingStatus.Approved: // perhaps issued, but not redeemed in time
                    await _redemption.RevokeAsync(pairing, cancellationToken).ConfigureAwait(false);
                    break;
            }

            return new PollResult.NotPaired(error!.Value)
            {
                Interval = error == PairingError.SlowDown ? next.Pacing.Interval : null,
                MatchNumber = error == PairingError.AuthorizationPending ? next.MatchNumber : null,
            };
        }

        throw Contended();
    }

    private async Task<DecisionResult> DecideAsync(
        string? userCode, Approver approver, Func<Pairing, DateTimeOffset, (DecisionError? Error, Pairing Next)> rule, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(approver);
        for (var attempt = 0; attempt < WriteAttempts; attempt++)
        {
            var (pairing, refusal) = await _codes.FindAsync(userCode, approver, cancellationToken, mayMatch: true).ConfigureAwait(false);
            var now = _clock.Now();
            if (pairing is null || rule(pairing, now) is not (null, var decided))
            {
                return refusal ?? new DecisionResult.NotFound(); // a number where none was asked for, or expired at this moment
            }

            if (await _decision.TryWriteAsync(decided, now, cancellationToken).ConfigureAwait(false) is { } result)
            {
                return result;
            }
        }

        throw Contended();
    }

    private static string[] Sorted(IEnumerable<string> scopes) => [.. scopes.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    internal static InvalidOperationException Contended() => new($"The pairing store refused {WriteAttempts} writes in a row.");
}
