using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Flow;

/// <summary>
/// The steps on devices and tokens: register, change, revoke, remove. Each is one atomic step of the repository. A refused write means that another
/// request wrote first: read again and decide again.
/// </summary>
internal sealed class DeviceRegistry(WatchedDeviceRepository repository, WatchedPolicy policy, EventReporter events, IOptions<DeviceAuthorizationOptions> options, TimeProvider clock)
{
    // As in DeviceFlow: no correct repository gets near this number. It stops a broken one from looping for ever.
    private const int WriteAttempts = 100;

    /// <summary>
    /// Registers the approved device of a pairing. The device's id is the pairing's id, so a second call changes nothing. A known device keeps its
    /// settings, and its name unless the approver gave one now; what it reports is updated.
    /// </summary>
    /// <returns>The device; null if its owner has reached <see cref="DeviceAuthorizationOptions.MaxDevicesPerUser"/>.</returns>
    public async Task<Device?> RegisterAsync(Pairing approved, CancellationToken cancellationToken)
    {
        var (reported, now, name) = (approved.Device, clock.Now(), approved.Grant!.DeviceName);
        var device = new Device
        {
            Id = approved.Id.ToString(),
            UserId = approved.ApproverId!,
            Name = name ?? reported.Name,
            Platform = reported.Platform,
            Client = approved.ClientId,
            ClientVersion = reported.ClientVersion,
            ClientDeviceIdentifier = approved.Grant.AsNewDevice ? null : reported.Identifier,
            LastSeenAt = now,
            CreatedAt = now,
            UpdatedAt = now,
        };
        for (var attempt = 0; attempt < WriteAttempts; attempt++)
        {
            if (await AddOrFindAsync(device, cancellationToken).ConfigureAwait(false) is not { } stored)
            {
                return null;
            }

            var refreshed = stored with
            {
                Name = name ?? stored.Name,
                Platform = reported.Platform ?? stored.Platform,
                Client = approved.ClientId,
                ClientVersion = reported.ClientVersion ?? stored.ClientVersion,
            };
            if (refreshed == stored)
            {
                return stored; // new, or known and unchanged
            }

            refreshed = refreshed with { LastSeenAt = now, UpdatedAt = now };
            if (await repository.TryReplaceAsync(refreshed, cancellationToken).ConfigureAwait(false) == DeviceReplacement.Replaced)
            {
                return refreshed with { Version = refreshed.Version + 1 };
            }
        }

        throw Contended();
    }

    /// <summary>Adds a device, or finds the known one; null if its owner has reached the limit of devices.</summary>
    public ValueTask<Device?> AddOrFindAsync(Device device, CancellationToken cancellationToken) =>
        repository.AddOrFindAsync(device, options.Value.MaxDevicesPerUser, cancellationToken);

    /// <summary>The user's device that has the identifier which a pairing claims.</summary>
    public async Task<Device?> FindKnownAsync(Pairing pairing, string userId, CancellationToken cancellationToken) => pairing.Device.Identifier is { } identifier
        ? await repository.FindByIdentifierAsync(userId, identifier, cancellationToken).ConfigureAwait(false)
        : null;

    /// <summary>Which limit the device of this pairing or its token would exceed. Checked before the decision, and enforced when each is added.</summary>
    /// <returns>
    /// <see cref="ApproverRefusal.TokenLimitReached"/>, <see cref="ApproverRefusal.DeviceLimitReached"/>, or null. And how often the user was signed
    /// out everywhere.
    /// </returns>
    public async Task<(ApproverRefusal? Limit, long SignOuts)> FindExceededLimitAsync(Pairing pairing, string userId, bool asNewDevice, CancellationToken cancellationToken)
    {
        var (now, limits) = (clock.Now(), options.Value);
        var owned = await repository.CountAsync(userId, now, cancellationToken).ConfigureAwait(false);
        if (owned.LiveTokens < limits.MaxTokensPerUser && owned.Devices < limits.MaxDevicesPerUser)
        {
            return (null, owned.SignOuts);
        }

        var known = asNewDevice ? null : await FindKnownAsync(pairing, userId, cancellationToken).ConfigureAwait(false);
        if (owned.LiveTokens >= limits.MaxTokensPerUser)
        {
            var kept = (await ListTokensAsync(userId, cancellationToken).ConfigureAwait(false))
                .Count(token => token.IsLive(now) && !(limits.ReplaceEarlierTokens && known is not null && token.DeviceId == known.Id));
            if (kept >= limits.MaxTokensPerUser)
            {
                return (ApproverRefusal.TokenLimitReached, owned.SignOuts);
            }
        }

        return (known is null && owned.Devices >= limits.MaxDevicesPerUser ? ApproverRefusal.DeviceLimitReached : null, owned.SignOuts);
    }

