using StackExchange.Redis;

namespace DeviceAuthorization.Redis;

/// <summary>
/// The store's connection: the host's own, or one that opens at first use and closes with the host. The host starts even if Redis is down: the client
/// connects as soon as it can, and until then every call throws.
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
            // Do not keep a failed attempt (no such host, an untrusted certificate): the next call tries again.
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
