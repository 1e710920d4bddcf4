using DeviceAuthorization.Storage;

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

public sealed class GarnetPairingStoreConformance(Garnet redis) : PairingStoreConformance, IClassFixture<Garnet>, IAsyncLifetime
{
    private readonly TestStores _stores = new(redis);

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _stores.CloseAsync();

    protected override IPairingStore CreateStore() => _stores.Create();
}

public sealed class RedisAttemptLimiterConformance(StandaloneRedis redis) : AttemptLimiterConformance, IClassFixture<StandaloneRedis>, IAsyncLifetime
{
    private readonly TestStores _stores = new(redis);

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _stores.CloseAsync();

    protected override IAttemptLimiter CreateLimiter(TimeProvider clock) => _stores.CreateLimiter(clock);
}

public sealed class RedisClusterAttemptLimiterConformance(RedisCluster redis) : AttemptLimiterConformance, IClassFixture<RedisCluster>, IAsyncLifetime
{
    private readonly TestStores _stores = new(redis);

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _stores.CloseAsync();

    protected override IAttemptLimiter CreateLimiter(TimeProvider clock) => _stores.CreateLimiter(clock);
}

public sealed class GarnetAttemptLimiterConformance(Garnet redis) : AttemptLimiterConformance, IClassFixture<Garnet>, IAsyncLifetime
{
    private readonly TestStores _stores = new(redis);

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _stores.CloseAsync();

    protected override IAttemptLimiter CreateLimiter(TimeProvider clock) => _stores.CreateLimiter(clock);
}

/// <summary>The flow with its pairings in Redis; devices and tokens, which Redis does not keep, are in memory.</summary>
public sealed class RedisPairingFlowConformance(StandaloneRedis redis) : PairingFlowConformance, IClassFixture<StandaloneRedis>
{
    private readonly TestStores _stores = new(redis);

    protected override void AddStores(DeviceAuthorizationBuilder builder) => _stores.AddTo(builder);

    protected override Task<string> DumpAsync() => _stores.DumpAsync();
}

public sealed class RedisClusterPairingFlowConformance(RedisCluster redis) : PairingFlowConformance, IClassFixture<RedisCluster>
{
    private readonly TestStores _stores = new(redis);

    protected override void AddStores(DeviceAuthorizationBuilder builder) => _stores.AddTo(builder);

    protected override Task<string> DumpAsync() => _stores.DumpAsync();
}

/// <summary>Lua and transactions as Garnet has them.</summary>
public sealed class GarnetPairingFlowConformance(Garnet redis) : PairingFlowConformance, IClassFixture<Garnet>
{
    private readonly TestStores _stores = new(redis);

    protected override void AddStores(DeviceAuthorizationBuilder builder) => _stores.AddTo(builder);

    protected override Task<string> DumpAsync() => _stores.DumpAsync();
}

public sealed class ConformanceTests
{
    [Theory]
    [InlineData(typeof(PairingStoreConformance))]
    [InlineData(typeof(PairingFlowConformance))]
    [InlineData(typeof(AttemptLimiterConformance))]
    public void The_store_is_proved_on_every_kind_of_Redis(Type kit) => Assert.All(
        new[] { typeof(StandaloneRedis), typeof(RedisCluster), typeof(Garnet) },
        redis => Assert.Contains(GetType().Assembly.GetTypes(), type => type.IsSealed && type.IsSubclassOf(kit) && type.IsAssignableTo(typeof(IClassFixture<>).MakeGenericType(redis))));
}
