using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Limits;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Flow;

/// <summary>
/// Turns an approved pairing into a token: the token first, the state after it. The token is the same however often this runs, and
/// only the device can know it; so a crash between the two leaves a pairing that the next poll redeems, and of many polls the one
/// that wins the state answers.
/// </summary>
internal sealed class Redemption(
    IPairingStore store,
    IDeviceRepository repository,
    IPairingPolicy policy,
    DeviceRegistry registry,
    ToldOnce told,
    PairingNotices notices,
    IOptions<DeviceAuthorizationOptions> options,
    TimeProvider clock,
    ILogger<PairingService> logger)
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1); // longer than any pairing is remembered
    private static readonly PollResult Refused = new PollResult.NotPaired(PairingError.InvalidGrant);

    private readonly DeviceAuthorizationOptions _options = options.Value;

    /// <summary>The answer to a poll that the rules allow; null when somebody moved the pairing on: look again.</summary>
    /// <param name="deviceCode">The code the device sent.</param>
    /// <param name="pairing">The pairing as read.</param>
    /// <param name="redeemed">The same, redeemed; <paramref name="pairing"/> itself when its answer is to be repeated.</param>
    /// <param name="cancellationToken">Stops the call. What was written stays written.</param>
    public async Task<PollResult?> RedeemAsync(DeviceCode deviceCode, Pairing pairing, Pairing redeemed, CancellationToken cancellationToken)
    {
        var (userId, grant) = (pairing.ApproverId!, pairing.Grant!);
        var scopes = await policy.ScopesNowAsync(userId, grant.Scopes, cancellationToken).ConfigureAwait(false);
        if (scopes is null || (scopes.Count == 0 && grant.Scopes.Count > 0))
        {
            return Refused; // the account was locked, or lost every right it granted
        }

        var token = DeviceToken.Derive(deviceCode, grant.TokenSalt, _options.TokenPrefix);
        if (ReferenceEquals(redeemed, pairing))
        {
            return await repository.FindTokenOfPairingAsync(pairing.Id, cancellationToken).ConfigureAwait(false) is { RevokedAt: null, LastUsedAt: null } unused && unused.Hash == token.Hash()
                ? new PollResult.Paired { Token = token, Issued = unused }
                : Refused;
        }

        if (grant.DeviceId is null)
        {
            if (await registry.RegisterAsync(pairing, cancellationToken).ConfigureAwait(false) is not { } device)
            {
                if (await told.IsFirstAsync($"device-limit:{pairing.Id}", Day).ConfigureAwait(false))
                {
                    logger.DeviceLimitReached(pairing.Id, userId, _options.MaxDevicesPerUser);
                }

                return new PollResult.NotPaired(PairingError.AuthorizationPending); // its owner may remove a device in time
            }

            grant = pairing.Registered(device).Grant!;
        }

        var now = clock.Now();
        var issue = await repository.TryIssueTokenAsync(
            new IssuedToken
            {
                Id = Guid.NewGuid(),
                UserId = userId,
                DeviceId = grant.DeviceId,
                PairingId = pairing.Id,
                ClientId = pairing.ClientId,
                Hash = token.Hash(),
                Name = grant.DeviceName ?? pairing.Device.Name,
                Scopes = scopes,
                CreatedAt = now,
                ExpiresAt = grant.TokenExpiresAt,
            },
            _options.IssueAt(now),
            cancellationToken).ConfigureAwait(false);
        if (issue.IsOverLimit)
        {
            if (await told.IsFirstAsync($"token-limit:{pairing.Id}", Day).ConfigureAwait(false))
            {
                logger.TokenLimitReached(pairing.Id, userId, _options.MaxTokensPerUser);
            }

            return new PollResult.NotPaired(PairingError.AuthorizationPending); // its owner can still make room: the next poll tries again
        }

        if (issue.Token is not { RevokedAt: null } issued || issued.Hash != token.Hash())
        {
            return Refused; // the owner removed the device or its token meanwhile, or gave the token a new secret
        }

        if (!await store.TryReplaceAsync(redeemed, clock.Now(), cancellationToken).ConfigureAwait(false))
        {
            return null;
        }

        await notices.RaiseAsync(new PairingEvent.Redeemed(redeemed, issued)).ConfigureAwait(false);
        return new PollResult.Paired { Token = token, Issued = issued };
    }

    /// <summary>Its device code was used, and came back: somebody else has it.</summary>
    public Task ReplayAsync(Pairing pairing, CancellationToken cancellationToken) =>
        TellAsync("replay", new PairingEvent.Replayed(pairing), pairing, _options.RevokeOnReplay, cancellationToken);

    /// <summary>The same soon after its use, when it may also be the device itself.</summary>
    public Task SuspectReplayAsync(Pairing pairing, CancellationToken cancellationToken) =>
        TellAsync("replay-suspected", new PairingEvent.ReplaySuspected(pairing), pairing, _options.RevokeOnSuspectedReplay, cancellationToken);

    /// <summary>Revokes the pairing's token, if it has one: its code was replayed, or its redemption not finished in time.</summary>
    public async Task RevokeAsync(Pairing pairing, CancellationToken cancellationToken)
    {
        if (await repository.FindTokenOfPairingAsync(pairing.Id, cancellationToken).ConfigureAwait(false) is { RevokedAt: null } token)
        {
            await registry.RevokeTokenAsync(token.UserId, token.Id, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Revokes first, at every attempt; reports each pairing once.</summary>
    private async Task TellAsync(string what, PairingEvent happened, Pairing pairing, bool revokes, CancellationToken cancellationToken)
    {
        if (revokes)
        {
            await RevokeAsync(pairing, cancellationToken).ConfigureAwait(false);
        }

        if (await told.IsFirstAsync($"{what}:{pairing.Id}", Day).ConfigureAwait(false))
        {
            await notices.RaiseAsync(happened).ConfigureAwait(false);
        }
    }
}
