using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Flow;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.Extensions.Logging;

namespace DeviceAuthorization;

/// <summary>
/// The access that tokens give: asks about it, outside of HTTP too, and ends it when an account ends or is in danger. Each call of a device reads its
/// token, so the next one is refused. The sign-ins of people (cookies, bearer tokens of the host) are the host's: end those first, or somebody who is
/// still signed in can give access again.
/// </summary>
/// <remarks>Get it from the container, in the scope of the request: the host's <see cref="IPairingEvents"/> come from there.</remarks>
public sealed class DeviceAccess
{
    private readonly WatchedDeviceRepository _repository;
    private readonly DeviceRegistry _registry;
    private readonly EventReporter _events;
    private readonly LiveTokens _tokens;
    private readonly OpenConnections _connections;
    private readonly ILogger _logger;
    private readonly TimeProvider _clock;

    internal DeviceAccess(IServiceProvider services)
    {
        _repository = services.GetRequiredService<WatchedDeviceRepository>();
        _registry = services.GetRequiredService<DeviceRegistry>();
        _events = services.GetRequiredService<EventReporter>();
        _tokens = services.GetRequiredService<LiveTokens>();
        _connections = services.GetRequiredService<OpenConnections>();
        _logger = services.GetRequiredService<ILogger<DeviceAccess>>();
        _clock = services.GetRequiredService<TimeProvider>();
    }

    /// <summary>
    /// Finds out what a token may do that came in another way than the <c>Authorization</c> header, such as in the first message of a socket. Changes
    /// nothing, and costs what the authentication of a call costs.
    /// </summary>
    /// <param name="token">The token, without <c>Bearer</c>.</param>
    /// <returns>
    /// <see langword="null"/> if a call with it would be refused: it is unknown, revoked or expired, its device was removed, or its user is not active.
    /// Callers must not learn which.
    /// </returns>
    /// <exception cref="Exception">A store fails, with the exception of the store: nobody knows whether the token is live.</exception>
    public Task<AuthenticatedToken?> AuthenticateTokenAsync(string token, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(token);
        return _tokens.FindAsync(token, cancellationToken);
    }