    /// <summary>Changes a user's device. The result has no device if the user has none with that id, or if it would become a double of another.</summary>
    public async Task<(Device? Device, bool IsConflict)> ChangeAsync(
        string userId, string deviceId, Func<Device, Device> change, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < WriteAttempts; attempt++)
        {
            if (await repository.FindAsync(userId, deviceId, cancellationToken).ConfigureAwait(false) is not { } stored)
            {
                return (null, false);
            }

            var changed = change(stored);
            if (changed == stored)
            {
                return (stored, false);
            }

            if (changed with { LastSeenAt = stored.LastSeenAt } != stored)
            {
                changed = changed with { UpdatedAt = clock.Now() };
            }

            switch (await repository.TryReplaceAsync(changed, cancellationToken).ConfigureAwait(false))
            {
                case DeviceReplacement.Replaced:
                    return (changed with { Version = changed.Version + 1 }, false);
                case DeviceReplacement.Conflict:
                    return (null, true);
            }
        }

        throw Contended();
    }

    /// <summary>
    /// A user's tokens that are not revoked. Revokes those that the account ended by a new stamp: they would be shown as access, and count towards the limit.
    /// </summary>
    public async Task<IReadOnlyList<AccessToken>> ListTokensAsync(string userId, CancellationToken cancellationToken)
    {
        var tokens = await repository.ListTokensAsync(userId, cancellationToken).ConfigureAwait(false);
        if (tokens.All(token => token.AccountStamp is null) || await policy.HashedStampAsync(userId, cancellationToken).ConfigureAwait(false) is not { } stamp)
        {
            return tokens;
        }

        var counting = tokens.ToLookup(token => (token.AccountStamp ?? stamp) == stamp);
        foreach (var ended in counting[false])
        {
            await RevokeTokenAsync(userId, ended.Id, cancellationToken).ConfigureAwait(false);
        }

        return [.. counting[true]];
    }

    /// <summary>Changes a user's token.</summary>
    /// <returns>The token after the change; null if the user has none with that id, or it is revoked.</returns>
    public async Task<AccessToken?> ChangeTokenAsync(
        string userId, Guid tokenId, Func<AccessToken, AccessToken> change, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < WriteAttempts; attempt++)
        {
            var tokens = await repository.ListTokensAsync(userId, cancellationToken).ConfigureAwait(false);
            if (tokens.FirstOrDefault(token => token.Id == tokenId) is not { } stored)
            {
                return null;
            }

            var changed = change(stored);
            if (changed == stored)
            {
                return stored;
            }

            if (await repository.TryReplaceTokenAsync(changed, cancellationToken).ConfigureAwait(false))
            {
                return changed with { Version = changed.Version + 1 };
            }
        }

        throw Contended();
    }

    /// <summary>Revokes a user's token. The next call with it is refused.</summary>
    /// <param name="onlyWith">The hash that the token must still have; null for any.</param>
    public async Task<AccessToken?> RevokeTokenAsync(string userId, Guid tokenId, CancellationToken cancellationToken, string? onlyWith = null)
    {
        var changed = await ChangeTokenAsync(
            userId, tokenId, token => onlyWith is null || token.Hash == onlyWith ? token with { RevokedAt = clock.Now() } : token, cancellationToken).ConfigureAwait(false);
        if (changed is { RevokedAt: not null })
        {
            await events.ReportAsync(new PairingEvent.Revoked(changed), [changed]).ConfigureAwait(false);
        }

        return changed;
    }

    /// <summary>Removes a user's device and revokes its tokens; false if the user has no such device.</summary>
    public async Task<bool> RemoveAsync(string userId, string deviceId, CancellationToken cancellationToken)
    {
        // Read for the audit: once it is gone, nobody knows what the id was.
        if (await repository.FindAsync(userId, deviceId, cancellationToken).ConfigureAwait(false) is not { } device
            || await repository.DeleteAsync(userId, deviceId, clock.Now(), cancellationToken).ConfigureAwait(false) is not { Devices: > 0 } ended)
        {
            return false;
        }

        await events.ReportAsync(new PairingEvent.DeviceRemoved(userId, deviceId) { DeviceName = device.Name }, ended.Tokens).ConfigureAwait(false);
        return true;
    }

    /// <summary>Revokes every token of a user's device, and keeps the device; false if the user has no such device.</summary>
    public async Task<bool> RevokeTokensAsync(string userId, string deviceId, CancellationToken cancellationToken)
    {
        if (await repository.FindAsync(userId, deviceId, cancellationToken).ConfigureAwait(false) is null)
        {
            return false;
        }

        foreach (var token in await repository.ListTokensAsync(userId, cancellationToken).ConfigureAwait(false))
        {
            if (token.DeviceId == deviceId)
            {
                await RevokeTokenAsync(userId, token.Id, cancellationToken).ConfigureAwait(false);
            }
        }

        return true;
    }

    private static InvalidOperationException Contended() => new($"The device repository refused {WriteAttempts} writes in a row.");
}
