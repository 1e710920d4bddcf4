using DeviceAuthorization.Storage;
using StackExchange.Redis;

namespace DeviceAuthorization.Redis.Tests;

/// <summary>Signals of a decision from one node to the others.</summary>
public sealed class SignalTests(StandaloneRedis redis, RedisCluster cluster) : IClassFixture<StandaloneRedis>, IClassFixture<RedisCluster>
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_node_gets_the_signal_of_a_decision_and_none_of_another_app(bool isCluster)
    {
        var (configuration, prefix) = (isCluster ? cluster.Configuration : redis.Configuration, $"test-{Guid.NewGuid():N}:");
        await using var one = await RedisHost.StartAsync(builder => builder.AddRedisPairingStore(configuration), prefix);
        await using var two = await RedisHost.StartAsync(builder => builder.AddRedisPairingStore(configuration), prefix, devices: one.Devices);
        await using var other = await RedisHost.StartAsync(builder => builder.AddRedisPairingStore(configuration));
        var (atOne, atTwo, atOther) = (await ListenAsync(one), await ListenAsync(two), await ListenAsync(other));
        var codes = await one.StartAsync();
        await two.DenyAsync(codes);
        Assert.Equal(codes.DeviceCode.Hash(), await atOne.Decided.Task.WaitAsync(RedisServer.Patience));
        Assert.Equal(codes.DeviceCode.Hash(), await atTwo.Decided.Task.WaitAsync(RedisServer.Patience));
        await other.DenyAsync(await other.StartAsync());
        Assert.NotEqual(codes.DeviceCode.Hash(), await atOther.Decided.Task.WaitAsync(RedisServer.Patience), StringComparer.Ordinal);
    }

    [Fact]
    public async Task A_connection_that_was_lost_says_that_signals_may_be_missing_and_gets_later_ones()
    {
        await using var host = await RedisHost.StartAsync(builder => builder.AddRedisPairingStore(redis.Configuration));
        var heard = await ListenAsync(host);
        await RedisServer.CommandAsync("-p", $"{redis.Servers[0].Port}", "client", "kill", "type", "pubsub");
        await heard.Missed.Task.WaitAsync(RedisServer.Patience);
        await host.DenyAsync(await host.StartAsync());
        await heard.Decided.Task.WaitAsync(RedisServer.Patience);
    }

    [Fact]
    public async Task A_host_that_keeps_its_pairings_elsewhere_can_have_the_signals_alone()
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(redis.Configuration);
        await using var host = await RedisHost.StartAsync(builder => builder.AddRedisPairingSignals(connection));
        Assert.IsNotType<RedisPairingStore>(host.Store);
        var heard = await ListenAsync(host);
        var codes = await host.StartAsync();
        await host.ApproveAsync(codes);
        Assert.Equal(codes.DeviceCode.Hash(), await heard.Decided.Task.WaitAsync(RedisServer.Patience));
    }

    private static async Task<(TaskCompletionSource<string> Decided, TaskCompletionSource Missed)> ListenAsync(RedisHost host)
    {
        var (decided, missed) = (new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await host.Services.GetRequiredService<IPairingSignals>().ListenAsync(hash => decided.TrySetResult(hash), () => missed.TrySetResult(), default);
        return (decided, missed);
    }
}
