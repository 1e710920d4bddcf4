using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Flow;

/// <summary>Draws the two codes of a new pairing until neither is taken, and adds it.</summary>
internal sealed class CodeDraw(
    IPairingStore store, PairingNotices notices, IOptions<DeviceAuthorizationOptions> options, TimeProvider clock, ILogger<PairingService> logger)
{
    private const int CodeAttempts = 5;

    private readonly DeviceAuthorizationOptions _options = options.Value;

    /// <summary>Starts a pairing.</summary>
    /// <param name="request">What the device asks for.</param>
    /// <param name="scopes">The scopes that it may ask for.</param>
    /// <param name="cancellationToken">Stops the call. A pairing that was added stays, and expires.</param>
    public async Task<StartResult> AddAsync(PairingRequest request, IReadOnlyList<string> scopes, CancellationToken cancellationToken)
    {
        var (now, client) = (clock.Now(), _options.FindClient(request.ClientId));
        var lifetime = client?.PairingLifetime ?? _options.PairingLifetime;
        for (var attempt = 0; attempt < CodeAttempts; attempt++)
        {
            var (deviceCode, userCode) = (DeviceCode.New(), _options.UserCode.New());
            var pairing = new Pairing
            {
                Id = Guid.NewGuid(),
                DeviceCodeHash = deviceCode.Hash(),
                UserCodeHash = userCode.Hash(_options.UserCodeKeyBytes[0]),
                ClientId = request.ClientId,
                RequiresClientId = request.RequiresClientId,
                RequestedScopes = scopes,
                Device = request.Device,
                CanShowNumber = request.CanShowNumber,
                CreatedAt = now,
                ExpiresAt = now + lifetime,
                Pacing = Pacing.Start(_options.PollingInterval, now),
            };
            switch (await TryAddAsync(pairing, userCode, cancellationToken).ConfigureAwait(false))
            {
                case PairingAddition.Added:
                    await notices.RaiseAsync(new PairingEvent.Started(pairing)).ConfigureAwait(false);
                    return new StartResult.Started
                    {
                        DeviceCode = deviceCode,
                        UserCode = userCode,
                        ExpiresIn = lifetime,
                        Interval = _options.PollingInterval,
                        AllowsLink = client?.AllowLink ?? true,
                    };
                case PairingAddition.Full:
                    logger.StoreFull();
                    return new StartResult.Unavailable();
                case PairingAddition.NetworkFull:
                    logger.NetworkFull();
                    return new StartResult.Unavailable();
            }
        }

        logger.CodesExhausted(CodeAttempts);
        return new StartResult.Unavailable();
    }

    /// <summary>A user code that is in use under an earlier key is taken, too; the store cannot see that by itself.</summary>
    private async ValueTask<PairingAddition> TryAddAsync(Pairing pairing, UserCode code, CancellationToken cancellationToken)
    {
        foreach (var earlier in _options.UserCodeKeyBytes.Skip(1))
        {
            if (await store.FindByUserCodeAsync(code.Hash(earlier), cancellationToken).ConfigureAwait(false) is not null)
            {
                return PairingAddition.CodeTaken;
            }
        }

        return await store.TryAddAsync(pairing, cancellationToken).ConfigureAwait(false);
    }
}
