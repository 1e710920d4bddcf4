using System.Buffers.Text;
using System.Security.Cryptography;
using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Flow;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization;

/// <summary>
/// The approver's side of the flow: enter a code, review the request, approve, choose the number, deny, release. As in <see cref="DeviceFlow"/>, the
/// rules decide and one atomic step of the store writes. However many decisions run at once, exactly one counts. A cancelled call leaves what was
/// written.
/// </summary>
/// <remarks>Get it from the container, in the scope of the request: the host's <see cref="IPairingPolicy"/> and <see cref="IPairingEvents"/> come from there.</remarks>
public sealed class ApproverFlow
{
    private readonly WatchedPairingStore _store;
    private readonly WatchedPolicy _policy;
    private readonly DeviceRegistry _devices;
    private readonly PhishingWatch _watch;
    private readonly EventReporter _events;
    private readonly DeviceAuthorizationOptions _options;
    private readonly TimeProvider _clock;

    internal ApproverFlow(
        WatchedPairingStore store, WatchedPolicy policy, DeviceRegistry devices, PhishingWatch watch, EventReporter events,
        IOptions<DeviceAuthorizationOptions> options, TimeProvider clock) =>
        (_store, _policy, _devices, _watch, _events, _options, _clock) = (store, policy, devices, watch, events, options.Value, clock);

    /// <summary>
    /// The approver typed the code: claims it. For <see cref="Pairing.ClaimLifetime"/>, other users see it as unknown.
    /// </summary>
    /// <returns><see cref="ApproverResult.Review"/>, <see cref="ApproverResult.ChooseNumber"/>, or why not.</returns>
    public Task<ApproverResult> EnterAsync(UserCode userCode, Approver approver, CancellationToken cancellationToken = default) =>
        EnterAsync(userCode, approver, isOfLink: false, cancellationToken);

    /// <summary>
    /// The approver confirmed a code that a link filled in: claims it as <see cref="EnterAsync(UserCode, Approver, CancellationToken)"/> does, unless
    /// the client wants its codes typed (<see cref="DeviceClient.AllowLink"/>). Opening a link must never get here (RFC 8628 §5.5).
    /// </summary>
    /// <returns>As <see cref="EnterAsync(UserCode, Approver, CancellationToken)"/>, or <see cref="ApproverRefusal.MustBeTyped"/>.</returns>
    public Task<ApproverResult> EnterFromLinkAsync(UserCode userCode, Approver approver, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(approver);
        return EnterAsync(userCode, approver with { CameByLink = true }, isOfLink: true, cancellationToken);
    }

    /// <summary>Describes the pairing to the approver. Changes nothing.</summary>
    /// <returns><see cref="ApproverResult.Review"/>, <see cref="ApproverResult.ChooseNumber"/>, or why not.</returns>
    public async Task<ApproverResult> ReviewAsync(UserCode userCode, Approver approver, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(approver);
        using var span = Telemetry.Step("device_authorization.review");
        return await FindAndReportAsync(userCode, approver, cancellationToken).ConfigureAwait(false) switch
        {
            (Standing.MayDecide, { } pairing) => await DescribeAsync(pairing, approver, cancellationToken).ConfigureAwait(false),
            (Standing.MustChooseNumber, { } pairing) => NumbersOf(pairing),
            var (standing, pairing) => Refuse(standing, pairing),
        };
    }

