using System.Buffers.Text;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization;

/// <summary>
/// The steps of the flow, in order: start, look up, approve (and match) or deny, poll and redeem. The rules are <see cref="Pairing"/>'s; this
/// class asks them, and writes their answer in one atomic step of the store. A refused write means that somebody moved the
/// pairing on meanwhile: read it again and decide afresh. A cancelled call leaves what was written.
/// </summary>
public sealed class PairingService(
    IPairingStore store,
    IDeviceRepository devices,
    IPairingPolicy policy,
    IOptions<DeviceAuthorizationOptions> options,
    TimeProvider clock,
    ILogger<PairingService> logger)
{
    private const int CodeAttempts = 5;
    // Each refused write means that another one succeeded, so nobody gets near this; a broken store must not spin for ever.
    private const int WriteAttempts = 100;

    private readonly DeviceAuthorizationOptions _options = options.Value;
    private readonly Redemption _redemption = new(store, devices, policy, options.Value, clock, logger);

    private Decision Decision => new(store, _redemption, logger);

    /// <summary>A device asks to be paired (RFC 8628 §3.1 and §3.2).</summary>
    public async Task<StartResult> StartAsync(PairingRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        IEnumerable<string> scopes = request.Scopes.Count > 0 ? request.Scopes : _options.DefaultScopes ?? _options.Scopes.Keys;
        if (scopes.Where(scope => !_options.Scopes.ContainsKey(scope)).ToArray() is { Length: > 0 } unknown)
        {
            return new StartResult.UnknownScopes(unknown);
        }

        if (_options.NumberMatching == NumberMatching.Always && !request.CanShowNumber)
        {
            return new StartResult.NumberRequired();
        }

        var now = clock.Now();
        for (var attempt = 0; attempt < CodeAttempts; attempt++)
        {
            var (deviceCode, userCode) = (DeviceCode.New(), _options.UserCode.New());
            var pairing = new Pairing
            {
                Id = Guid.NewGuid(),
                DeviceCodeHash = deviceCode.Hash(),
                UserCodeHash = userCode.Hash(),
                ClientId = request.ClientId,
                RequiresClientId = request.RequiresClientId,
                RequestedScopes = Sorted(scopes),
                Device = request.Device,
                CanShowNumber = request.CanShowNumber,
                CreatedAt = now,
                ExpiresAt = now + _options.PairingLifetime,
                Pacing = Pacing.Start(_options.PollingInterval, now),
            };
            switch (await store.TryAddAsync(pairing, cancellationToken).ConfigureAwait(false))
            {
                case PairingAddition.Added:
                    logger.PairingStarted(pairing.Id);
                    return new StartResult.Started
                    {
                        DeviceCode = deviceCode,
                        UserCode = userCode,
                        ExpiresIn = _options.PairingLifetime,
                        Interval = _options.PollingInterval,
                    };
                case PairingAddition.Full:
                    logger.StoreFull();
                    return new StartResult.Unavailable();
            }
        }

        logger.CodesExhausted(CodeAttempts);
        return new StartResult.Unavailable();
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
            var pairing = await FindAsync(userCode, cancellationToken).ConfigureAwait(false);
            if (pairing is null || pairing.Refuses(approver.UserId, clock.Now()) is not null)
            {
                return Refused(pairing, approver);
            }

            var refusal = await policy.RefusesAsync(pairing, approver, approval, _options.NumberMatching, cancellationToken).ConfigureAwait(false);
            var compares = refusal is DecisionResult.NumberRequired && approval.CanCompareNumber;
            if (refusal is not null && !compares)
            {
                return refusal;
            }

            var now = clock.Now(); // anew, for the host may have taken its time
            var lifetime = approval.TokenLifetime ?? _options.TokenLifetime;
            var (error, approved) = pairing.Approve(approver.UserId, new PairingGrant
            {
                Scopes = Sorted(approval.Scopes),
                DeviceName = string.IsNullOrWhiteSpace(approval.DeviceName) ? null : approval.DeviceName.Trim(),
                AsNewDevice = approval.AsNewDevice,
                TokenExpiresAt = lifetime == Timeout.InfiniteTimeSpan ? null : now + lifetime,
                TokenSalt = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)),
            }, now, compares ? MatchNumber.New() : null);
            if (error is null && await Decision.TryWriteAsync(approved, now, cancellationToken).ConfigureAwait(false) is { } result)
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
    public async Task<PollResult> PollAsync(
        DeviceCode deviceCode, string? clientId, string? idempotencyKey = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(deviceCode);
        var (codeHash, keyHash) = (deviceCode.Hash(), idempotencyKey is null ? null : SecretHash.Of(idempotencyKey));
        for (var attempt = 0; attempt < WriteAttempts; attempt++)
        {
            var now = clock.Now();
            var poll = await store.TryAcceptPollAsync(codeHash, clientId, now, cancellationToken).ConfigureAwait(false);
            if (poll.IsAccepted || poll.Pairing is not { } pairing)
            {
                return new PollResult.NotPaired(poll.IsAccepted ? PairingError.AuthorizationPending : PairingError.InvalidGrant);
            }

            var (error, next) = pairing.Poll(clientId, keyHash, now);
            switch (error)
            {
                case null when await _redemption.RedeemAsync(deviceCode, pairing, next, cancellationToken).ConfigureAwait(false) is { } result:
                    return result;
                case null or PairingError.AuthorizationPending when pairing.Status != PairingStatus.Matching: // the store saw another state: look again
                    continue;
                case PairingError.SlowDown when next.Pacing != pairing.Pacing:
                    await store.TrySlowDownAsync(pairing, next.Pacing, cancellationToken).ConfigureAwait(false);
                    break;
                case PairingError.InvalidGrant when _options.RevokeOnReplay && pairing.IsReplayed(clientId, now):
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

    private async Task<InspectResult> LookUpAsync(string? userCode, Approver approver, bool claim, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(approver);
        for (var attempt = 0; attempt < WriteAttempts; attempt++)
        {
            var pairing = await FindAsync(userCode, cancellationToken).ConfigureAwait(false);
            var now = clock.Now();
            if (pairing is { MatchNumber: { } number } && pairing.AwaitsNumberOf(approver.UserId, now))
            {
                return new InspectResult.Matching { Pairing = pairing, Numbers = MatchNumber.Choices(number) };
            }

            if (pairing is null || pairing.Claim(approver.UserId, now) is not (null, var claimed))
            {
                return Refused(pairing, approver) is DecisionResult.AlreadyDecided { Status: var status }
                    ? new InspectResult.AlreadyDecided(status)
                    : new InspectResult.NotFound();
            }

            if (!claim || ReferenceEquals(claimed, pairing) || await store.TryReplaceAsync(claimed, now, cancellationToken).ConfigureAwait(false))
            {
                return new InspectResult.Found
                {
                    Pairing = pairing,
                    GrantableScopes = await policy.GrantableAsync(pairing, approver, cancellationToken).ConfigureAwait(false) ?? [],
                    Risk = await policy.RiskAsync(pairing, approver, _options.NumberMatching, cancellationToken).ConfigureAwait(false),
                    KnownDevice = await _redemption.FindKnownAsync(pairing, approver.UserId, cancellationToken).ConfigureAwait(false),
                };
            }
        }

        throw Contended();
    }

    private async Task<DecisionResult> DecideAsync(
        string? userCode, Approver approver, Func<Pairing, DateTimeOffset, (DecisionError?, Pairing)> rule, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(approver);
        for (var attempt = 0; attempt < WriteAttempts; attempt++)
        {
            var pairing = await FindAsync(userCode, cancellationToken).ConfigureAwait(false);
            var now = clock.Now();
            if (pairing is null || rule(pairing, now) is not (null, var decided))
            {
                return Refused(pairing, approver);
            }

            if (await Decision.TryWriteAsync(decided, now, cancellationToken).ConfigureAwait(false) is { } result)
            {
                return result;
            }
        }

        throw Contended();
    }

    private async ValueTask<Pairing?> FindAsync(string? userCode, CancellationToken cancellationToken) =>
        _options.UserCode.TryParse(userCode, out var code)
            ? await store.FindByUserCodeAsync(code.Hash(), cancellationToken).ConfigureAwait(false)
            : null;

    private DecisionResult Refused(Pairing? pairing, Approver approver) =>
        pairing?.Refuses(approver.UserId, clock.Now()) == DecisionError.AlreadyDecided
            ? new DecisionResult.AlreadyDecided(pairing.Status)
            : new DecisionResult.NotFound();

    private static string[] Sorted(IEnumerable<string> scopes) => [.. scopes.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    private static InvalidOperationException Contended() => new($"The pairing store refused {WriteAttempts} writes in a row.");
}
