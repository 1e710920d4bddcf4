using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Storage;
using Microsoft.Extensions.Logging;

namespace DeviceAuthorization.Flow;

/// <summary>
/// The open connections of this process. Each ends when its token does: at once if this process ended it, else at the next look, which also records
/// the use of the token.
/// </summary>
internal sealed class OpenConnections(IServiceScopeFactory scopes, TimeProvider clock, ILogger<OpenConnections> logger) : IDisposable
{
    /// <summary>As often as RomM looks.</summary>
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, List<DeviceConnection>> _byToken = [];

    public DeviceConnection Add(AuthenticatedToken token)
    {
        var connection = new DeviceConnection(token, Remove);
        lock (_gate)
        {
            if (!_byToken.TryGetValue(token.Id, out var open))
            {
                open = _byToken[token.Id] = [];
            }

            open.Add(connection);
            connection.Timer = clock.CreateTimer(_ => Look(connection), null, UntilNextLook(token), Timeout.InfiniteTimeSpan);
        }

        return connection;
    }

    /// <summary>Ends the connections of a token.</summary>
    public void End(Guid tokenId)
    {
        lock (_gate)
        {
            if (_byToken.TryGetValue(tokenId, out var open))
            {
                open.ForEach(connection => connection.End());
            }
        }
    }

    /// <summary>Looks no more: the host has ended.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var connection in _byToken.Values.SelectMany(open => open))
            {
                connection.Timer?.Dispose();
            }
        }
    }

    private void Remove(DeviceConnection connection)
    {
        lock (_gate)
        {
            connection.Timer?.Dispose();
            if (_byToken.TryGetValue(connection.Token.Id, out var open) && open.Remove(connection) && open.Count == 0)
            {
                _byToken.Remove(connection.Token.Id);
            }
        }
    }

    private void Look(DeviceConnection connection) => _ = LookAsync(connection);

    private async Task LookAsync(DeviceConnection connection)
    {
        if (await IsLiveAsync(connection.Token).ConfigureAwait(false))
        {
            connection.Timer!.Change(UntilNextLook(connection.Token), Timeout.InfiniteTimeSpan); // nothing happens if it was disposed
        }
        else
        {
            connection.End();
        }
    }

    private async Task<bool> IsLiveAsync(AuthenticatedToken token)
    {
        try
        {
            var scope = scopes.CreateAsyncScope();
            await using (scope.ConfigureAwait(false))
            {
                var access = scope.ServiceProvider.GetRequiredService<DeviceAccess>();
                if (await access.FindAsync(token.Record.Hash, CancellationToken.None).ConfigureAwait(false) is not { } found)
                {
                    return false;
                }

                await access.RecordUseAsync(found).ConfigureAwait(false);
                return true;
            }
        }
        catch (Exception exception)
        {
            if (!StoreWatch.HasLogged(exception))
            {
                logger.ConnectionNotChecked(exception, token.Id);
            }

            return true; // nobody said that it ended: the next look may find out
        }
    }

    private TimeSpan UntilNextLook(AuthenticatedToken token) => token.ExpiresAt - clock.GetUtcNow() is { } left && left < Period
        ? left > TimeSpan.Zero ? left : TimeSpan.Zero
        : Period;
}