    /// <summary>The approver approves.</summary>
    /// <returns>
    /// <see cref="ApproverResult.Approved"/>; <see cref="ApproverResult.ChooseNumber"/>, after which <see cref="ChooseNumberAsync"/> completes the
    /// approval; or why not.
    /// </returns>
    public async Task<ApproverResult> ApproveAsync(
        UserCode userCode, Approver approver, Approval approval, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(approver);
        ArgumentNullException.ThrowIfNull(approval);
        using var span = Telemetry.Step("device_authorization.approve");
        var isSuspected = false;
        for (var attempt = 0; attempt < DeviceFlow.WriteAttempts; attempt++)
        {
            var (standing, pairing) = await FindAndVoidSharedAsync(userCode, approver, cancellationToken).ConfigureAwait(false);
            if (standing != Standing.MayDecide)
            {
                return Refuse(standing, pairing);
            }

            if (attempt == 0)
            {
                if (await DetectAsync(pairing!, approver).ConfigureAwait(false) is not { } detected)
                {
                    return new ApproverResult.Refused(ApproverRefusal.NotFound);
                }

                isSuspected = detected;
            }

            if (isSuspected && !pairing!.IsSuspected) // written before anything is refused: a second try is not counted, and must not be judged more mildly
            {
                pairing = await TryClaimAsync(pairing, approver, isSuspected, cancellationToken).ConfigureAwait(false);
                if (pairing is null)
                {
                    continue;
                }
            }

            if (await RefusalOfScopesAsync(pairing!, approver, approval, cancellationToken).ConfigureAwait(false) is { } refused)
            {
                return new ApproverResult.Refused(refused);
            }

            var replaces = !approval.AsNewDevice
                && MattersWhatIsReplaced(pairing!, approver)
                && await _devices.FindKnownAsync(pairing!, approver.UserId, cancellationToken).ConfigureAwait(false) is not null;
            var verdict = await AssessAsync(pairing!, approver, replaces, cancellationToken).ConfigureAwait(false);
            var choosesNumber = verdict.Risk == ApprovalRisk.MatchNumber || _options.NumberMatching == NumberMatching.Always;
            switch (verdict.Risk)
            {
                case ApprovalRisk.StepUp:
                    return new ApproverResult.Refused(ApproverRefusal.StepUpRequired);
                case ApprovalRisk.Block:
                    return new ApproverResult.Refused(ApproverRefusal.Blocked);
                default:
                    if (choosesNumber && !approval.SupportsNumberMatching)
                    {
                        return new ApproverResult.Refused(ApproverRefusal.NumberRequired);
                    }

                    break;
            }

            // The number of sign-outs is read before the decision: one that comes between the two ends this approval, too.
            var (exceeded, signOuts) = await _devices.FindExceededLimitAsync(pairing!, approver.UserId, approval.AsNewDevice, cancellationToken).ConfigureAwait(false);
            if (exceeded is { } limit)
            {
                return new ApproverResult.Refused(limit);
            }

            var stamp = await _policy.HashedStampAsync(approver.UserId, cancellationToken).ConfigureAwait(false);
            var now = _clock.Now(); // read again: the policy may be slow
            var grant = GrantOf(approval, now) with { SignOuts = signOuts, AccountStamp = stamp };
            var (error, decided) = pairing!.Approve(approver.UserId, grant, now, choosesNumber ? MatchNumber.New() : null);
            if (error is null && await TryDecideAsync(decided, now, verdict, cancellationToken).ConfigureAwait(false) is { } result)
            {
                return result;
            }
        }

        throw DeviceFlow.Contended();
    }

    /// <summary>The approver chooses the number that the device shows. The right one approves, any other denies. There is one try.</summary>
    public Task<ApproverResult> ChooseNumberAsync(UserCode userCode, Approver approver, int number, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(approver);
        return DecideAsync("device_authorization.choose_number", userCode, approver, (pairing, now) => pairing.Match(approver.UserId, number, now), cancellationToken);
    }

    /// <summary>The approver denies, also at the number prompt.</summary>
    public Task<ApproverResult> DenyAsync(UserCode userCode, Approver approver, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(approver);
        return DecideAsync("device_authorization.deny", userCode, approver, (pairing, now) => pairing.Deny(approver.UserId, now), cancellationToken);
    }

