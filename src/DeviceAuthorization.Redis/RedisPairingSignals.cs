using DeviceAuthorization.Storage;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace DeviceAuthorization.Redis;

/// <summary>Sends the hash of the device code of each decided pairing to all nodes, by one channel of Redis (pub/sub). It reaches every node of a Redis Cluster.</summary>
internal sealed class RedisPairingSignals(RedisConnection connection, IOptions<RedisPairingStoreOptions> options) : IPairingSignals, IDisposable
{
    private readonly RedisChannel _decided = RedisChannel.Literal(options.Value.KeyPrefix + "decided");
    private Action? _stop;

    public async ValueTask SendAsync(string deviceCodeHash, CancellationToken cancellationToken)
    {
        var redis = await connection.GetAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        await redis.GetSubscriber().PublishAsync(_decided, deviceCodeHash).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask ListenAsync(Action<string> decided, Action missed, CancellationToken cancellationToken)
    {
        var redis = await connection.GetAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        void OnSignal(RedisChannel channel, RedisValue hash) => decided(hash.ToString());
        void OnRestored(object? sender, ConnectionFailedEventArgs connection) => missed();
        try
        {
            await redis.GetSubscriber().SubscribeAsync(_decided, OnSignal).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            redis.GetSubscriber().Unsubscribe(_decided, OnSignal, CommandFlags.FireAndForget); // the client keeps it, also if Redis did not answer
            throw;
        }

        // The client subscribes again automatically. Redis keeps no message for one that was away.
        redis.ConnectionRestored += OnRestored;
        _stop = () =>
        {
            redis.ConnectionRestored -= OnRestored;
            redis.GetSubscriber().Unsubscribe(_decided, OnSignal, CommandFlags.FireAndForget);
        };
    }

    /// <summary>The connection may be the host's own, and stay open.</summary>
    public void Dispose() => _stop?.Invoke();
}
