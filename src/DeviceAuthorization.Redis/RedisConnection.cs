using StackExchange.Redis;

namespace DeviceAuthorization.Redis;

/// <summary>
/// The connection of the store: the host's own, or one that is opened at first use and closed with the host. A Redis that is down does not
/// keep the host from starting: the client connects as soon as it can, and until then every call throws.
/// </summary>
internal sealed class RedisConnection : IAsyncDisposable, IDisposable
{
    private readonly Lock _gate = new();
    private readonly ConfigurationOptions? _configuration;
    private Task<IConnectionMultiplexer>? _connection;

    public RedisConnection(IConnectionMultiplexer connection) => _connection = Task.FromResult(connection);

    public RedisConnection(ConfigurationOptions configuration) => _configuration = configuration;

    public Task<IConnectionMultiplexer> GetAsync()
    {
        lock (_gate)
        {
            // A failed attempt (no such host, a certificate that is not trusted) is not kept: the next call tries anew.
            return _connection is { IsFaulted: false, IsCanceled: false } ? _connection : _connection = ConnectAsync(_configuration!);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_configuration is not null && _connection is { IsCompletedSuccessfully: true } opened)
        {
            await (await opened.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
        }
    }

    public void Dispose()
    {
        if (_configuration is not null && _connection is { IsCompletedSuccessfully: true } opened)
        {
            opened.Result.Dispose();
        }
    }

    private static async Task<IConnectionMultiplexer> ConnectAsync(ConfigurationOptions configuration) =>
        await ConnectionMultiplexer.ConnectAsync(configuration).ConfigureAwait(false);
}