    /// <summary>
    /// The approver leaves the pairing undecided: another account may enter its code at once. Does nothing if another request changed the pairing
    /// meanwhile: the claim then lapses.
    /// </summary>
    public async Task ReleaseAsync(UserCode userCode, Approver approver, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(approver);
        if (await FindAndReportAsync(userCode, approver, cancellationToken).ConfigureAwait(false) is (Standing.MayDecide, { } pairing) && pairing.IsClaimedBy(approver.UserId))
        {
            await _store.TryReplaceAsync(pairing.Released(approver.UserId), _clock.Now(), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <param name="isOfLink">Whether the client must allow links. A page of the host's own may also say <see cref="Approver.CameByLink"/>, which only counts as a risk.</param>
    private async Task<ApproverResult> EnterAsync(UserCode userCode, Approver approver, bool isOfLink, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(approver);
        using var span = Telemetry.Step("device_authorization.enter");
        var isSuspected = false;
        for (var attempt = 0; attempt < DeviceFlow.WriteAttempts; attempt++)
        {
            var (standing, pairing) = await FindAndVoidSharedAsync(userCode, approver, cancellationToken).ConfigureAwait(false);
            switch (standing)
            {
                case Standing.MustChooseNumber:
                    return NumbersOf(pairing!);
                case not Standing.MayDecide:
                    return Refuse(standing, pairing);
            }

            if (isOfLink && !_options.AllowsLink(pairing!.ClientId))
            {
                return new ApproverResult.Refused(ApproverRefusal.MustBeTyped);
            }

            if (attempt == 0)
            {
                if (await DetectAsync(pairing!, approver).ConfigureAwait(false) is not { } detected)
                {
                    return new ApproverResult.Refused(ApproverRefusal.NotFound);
                }

                isSuspected = detected;
            }

            if (await TryClaimAsync(pairing!, approver, isSuspected, cancellationToken).ConfigureAwait(false) is { } claimed)
            {
                return await DescribeAsync(claimed, approver, cancellationToken).ConfigureAwait(false);
            }
        }

        throw DeviceFlow.Contended();
    }

    /// <summary>Claims the pairing for the approver, and keeps what was detected.</summary>
    /// <returns>The pairing as it is stored now; null when another request moved it on: find it again.</returns>
    private async Task<Pairing?> TryClaimAsync(Pairing pairing, Approver approver, bool isSuspected, CancellationToken cancellationToken)
    {
        var now = _clock.Now();
        var (error, claimed) = (isSuspected ? pairing with { IsSuspected = true } : pairing).Claim(approver.UserId, now);
        if (error is not null)
        {
            return null;
        }

        if (claimed != pairing)
        {
            if (!await _store.TryReplaceAsync(claimed, now, cancellationToken).ConfigureAwait(false))
            {
                return null;
            }

            claimed = claimed with { Version = pairing.Version + 1 };
        }

        if (!pairing.IsClaimedBy(approver.UserId)) // a second entry by the same user only extends the claim: no new event
        {
            await _events.ReportAsync(new PairingEvent.Claimed(claimed)).ConfigureAwait(false);
        }

        return claimed;
    }

    private async Task<ApproverResult> DecideAsync(
        string step, UserCode userCode, Approver approver, Func<Pairing, DateTimeOffset, (DecisionError? Error, Pairing Next)> rule, CancellationToken cancellationToken)
    {
        using var span = Telemetry.Step(step);
        for (var attempt = 0; attempt < DeviceFlow.WriteAttempts; attempt++)
        {
            var (standing, pairing) = await FindAndVoidSharedAsync(userCode, approver, cancellationToken).ConfigureAwait(false);
            if (standing is not (Standing.MayDecide or Standing.MustChooseNumber))
            {
                return Refuse(standing, pairing);
            }

            var now = _clock.Now();
            if (rule(pairing!, now) is not (null, var decided))
            {
                return new ApproverResult.Refused(ApproverRefusal.NotFound); // a number where none was asked for, or expired at this moment
            }

            if (await TryDecideAsync(decided, now, verdict: null, cancellationToken).ConfigureAwait(false) is { } result)
            {
                return result;
            }
        }

        throw DeviceFlow.Contended();
    }

    /// <summary>
    /// Finds the pairing and what this user may do with it, and reports a code that they may not use. Reads under every key, even after a hit, so
    /// that the time reveals nothing (T-22).
    /// </summary>
    private async ValueTask<(Standing Standing, Pairing? Pairing)> FindAndReportAsync(UserCode code, Approver approver, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(code);
        Pairing? pairing = null;
        foreach (var key in _options.UserCodeKeyBytes)
        {
            pairing = await _store.FindByUserCodeAsync(code.Hash(key), cancellationToken).ConfigureAwait(false) ?? pairing;
        }

        if (pairing is not null)
        {
            Telemetry.Tag(pairing.Id, pairing.TraceParent);
        }

        var standing = pairing?.StandingOf(approver.UserId, _clock.Now()) ?? Standing.Over;
        switch (standing)
        {
            case Standing.HeldByOther:
                await _events.ReportAsync(new PairingEvent.CodeShared(approver, pairing!)).ConfigureAwait(false);
                break;
            case Standing.Over:
                await _events.ReportAsync(new PairingEvent.CodeRefused(approver, pairing)).ConfigureAwait(false);
                break;
        }

        return (standing, pairing);
    }

    /// <summary>Finds the pairing. If another user holds it, the code is being sent around: voids it if the host wants that.</summary>
    private async ValueTask<(Standing Standing, Pairing? Pairing)> FindAndVoidSharedAsync(UserCode code, Approver approver, CancellationToken cancellationToken)
    {
        var found = await FindAndReportAsync(code, approver, cancellationToken).ConfigureAwait(false);
        if (found.Standing == Standing.HeldByOther)
        {
            await VoidIfConfiguredAsync(found.Pairing!, cancellationToken).ConfigureAwait(false);
        }

        return found;
    }

    /// <summary>
    /// The approver uses the code for the first time: checks how it spreads, and voids the pairing if the host wants that. Once per request, or a
    /// retry would count the pairing twice.
    /// </summary>
    /// <returns>Whether it looks like phishing; null if the pairing was voided for that.</returns>
    private async ValueTask<bool?> DetectAsync(Pairing pairing, Approver approver)
    {
        if (pairing.IsClaimedBy(approver.UserId) || !await _watch.DetectAsync(pairing, approver).ConfigureAwait(false))
        {
            return false;
        }

        return await VoidIfConfiguredAsync(pairing, CancellationToken.None).ConfigureAwait(false) ? null : true; // an aborted request does not save the pairing
    }

    /// <summary>Takes a pairing out of the flow if the host wants that (<see cref="DeviceAuthorizationOptions.VoidSuspectedPairings"/>).</summary>
    /// <returns>Whether the host wants it.</returns>
    private async ValueTask<bool> VoidIfConfiguredAsync(Pairing suspect, CancellationToken cancellationToken)
    {
        if (!_options.VoidSuspectedPairings)
        {
            return false;
        }

        Pairing? pairing = suspect;
        for (var attempt = 0; pairing is not null && attempt < DeviceFlow.WriteAttempts; attempt++)
        {
            var now = _clock.Now();
            if (!pairing.IsOpen(now))
            {
                break;
            }

            var voided = pairing.Voided(now);
            if (await _store.TryReplaceAsync(voided, now, cancellationToken).ConfigureAwait(false))
            {
                await _events.ReportAsync(new PairingEvent.Voided(voided)).ConfigureAwait(false);
                break;
            }

            pairing = await _store.FindByUserCodeAsync(suspect.UserCodeHash, cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    /// <summary>
    /// Writes a decision, and does what follows from it. The decision is written first, so that only the winner registers a device.
    /// </summary>
    /// <param name="verdict">How risky the approval is; null if the approver denied or chose a number.</param>
    /// <returns>The answer to the approver; null when another request moved the pairing on: find it again.</returns>
    private async Task<ApproverResult?> TryDecideAsync(Pairing decided, DateTimeOffset now, RiskVerdict? verdict, CancellationToken cancellationToken)
    {
        if (!await _store.TryReplaceAsync(decided, now, cancellationToken).ConfigureAwait(false))
        {
            return null;
        }

        switch (decided.Status)
        {
            case PairingStatus.Approved:
                await _events.ReportAsync(new PairingEvent.Approved(decided) { Risk = verdict?.Risk, Reasons = verdict?.Reasons ?? [] }).ConfigureAwait(false);

                // If this fails, redemption does it: an approval that was acknowledged is never lost.
                if (await _devices.RegisterAsync(decided, cancellationToken).ConfigureAwait(false) is not { } device)
                {
                    return new ApproverResult.Refused(ApproverRefusal.DeviceLimitReached); // another device took the last place meanwhile
                }

                var registered = decided.Registered(device) with { Version = decided.Version + 1 };
                await _store.TryReplaceAsync(registered, _clock.Now(), cancellationToken).ConfigureAwait(false);
                return new ApproverResult.Approved(device);
            case PairingStatus.Matching:
                await _events.ReportAsync(new PairingEvent.NumberMatchingStarted(decided) { Risk = verdict!.Risk, Reasons = verdict.Reasons }).ConfigureAwait(false);
                return NumbersOf(decided);
            default:
                await _events.ReportAsync(new PairingEvent.Denied(decided)).ConfigureAwait(false);
                return new ApproverResult.Denied();
        }
    }

    private async Task<ApproverResult> DescribeAsync(Pairing pairing, Approver approver, CancellationToken cancellationToken)
    {
        var grantable = await GrantableAsync(pairing, approver, cancellationToken).ConfigureAwait(false);
        var known = await _devices.FindKnownAsync(pairing, approver.UserId, cancellationToken).ConfigureAwait(false);
        var verdict = await AssessAsync(pairing, approver, known is not null, cancellationToken).ConfigureAwait(false);
        return new ApproverResult.Review
        {
            Pairing = pairing,
            GrantableScopes = grantable ?? [],
            Risk = verdict.Risk,
            Reasons = verdict.Reasons,
            KnownDevice = known,
            IsTokenLimitReached = await _devices.FindExceededLimitAsync(pairing, approver.UserId, asNewDevice: false, cancellationToken).ConfigureAwait(false) is (ApproverRefusal.TokenLimitReached, _),
        };
    }

    private PairingGrant GrantOf(Approval approval, DateTimeOffset now)
    {
        var lifetime = approval.TokenLifetime ?? _options.TokenLifetime;
        return new PairingGrant
        {
            Scopes = [.. approval.Scopes.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
            DeviceName = string.IsNullOrWhiteSpace(approval.DeviceName) ? null : approval.DeviceName.Trim(),
            AsNewDevice = approval.AsNewDevice,
            TokenExpiresAt = lifetime == Timeout.InfiniteTimeSpan ? null : now + lifetime,
            TokenSalt = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)),
        };
    }

    /// <summary>Why this approver cannot grant these scopes; null if they can.</summary>
    private async ValueTask<ApproverRefusal?> RefusalOfScopesAsync(Pairing pairing, Approver approver, Approval approval, CancellationToken cancellationToken)
    {
        var grantable = await GrantableAsync(pairing, approver, cancellationToken).ConfigureAwait(false);
        if (grantable is null)
        {
            return ApproverRefusal.Forbidden;
        }

        return approval.Scopes.Except(grantable, StringComparer.Ordinal).Any() || (approval.Scopes.Count == 0 && pairing.RequestedScopes.Count > 0)
            ? ApproverRefusal.ScopesNotGrantable
            : null;
    }

    /// <summary>What this approver can grant: requested, and the account's, and the credential's; null when the account is not active.</summary>
    private async ValueTask<IReadOnlyList<string>?> GrantableAsync(Pairing pairing, Approver approver, CancellationToken cancellationToken)
    {
        var scopes = await _policy.ScopesNowAsync(approver.UserId, pairing.RequestedScopes, cancellationToken).ConfigureAwait(false);
        return approver.Scopes is { } held ? scopes?.Intersect(held, StringComparer.Ordinal).ToArray() : scopes;
    }

    /// <summary>
    /// The more severe of the host's answer and the rule's. An approver who signed in after the device asked has stepped up. A number that the host
    /// wants and that cannot be compared blocks.
    /// </summary>
    private async ValueTask<RiskVerdict> AssessAsync(Pairing pairing, Approver approver, bool replacesDevice, CancellationToken cancellationToken)
    {
        var canMatch = pairing.CanShowNumber && _options.NumberMatching != NumberMatching.Off;
        var ofHost = await _policy.AssessAsync(pairing, approver, cancellationToken).ConfigureAwait(false);
        var ofRule = RiskRule.Assess(
            new RiskFacts(
                Network.Compare(pairing.Device.Address, approver.Address),
                IsSuspected: pairing.IsSuspected || (pairing.ApproverId is not null && !pairing.IsClaimedBy(approver.UserId)),
                approver.CameByLink,
                ChangesThings: pairing.RequestedScopes.Any(_options.Page.IsChanging),
                replacesDevice,
                HasSecret: _options.FindClient(pairing.ClientId)?.Secret is not null,
                canMatch,
                CanStepUp: approver.SignedInAt is not null),
            _options.Security);
        return new RiskVerdict(
            RiskRule.MoreSevere(Now(ofHost), Now(ofRule.Risk)),
            ofHost == ApprovalRisk.None ? ofRule.Reasons : [RiskReason.Policy, .. ofRule.Reasons]);

        ApprovalRisk Now(ApprovalRisk risk) => risk switch
        {
            _ when _options.NumberMatching == NumberMatching.Always && !pairing.CanShowNumber => ApprovalRisk.Block,
            ApprovalRisk.MatchNumber when !canMatch => ApprovalRisk.Block,
            ApprovalRisk.StepUp when approver.SignedInAt > pairing.CreatedAt => ApprovalRisk.Warn,
            _ => risk,
        };
    }

    /// <summary>Whether the rule asks if a device would be replaced: only when it asked from another network.</summary>
    private bool MattersWhatIsReplaced(Pairing pairing, Approver approver) =>
        _options.Security != SecurityLevel.Relaxed && Network.Compare(pairing.Device.Address, approver.Address) == NetworkComparison.Other;

    private static ApproverResult.ChooseNumber NumbersOf(Pairing pairing) =>
        new() { Pairing = pairing, Numbers = MatchNumber.Choices(pairing.MatchNumber!.Value) };

    /// <summary>Everyone but the user who decided gets the same answer as for an unknown code.</summary>
    private static ApproverResult Refuse(Standing standing, Pairing? pairing) => standing is Standing.HasDecided or Standing.MustChooseNumber
        ? new ApproverResult.AlreadyDecided(pairing!)
        : new ApproverResult.Refused(ApproverRefusal.NotFound);
}
