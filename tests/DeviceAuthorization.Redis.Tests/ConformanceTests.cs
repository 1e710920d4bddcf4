namespace DeviceAuthorization.Redis.Tests;

public sealed class RedisPairingStoreConformance(StandaloneRedis redis) : PairingStoreConformance, IClassFixture<StandaloneRedis>, IAsyncLifetime
{
    private readonly TestStores _stores = new(redis);

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _stores.CloseAsync();

    protected override IPairingStore CreateStore() => _stores.Create();
}

public sealed class RedisClusterPairingStoreConformance(RedisCluster redis) : PairingStoreConformance, IClassFixture<RedisCluster>, IAsyncLifetime
{
    private readonly TestStores _stores = new(redis);

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _stores.CloseAsync();

    protected override IPairingStore CreateStore() => _stores.Create();
}
