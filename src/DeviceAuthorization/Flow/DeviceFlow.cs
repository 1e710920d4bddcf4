using DeviceAuthorization.Codes;
using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Flow;
using DeviceAuthorization.Limits;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization;

/// <summary>
/// The device's side of the flow: start, poll, redeem, withdraw. <see cref="Pairing"/> holds the rules; this class asks them and writes their answer in one
/// atomic step of the store. A refused write means that another request moved the pairing on: read it again and ask the rules again. A
/// cancelled call leaves what was written.
/// </summary>
/// <remarks>Get it from the container, in the scope of the request: the host's <see cref="IPairingPolicy"/> and <see cref="IPairingEvents"/> come from there.</remarks>
public sealed class DeviceFlow
{
    // Each refused write means that another one succeeded, so no correct store gets near this number. It stops a broken one from looping for ever.
    internal const int WriteAttempts = 100;

    private const int CodeAttempts = 5;
    private static readonly TimeSpan TenMinutes = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1); // longer than any pairing is kept

    private readonly WatchedPairingStore _store;
    private readonly IServiceProvider _services;
    private readonly DeviceAuthorizationOptions _options;
    private readonly TimeProvider _clock;

    // Most polls only ask the store. What the other steps need is resolved when they need it.
    internal DeviceFlow(WatchedPairingStore store, IServiceProvider services, IOptions<DeviceAuthorizationOptions> options, TimeProvider clock) =>
        (_store, _services, _options, _clock) = (store, services, options.Value, clock);

    private ILogger Logger => _services.GetRequiredService<ILogger<DeviceFlow>>();

    private EventReporter Events => _services.GetRequiredService<EventReporter>();

    private Telemetry Telemetry => _services.GetRequiredService<Telemetry>();

    private OncePerKey Once => _services.GetRequiredService<OncePerKey>();

    private HeldPolls Held => _services.GetRequiredService<HeldPolls>();

    private WatchedPolicy Policy => _services.GetRequiredService<WatchedPolicy>();

    private WatchedDeviceRepository Devices => _services.GetRequiredService<WatchedDeviceRepository>();

    private DeviceRegistry Registry => _services.GetRequiredService<DeviceRegistry>();

    /// <summary>A device asks for its codes (RFC 8628 §3.1 and §3.2).</summary>
    public async Task<StartResult> StartAsync(PairingRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        using var span = Telemetry.Step("device_authorization.start");
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

        if (!await Policy.MayStartAsync(request, cancellationToken).ConfigureAwait(false))
        {
            return new StartResult.Forbidden();
        }

        var events = Events; // resolved before anything is written: the host's listeners may fail to be created
        var (now, client) = (_clock.Now(), _options.FindClient(request.ClientId));
        var lifetime = client?.PairingLifetime ?? _options.PairingLifetime;
        for (var attempt = 0; attempt < CodeAttempts; attempt++)
        {
            var (deviceCode, userCode) = (DeviceCode.New(), _options.UserCode.New());
            var pairing = Pairing.Start(
                request, scopes, deviceCode.Hash(), userCode.Hash(_options.UserCodeKeyBytes[0]), lifetime, _options.PollingInterval, now) with
            {
                TraceParent = Telemetry.TraceParent,
            };
            switch (await TryAddAsync(pairing, userCode, cancellationToken).ConfigureAwait(false))
            {
                case PairingAddition.Added:
                    Telemetry.Tag(pairing.Id, pairing.TraceParent);
                    await events.ReportAsync(new PairingEvent.Started(pairing)).ConfigureAwait(false);
                    return new StartResult.Started
                    {
                        DeviceCode = deviceCode,
                        UserCode = userCode,
                        ExpiresIn = lifetime,
                        Interval = _options.PollingInterval,
                        AllowsLink = _options.AllowsLink(request.ClientId),
                    };
                case PairingAddition.Full:
                    Telemetry.Refused("store");
                    await LogOnceAsync("store-full", TenMinutes, Logger.StoreFull).ConfigureAwait(false);
                    return new StartResult.Unavailable();
                case PairingAddition.NetworkFull:
                    Telemetry.Refused("store-share");
                    await LogOnceAsync($"network-full:{Network.ParseSite(request.Device.Address)}", TenMinutes, () => Logger.NetworkFull(Network.Name(request.Device.Address))).ConfigureAwait(false);
                    return new StartResult.Unavailable();
            }
        }

        Logger.CodesExhausted(CodeAttempts);
        return new StartResult.Unavailable();
    }

    /// <summary>
    /// The device polls (RFC 8628 §3.4 and §3.5). However many polls run at once, at most one is paired. A device that sent an
    /// <c>Idempotency-Key</c> can fetch the same token again with the same key, for <see cref="Pairing.RedeliveryWindow"/> and before its first
    /// use, in case the answer was lost.
    /// </summary>
    public async Task<PollResult> PollAsync(PollRequest poll, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(poll);
        ArgumentNullException.ThrowIfNull(poll.DeviceCode, nameof(poll));
        using var span = Telemetry.Step("device_authorization.poll");
        var codeHash = poll.DeviceCode.Hash();
        using var held = poll.Wait > TimeSpan.Zero && _options.MaxPollWait > TimeSpan.Zero ? Held.TryHold(codeHash) : null; // before the store is asked
        var (result, longestHold) = await AskAsync(poll, codeHash, isHeld: false, cancellationToken).ConfigureAwait(false);
        return held is null || longestHold == TimeSpan.Zero ? result : await HoldAsync(held, poll, result, longestHold, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Waits for the decision, then answers as a poll would that came at that moment. Reading the pairing again leaves its pacing alone, so the hold counts as
    /// one poll.
    /// </summary>
    private async Task<PollResult> HoldAsync(HeldPoll held, PollRequest poll, PollResult undecided, TimeSpan longest, CancellationToken cancellationToken)
    {
        var (start, time) = (_clock.GetTimestamp(), poll.Wait < longest ? poll.Wait : longest);
        while (true)
        {
            var left = time - _clock.GetElapsedTime(start);
            var end = await held.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, _clock, cancellationToken).ConfigureAwait(false);
            if (end == HoldEnd.Released)
            {
                return undecided;
            }

            var (result, mayHold) = await AskAsync(poll, held.DeviceCodeHash, isHeld: true, cancellationToken).ConfigureAwait(false);
            if (end == HoldEnd.InTime || mayHold == TimeSpan.Zero || NumberIn(result) != NumberIn(undecided))
            {
                return result;
            }
        }

        static int? NumberIn(PollResult result) => (result as PollResult.NotPaired)?.MatchNumber;
    }

    /// <param name="isHeld">Whether this poll was accepted before and only looks again. Then it neither counts nor slows down.</param>
    /// <returns>The answer, and for how long it may wait if the device likes: zero if the pairing is decided.</returns>
    private async ValueTask<(PollResult Result, TimeSpan LongestHold)> AskAsync(PollRequest poll, string codeHash, bool isHeld, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < WriteAttempts; attempt++)
        {
            var now = _clock.Now();

            // One atomic step accepts a timely poll of a pending pairing. Only if the store refuses do the rules say why.
            var accepted = isHeld
                ? PollAttempt.NotAccepted(await _store.FindByDeviceCodeAsync(codeHash, cancellationToken).ConfigureAwait(false))
                : await _store.TryAcceptPollAsync(codeHash, poll.ClientId, now, cancellationToken).ConfigureAwait(false);
            if (accepted.IsAccepted)
            {
                return (PollResult.NotPaired.Pending, _options.MaxPollWait);
            }

            if (accepted.Pairing is not { } pairing)
            {
                return (PollResult.NotPaired.UnknownCode, default);
            }

            Telemetry.Tag(pairing.Id, pairing.TraceParent);
            var keyHash = poll.IdempotencyKey is null ? null : SecretHash.Of(poll.IdempotencyKey);
            var (outcome, next) = pairing.Poll(poll.ClientId, keyHash, now, poll.Address);
            switch (outcome)
            {
                case PollOutcome.Pending when isHeld:
                    return (PollResult.NotPaired.HeldPending, _options.MaxPollWait);
                case PollOutcome.SlowDown when isHeld: // the next poll is not due yet: the wait was shorter than the interval
                    return (PollResult.NotPaired.Pending, _options.MaxPollWait);
                case PollOutcome.Pending: // the store refused what the rules allow: the pairing changed in between
                    break;
                case PollOutcome.Redeem:
                    if (await RedeemAsync(poll.DeviceCode, pairing, next, cancellationToken).ConfigureAwait(false) is { } redeemed)
                    {
                        return (redeemed, default);
                    }

                    break;
                case PollOutcome.Redeliver:
                    return (await RedeliverAsync(poll.DeviceCode, pairing, cancellationToken).ConfigureAwait(false), default);
                case PollOutcome.SlowDown:
                    if (next.Pacing != pairing.Pacing)
                    {
                        await _store.TrySlowDownAsync(pairing, next.Pacing, cancellationToken).ConfigureAwait(false);
                    }

                    return (new PollResult.NotPaired(PairingError.SlowDown) { Interval = next.Pacing.Interval }, default);
                case PollOutcome.ShowNumber: // for one interval only: a device that missed the number learns it soon
                    return (new PollResult.NotPaired(PairingError.AuthorizationPending) { MatchNumber = pairing.MatchNumber, WasHeld = isHeld }, pairing.Pacing.Interval);
                case PollOutcome.Denied:
                    return (new PollResult.NotPaired(PairingError.AccessDenied), default);
                case PollOutcome.Withdrawn: // a token may have been issued while the device withdrew
                    await RevokeTokenOfAsync(pairing, cancellationToken).ConfigureAwait(false);
                    return (PollResult.NotPaired.Refused, default);
                case PollOutcome.Expired:
                    var events = Events; // as in StartAsync
                    if (pairing.Status == PairingStatus.Approved) // its token may have been issued, but was not redeemed in time
                    {
                        await RevokeTokenOfAsync(pairing, cancellationToken).ConfigureAwait(false);
                    }

                    // Devices that nobody uses expire all day, so what is remembered of each must not last a day.
                    if (now < pairing.ExpiresAt + Pairing.Retention && await Once.IsFirstAsync($"expired:{pairing.Id}", Pairing.Retention).ConfigureAwait(false))
                    {
                        await events.ReportAsync(new PairingEvent.Expired(pairing)).ConfigureAwait(false);
                    }

                    return (new PollResult.NotPaired(PairingError.ExpiredToken), default);
                case PollOutcome.Used:
                    await ReportReuseAsync(pairing, poll.ClientId, keyHash, poll.Address, now, cancellationToken).ConfigureAwait(false);
                    return (PollResult.NotPaired.Refused, default);
                default:
                    return (PollResult.NotPaired.Refused, default);
            }
        }

        throw Contended();
    }

    /// <summary>
    /// The device gives up: nobody can approve or redeem the pairing any more (revocation of the device code, after RFC 7009). An approver who has its page
    /// open is told. A token that the device has fetched stays: it revokes that itself.
    /// </summary>
    /// <param name="clientId">The client that asks; <see langword="null"/> if it names none.</param>
    /// <returns>Whether the code is of no use now. False if the pairing belongs to another client, and nothing changed.</returns>
    public async Task<bool> WithdrawAsync(DeviceCode deviceCode, string? clientId, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(deviceCode);
        using var span = Telemetry.Step("device_authorization.withdraw");
        var (events, codeHash) = (Events, deviceCode.Hash()); // the events as in StartAsync
        for (var attempt = 0; attempt < WriteAttempts; attempt++)
        {
            if (await _store.FindByDeviceCodeAsync(codeHash, cancellationToken).ConfigureAwait(false) is not { } pairing)
            {
                return true;
            }

            Telemetry.Tag(pairing.Id, pairing.TraceParent);
            if (!pairing.BelongsTo(clientId))
            {
                return false;
            }

            var now = _clock.Now();
            if (pairing.Withdraw(now) is not { } withdrawn)
            {
                return true;
            }

            if (await _store.TryReplaceAsync(withdrawn, now, cancellationToken).ConfigureAwait(false))
            {
                if (pairing.Status == PairingStatus.Approved)
                {
                    await RevokeTokenOfAsync(pairing, cancellationToken).ConfigureAwait(false); // a poll may have issued it, and not answered yet
                }

                await events.ReportAsync(new PairingEvent.Withdrawn(withdrawn)).ConfigureAwait(false);
                return true;
            }
        }

        throw Contended();
    }

    internal static InvalidOperationException Contended() => new($"The pairing store refused {WriteAttempts} writes in a row.");

    /// <summary>A user code that is in use under an earlier key is taken, too. The store cannot see that.</summary>
    private async ValueTask<PairingAddition> TryAddAsync(Pairing pairing, UserCode code, CancellationToken cancellationToken)
    {
        foreach (var earlierKey in _options.UserCodeKeyBytes.Skip(1))
        {
            if (await _store.FindByUserCodeAsync(code.Hash(earlierKey), cancellationToken).ConfigureAwait(false) is not null)
            {
                return PairingAddition.CodeTaken;
            }
        }

        return await _store.TryAddAsync(pairing, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Issues the token, then marks the pairing as redeemed. The token is the same however often this runs, and only the device can know it. After a
    /// crash between the two steps, the next poll redeems the pairing. Of many polls, the one that changes the status answers.
    /// </summary>
    /// <returns>The answer; null when another request moved the pairing on: ask the store again.</returns>
    private async Task<PollResult?> RedeemAsync(DeviceCode deviceCode, Pairing pairing, Pairing redeemed, CancellationToken cancellationToken)
    {
        var events = Events; // as in StartAsync
        var (userId, grant) = (pairing.ApproverId!, pairing.Grant!);
        if (await ScopesLeftAsync(userId, grant, cancellationToken).ConfigureAwait(false) is not { } scopes)
        {
            return PollResult.NotPaired.Refused;
        }

        if (grant.DeviceId is null) // the approval ended before its device was registered
        {
            if ((await Devices.CountAsync(userId, _clock.Now(), cancellationToken).ConfigureAwait(false)).SignOuts != grant.SignOuts)
            {
                return PollResult.NotPaired.Refused; // as below, and registers nothing for an account that ended
            }

            if (await Registry.RegisterAsync(pairing, cancellationToken).ConfigureAwait(false) is not { } device)
            {
                await LogOnceAsync($"device-limit:{pairing.Id}", Day, () => Logger.DeviceLimitReached(pairing.Id, AuditText.Id(userId), _options.MaxDevicesPerUser)).ConfigureAwait(false);
                return PollResult.NotPaired.Pending; // its owner can still remove a device: the next poll tries again
            }

            grant = pairing.Registered(device).Grant!;
        }

        var (token, now) = (DeviceToken.Derive(deviceCode, grant.TokenSalt, _options.TokenPrefix), _clock.Now());
        var issue = await Devices.TryIssueTokenAsync(
            new AccessToken
            {
                Id = Guid.NewGuid(),
                UserId = userId,
                DeviceId = grant.DeviceId,
                PairingId = pairing.Id,
                ClientId = pairing.ClientId,
                StartedFrom = pairing.Device.Address,
                AccountStamp = grant.AccountStamp,
                Hash = token.Hash(),
                Name = grant.DeviceName ?? pairing.Device.Name,
                Scopes = scopes,
                CreatedAt = now,
                ExpiresAt = grant.TokenExpiresAt,
            },
            new TokenIssueConditions(now, _options.MaxTokensPerUser, _options.ReplaceEarlierTokens) { SignOuts = grant.SignOuts },
            cancellationToken).ConfigureAwait(false);
        await events.ReportAsync(null, issue.Replaced).ConfigureAwait(false); // also if another poll redeems: only this one knows what it replaced
        if (issue.IsOverLimit)
        {
            await LogOnceAsync($"token-limit:{pairing.Id}", Day, () => Logger.TokenLimitReached(pairing.Id, AuditText.Id(userId), _options.MaxTokensPerUser)).ConfigureAwait(false);
            return PollResult.NotPaired.Pending; // its owner can still make room: the next poll tries again
        }

        if (issue.Token is not { RevokedAt: null } issued || issued.Hash != token.Hash())
        {
            return PollResult.NotPaired.Refused; // its owner removed the device, signed out everywhere, revoked the token or gave it a new secret
        }

        if (!await _store.TryReplaceAsync(redeemed, _clock.Now(), cancellationToken).ConfigureAwait(false))
        {
            return null;
        }

        await events.ReportAsync(new PairingEvent.Redeemed(redeemed, issued)).ConfigureAwait(false);
        return new PollResult.Paired { Token = token, Issued = issued };
    }

    /// <summary>The answer to an earlier poll was lost: gives the same token again, until it is used.</summary>
    private async Task<PollResult> RedeliverAsync(DeviceCode deviceCode, Pairing pairing, CancellationToken cancellationToken)
    {
        var events = Events; // as in StartAsync
        if (await ScopesLeftAsync(pairing.ApproverId!, pairing.Grant!, cancellationToken).ConfigureAwait(false) is null)
        {
            return PollResult.NotPaired.Refused;
        }

        var token = DeviceToken.Derive(deviceCode, pairing.Grant!.TokenSalt, _options.TokenPrefix);
        if (await Devices.FindTokenOfPairingAsync(pairing.Id, cancellationToken).ConfigureAwait(false) is not { RevokedAt: null, LastUsedAt: null } unused
            || unused.Hash != token.Hash())
        {
            return PollResult.NotPaired.Refused;
        }

        await events.ReportAsync(new PairingEvent.Redelivered(pairing)).ConfigureAwait(false);
        return new PollResult.Paired { Token = token, Issued = unused };
    }

    /// <summary>What the account still has of the granted scopes; null when it is locked, ended what it let in, or lost every scope that it granted.</summary>
    private async ValueTask<IReadOnlyList<string>?> ScopesLeftAsync(string userId, PairingGrant grant, CancellationToken cancellationToken) =>
        await Policy.ScopesNowAsync(userId, grant.Scopes, grant.AccountStamp, cancellationToken).ConfigureAwait(false) is { } scopes && (scopes.Count > 0 || grant.Scopes.Count == 0)
            ? scopes
            : null;

    /// <summary>A used device code came back: another party may have it (RFC 6749 §10.5). Revokes at every attempt, and reports each pairing once.</summary>
    private async Task ReportReuseAsync(Pairing pairing, string? clientId, string? keyHash, string? address, DateTimeOffset now, CancellationToken cancellationToken)
    {
        (string Name, PairingEvent Event, bool Revokes)? reuse =
            pairing.IsReplayed(clientId, now) ? ("replay", new PairingEvent.Replayed(pairing), _options.RevokeOnReplay)
            : pairing.IsReplaySuspected(clientId, keyHash, address, now) ? ("replay-suspected", new PairingEvent.ReplaySuspected(pairing), _options.RevokeOnSuspectedReplay)
            : null;
        if (reuse is not var (name, happened, revokes))
        {
            return;
        }

        var events = Events; // as in StartAsync
        if (revokes)
        {
            await RevokeTokenOfAsync(pairing, cancellationToken).ConfigureAwait(false);
        }

        if (await Once.IsFirstAsync($"{name}:{pairing.Id}", Day).ConfigureAwait(false))
        {
            await events.ReportAsync(happened).ConfigureAwait(false);
        }
    }

    private async Task RevokeTokenOfAsync(Pairing pairing, CancellationToken cancellationToken)
    {
        if (await Devices.FindTokenOfPairingAsync(pairing.Id, cancellationToken).ConfigureAwait(false) is { RevokedAt: null } token)
        {
            await Registry.RevokeTokenAsync(token.UserId, token.Id, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task LogOnceAsync(string key, TimeSpan period, Action log)
    {
        if (await Once.IsFirstAsync(key, period).ConfigureAwait(false))
        {
            log();
        }
    }
}
