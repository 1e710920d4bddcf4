using Microsoft.Extensions.Logging;

namespace DeviceAuthorization;

/// <summary>
/// Turns an approved pairing into a token: the token first, the state after it. The token is the same however often this runs, and
/// only the device can know it; so a crash between the two leaves a pairing that the next poll redeems, and of many polls the one
/// that wins the state answers.
/// </summary>
internal sealed class Redemption(
    IPairingStore store, IDeviceRepository devices, IPairingPolicy policy, DeviceAuthorizationOptions options, TimeProvider clock, ILogger logger)
{
    private static readonly PollResult Refused = new PollResult.NotPaired(PairingError.InvalidGrant);

    /// <summary>The answer to a poll that the rules allow; null when somebody moved the pairing on: look again.</summary>
    /// <param name="deviceCode">The code the device sent.</param>
    /// <param name="pairing">The pairing as read.</param>
    /// <param name="redeemed">The same, redeemed; <paramref name="pairing"/> itself when its answer is to be repeated.</param>
    /// <param name="cancellationToken">Stops the call. What was written stays written.</param>
    public async Task<PollResult?> RedeemAsync(DeviceCode deviceCode, Pairing pairing, Pairing redeemed, CancellationToken cancellationToken)
    {
        var (userId, grant, now) = (pairing.ApproverId!, pairing.Grant!, clock.Now());
        var scopes = await policy.ScopesNowAsync(userId, grant.Scopes, cancellationToken).ConfigureAwait(false);
        if (scopes is null || (scopes.Count == 0 && grant.Scopes.Count > 0))
        {
            return Refused; // the account was locked, or lost every right it granted
        }

        var token = DeviceToken.Derive(deviceCode, grant.TokenSalt, options.TokenPrefix);
        if (ReferenceEquals(redeemed, pairing))
        {
            return await devices.FindTokenOfPairingAsync(pairing.Id, cancellationToken).ConfigureAwait(false) is { RevokedAt: null, LastUsedAt: null } unused
                ? new PollResult.Paired { Token = token, Issued = unused }
                : Refused;
        }

        var deviceId = grant.DeviceId
            ?? (await RegisterAsync(pairing, cancellationToken).ConfigureAwait(false)).Id;
        var issued = await devices.IssueTokenAsync(new IssuedToken
        {
            Id = Guid.NewGuid(),
            PairingId = pairing.Id,
            Hash = token.Hash(),
            DeviceId = deviceId,
            UserId = userId,
            Scopes = scopes,
            CreatedAt = now,
            ExpiresAt = grant.TokenExpiresAt,
        }, options.ReplaceEarlierTokens, cancellationToken).ConfigureAwait(false);
        if (issued is not { RevokedAt: null })
        {
            return Refused; // the owner removed the device or its token meanwhile
        }

        if (!await store.TryReplaceAsync(redeemed, clock.Now(), cancellationToken).ConfigureAwait(false))
        {
            return null;
        }

        logger.PairingRedeemed(pairing.Id, issued.DeviceId, issued.Id);
        return new PollResult.Paired { Token = token, Issued = issued };
    }

    /// <summary>Revokes the pairing's token, if it has one: its code was replayed, or its redemption not finished in time.</summary>
    public async Task RevokeAsync(Pairing pairing, CancellationToken cancellationToken)
    {
        if (await devices.FindTokenOfPairingAsync(pairing.Id, cancellationToken).ConfigureAwait(false) is { } token
            && await devices.RevokeTokenAsync(token.UserId, token.Id, clock.Now(), cancellationToken).ConfigureAwait(false))
        {
            logger.TokenRevoked(pairing.Id, token.Id);
        }
    }

    /// <summary>Puts the approved device into its owner's registry: named after the pairing, so that doing it twice is doing it once.</summary>
    public ValueTask<Device> RegisterAsync(Pairing approved, CancellationToken cancellationToken) => devices.RegisterAsync(new DeviceRegistration
    {
        Id = approved.Id.ToString(),
        UserId = approved.ApproverId!,
        Client = approved.ClientId,
        Reported = approved.Device,
        Name = approved.Grant!.DeviceName,
        Now = clock.Now(),
    }, cancellationToken);
}
