using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Rules;
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
    private static readonly TimeSpan LongestPeriod = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, List<DeviceConnection>> _byToken = [];

    public DeviceConnection Add(AuthenticatedToken token)
    {
        var connection = new DeviceConnection(token, Remove);
        using (ExecutionContext.SuppressFlow()) // it outlives this request, its span and its log scopes
        {
            connection.Timer = clock.CreateTimer(_ => _ = LookAsync(connection), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        lock (_gate)
        {
            if (!_byToken.TryGetValue(token.Id, out var open))
            {
                open = _byToken[token.Id] = [];
            }

            open.Add(connection);
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

    /// <summary>Looks at the token: ends the connection, or notes the token as it is now and when to look again.</summary>
    public async Task LookAsync(DeviceConnection connection, LiveTokens tokens, CancellationToken cancellationToken)
    {
        if (await tokens.FindByHashAsync(connection.Token.Record.Hash, cancellationToken).ConfigureAwait(false) is not { } found
            || connection.Token.Scopes.Except(found.Scopes, StringComparer.Ordinal).Any())
        {
            connection.End();
            return;
        }

        connection.Token = found;
        if (tokens.IsUseDue(found))
        {
            await tokens.RecordUseAsync(found).ConfigureAwait(false);
        }

        LookAgain(connection, tokens.Debounce);
    }

    /// <summary>Looks no more: the host has ended.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var connection in _byToken.Values.SelectMany(open => open))
            {
                connection.Timer.Dispose();
            }
        }
    }

    private async Task LookAsync(DeviceConnection connection)
    {
        if (!connection.Token.Record.IsLive(clock.Now())) // known without the store, which may be away
        {
            connection.End();
            return;
        }

        try
        {
            var scope = scopes.CreateAsyncScope();
            await using (scope.ConfigureAwait(false))
            {
                await LookAsync(connection, scope.ServiceProvider.GetRequiredService<LiveTokens>(), CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (Exception exception)
        {
            if (!StoreWatch.HasLogged(exception))
            {
                logger.ConnectionNotChecked(exception, connection.Token.Id);
            }

            LookAgain(connection, LongestPeriod); // nobody said that the token ended: the next look may find out
        }
    }

    /// <param name="most">How long at most until then: the use must be recorded as often.</param>
    private void LookAgain(DeviceConnection connection, TimeSpan most)
    {
        var period = most < LongestPeriod ? most : LongestPeriod;
        var left = connection.Token.ExpiresAt - clock.Now() ?? period;
        var wait = left > TimeSpan.Zero ? left : TimeSpan.Zero; // the look itself may have outlasted the token, and a timer refuses a negative time
        connection.Timer.Change(wait < period ? wait : period, Timeout.InfiniteTimeSpan); // nothing happens if it was disposed
    }

    private void Remove(DeviceConnection connection)
    {
        connection.Timer.Dispose();
        lock (_gate)
        {
            if (_byToken.TryGetValue(connection.Token.Id, out var open) && open.Remove(connection) && open.Count == 0)
            {
                _byToken.Remove(connection.Token.Id);
            }
        }
    }
}
