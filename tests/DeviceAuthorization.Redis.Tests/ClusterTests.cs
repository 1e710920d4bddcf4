using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Redis.Tests;

public sealed class ClusterTests(RedisCluster redis) : IClassFixture<RedisCluster>, IAsyncLifetime
{
    private readonly TestStores _stores = new(redis);

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _stores.CloseAsync();

    [Fact]
    public async Task Pairings_spread_over_all_nodes_and_removal_finds_them_everywhere()
    {
        const int Pairings = 60;
        var store = _stores.Create();
        for (var pairing = 0; pairing < Pairings; pairing++)
        {
            Assert.Equal(PairingAddition.Added, await store.TryAddAsync(TestData.NewPairing(), default));
        }

        var servers = redis.Redis.GetServers();
        Assert.Equal(3, servers.Length);
        Assert.All(servers, server => Assert.NotEmpty(server.Keys(pattern: _stores.Prefix + "*")));
        Assert.Equal(2 * Pairings, servers.Sum(server => server.Keys(pattern: _stores.Prefix + "*").Count()));
        Assert.Equal(Pairings, await store.RemoveExpiredAsync(TestData.Start + TimeSpan.FromDays(1), int.MaxValue, default));
        Assert.All(servers, server => Assert.Empty(server.Keys(pattern: _stores.Prefix + "*")));
    }

    [Fact]
    public async Task The_flow_runs_over_a_cluster()
    {
        await using var host = await RedisHost.StartAsync(builder => builder.AddRedisPairingStore(redis.Configuration));
        for (var round = 0; round < 10; round++)
        {
            var codes = await host.StartAsync();
            Assert.Equal(PairingError.AuthorizationPending, await host.RefusedAsync(codes));
            Assert.Equal(PairingError.SlowDown, await host.RefusedAsync(codes));
            Assert.IsType<ApproverResult.Review>(await host.ClaimAsync(codes));
            await host.ApproveAsync(codes);
            Assert.IsType<PollResult.Paired>(await host.PollAsync(codes));
        }
    }

    [Fact]
    public async Task A_pairing_whose_node_is_down_is_not_unknown()
    {
        var broken = new RedisCluster(); // of its own, for the others need every node
        try
        {
            await broken.InitializeAsync();
            await using var connection = await StackExchange.Redis.ConnectionMultiplexer.ConnectAsync($"{broken.Configuration},asyncTimeout=500");
            var stores = new TestStores(broken);
            var (store, pairing) = (stores.Create(connection), TestData.NewPairing());
            await store.TryAddAsync(pairing, default);
            var owner = await broken.Redis.GetDatabase().IdentifyEndpointAsync(stores.PairingKey(pairing));
            await broken.Servers.Single(server => server.EndPoint == owner!.ToString()).KillAsync();
            var exception = await Record.ExceptionAsync(async () => await store.TryAcceptPollAsync(pairing.DeviceCodeHash, "tv", TestData.Start, default));
            Assert.True(exception is StackExchange.Redis.RedisException or TimeoutException, $"{exception}");
        }
        finally
        {
            await broken.DisposeAsync();
        }
    }
}