    /// <summary>
    /// As <see cref="AuthenticateTokenAsync"/>, for a connection that stays open. Watches the token until the connection is disposed, and records its use, so
    /// that its device is online (<see cref="DeviceAuthorizationOptions.OnlineAfterCall"/>).
    /// </summary>
    /// <inheritdoc cref="AuthenticateTokenAsync"/>
    public async Task<DeviceConnection?> ConnectAsync(string token, CancellationToken cancellationToken = default)
    {
        if (await AuthenticateTokenAsync(token, cancellationToken).ConfigureAwait(false) is not { } found)
        {
            return null;
        }

        var connection = _connections.Add(found);
        try
        {
            // Again, now that it is watched: the token may have ended between the first look and the watch.
            await _connections.LookAsync(connection, _tokens, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            connection.Dispose();
            throw;
        }

        if (connection.HasEnded)
        {
            connection.Dispose();
            return null;
        }

        return connection;
    }

    /// <summary>
    /// Records that a token and its device are in use: <see cref="AccessToken.LastUsedAt"/> and <see cref="Device.LastSeenAt"/>. Writes only what is older
    /// than a third of <see cref="DeviceAuthorizationOptions.OnlineAfterCall"/>. The bearer authentication and <see cref="ConnectAsync"/> do this themselves.
    /// A failure is logged, and not thrown.
    /// </summary>
    public async Task RecordUseAsync(AuthenticatedToken token)
    {
        ArgumentNullException.ThrowIfNull(token);
        if (_tokens.IsUseDue(token))
        {
            await _tokens.RecordUseAsync(token).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Revokes every token of a user in one step: those of devices, and those made by hand. A pairing that the user approved before gives no token
    /// afterwards: its device gets <c>invalid_grant</c>. Reports <see cref="PairingEvent.SignedOutEverywhere"/>, also for a user who has nothing.
    /// </summary>
    /// <param name="userId">The user, as in <see cref="Approver.UserId"/>.</param>
    /// <param name="devices">Whether the devices stay in the user's list.</param>
    /// <param name="cancellationToken">What was revoked stays revoked.</param>
    /// <exception cref="ArgumentException"><paramref name="userId"/> is empty.</exception>
    public async Task<SignOutResult> SignOutEverywhereAsync(
        string userId, SignOutDevices devices = SignOutDevices.Keep, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(userId);
        return await EndAllAsync(userId, devices, lost => new PairingEvent.SignedOutEverywhere(userId, lost), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Removes all devices and tokens of an account that is deleted, in one step. A later account with the same id sees nothing of them. Stores
    /// keep the records of the revoked tokens for <see cref="AccessToken.RevokedRetention"/>, and for longer only the id of the user with the number of
    /// sign-outs. Reports <see cref="PairingEvent.UserRemoved"/>.
    /// </summary>
    /// <remarks>
    /// Lock or delete the account first, so that <see cref="IPairingPolicy"/> answers that it is not active. A request of the account that is running at the same
    /// moment may otherwise still add a device, which has no access.
    /// </remarks>
    /// <inheritdoc cref="SignOutEverywhereAsync"/>
    public async Task<SignOutResult> RemoveUserAsync(string userId, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(userId);
        return await EndAllAsync(userId, SignOutDevices.Remove, lost => new PairingEvent.UserRemoved(userId, lost), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// For operators: revokes what devices of any user obtained by pairing, such as the loot of a phishing campaign. The devices stay in their owners'
    /// lists, without access. Reports <see cref="PairingEvent.Revoked"/> for each token.
    /// </summary>
    /// <remarks>
    /// This is no single step. Tokens are revoked one after another. If the call fails midway, it returns nothing: the events
    /// (<see cref="PairingEvent.Revoked"/>) name the users whose tokens it had revoked, and a repeated call returns only the others. The token at which it
    /// failed may be revoked without an event, if the answer of the store was lost. A pairing that is approved and not yet redeemed has no token: it
    /// still gets one. So first refuse new pairings (<see cref="IPairingPolicy.MayStartAsync"/>), and call this again
    /// when <see cref="DeviceAuthorizationOptions.PairingLifetime"/> has passed.
    /// </remarks>
    /// <returns>The tokens that this call revoked: they name the users to notify.</returns>
    /// <exception cref="ArgumentException"><paramref name="obtained"/> names neither a client nor a network, or its span of time is empty.</exception>
    public async Task<IReadOnlyList<AccessToken>> RevokeObtainedAsync(ObtainedAccess obtained, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(obtained);
        if (obtained is { ClientId: null, Network: null })
        {
            throw new ArgumentException("Name a client, a network, or both: otherwise this would revoke the access of every device.", nameof(obtained));
        }

        if (obtained.To <= obtained.From)
        {
            throw new ArgumentException($"To ({obtained.To:O}) must be later than From ({obtained.From:O}).", nameof(obtained));
        }

        var found = await _repository.ListPairedTokensAsync(
            obtained.From.NotBefore(), obtained.To.NotBefore(), obtained.ClientId, cancellationToken).ConfigureAwait(false);
        var revoked = new List<AccessToken>();
        foreach (var token in found.Where(token => obtained.Network is not { } network || Network.IsIn(network, token.StartedFrom)))
        {
            if (await _registry.RevokeTokenAsync(token.UserId, token.Id, cancellationToken).ConfigureAwait(false) is { } gone)
            {
                revoked.Add(gone);
            }
        }

        _logger.ObtainedAccessRevoked(obtained.From, obtained.To, revoked.Count);
        return revoked;
    }

    private async Task<SignOutResult> EndAllAsync(string userId, SignOutDevices devices, Func<SignOutResult, PairingEvent> happened, CancellationToken cancellationToken)
    {
        var ended = userId.Length > Approver.LongestUserId
            ? new EndedAccess([], 0) // who cannot approve has nothing, and a database may refuse to count such a sign-out
            : await _repository.SignOutAsync(userId, devices, _clock.Now(), cancellationToken).ConfigureAwait(false);
        var lost = new SignOutResult(ended.Tokens.Count, ended.Devices);
        await _events.ReportAsync(happened(lost), ended.Tokens).ConfigureAwait(false);
        return lost;
    }
}
