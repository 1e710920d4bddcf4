using StackExchange.Redis;

namespace DeviceAuthorization.Redis.Tests;

/// <summary>A Redis that is away or does not answer is an exception, which the endpoints answer with 503; never "not found".</summary>
public sealed class OutageTests
{
    [Fact]
    public async Task While_Redis_is_down_every_call_throws_and_afterwards_the_same_host_goes_on()
    {
        await using var server = await RedisServer.StartAsync();
        await using var host = await RedisHost.StartAsync(builder => builder.AddRedisPairingStore($"{server.EndPoint},asyncTimeout=300,connectTimeout=500"));
        var codes = await host.StartAsync();
        Assert.Equal(PairingError.AuthorizationPending, await host.RefusedAsync(codes));

        await server.KillAsync();
        await ThrowsAsync(() => host.PollAsync(codes));
        await ThrowsAsync(() => host.StartAsync());
        await ThrowsAsync(() => host.ClaimAsync(codes));
        await ThrowsAsync(() => host.DenyAsync(codes));
        await ThrowsAsync(async () => await host.Store.RemoveExpiredAsync(TestData.Start, 10, default));

        var restored = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var connection = await host.Services.GetRequiredService<RedisConnection>().GetAsync();
        connection.ConnectionRestored += (_, restoration) =>
        {
            if (restoration.ConnectionType == ConnectionType.Interactive)
            {
                restored.TrySetResult();
            }
        };
        await server.RestartAsync();
        await restored.Task.WaitAsync(RedisServer.Patience);
        Assert.Equal(PairingError.InvalidGrant, await host.RefusedAsync(codes)); // it kept nothing on disk
        codes = await host.StartAsync();
        await host.ApproveAsync(codes);
        Assert.IsType<PollResult.Paired>(await host.PollAsync(codes));
    }

    [Fact]
    public async Task A_Redis_that_does_not_answer_in_time_throws()
    {
        await using var server = await RedisServer.StartAsync();
        await using var connection = await ConnectionMultiplexer.ConnectAsync($"{server.EndPoint},asyncTimeout=300");
        await using var host = await RedisHost.StartAsync(builder => builder.AddRedisPairingStore(connection));
        var codes = await host.StartAsync();
        await RedisServer.CommandAsync("-p", $"{server.Port}", "client", "pause", "60000", "all");
        await ThrowsAsync(() => host.PollAsync(codes));
        await ThrowsAsync(() => host.ClaimAsync(codes));
    }

    [Fact]
    public async Task A_host_starts_without_Redis_and_goes_on_when_it_comes()
    {
        await using var server = await RedisServer.StartAsync();
        await server.KillAsync();
        await using var host = await RedisHost.StartAsync(
            builder => builder.AddRedisPairingStore($"{server.EndPoint},connectTimeout=300,connectRetry=1,asyncTimeout=300"));
        await ThrowsAsync(() => host.StartAsync());

        await server.RestartAsync();
        using var patience = new CancellationTokenSource(RedisServer.Patience);
        while (true)
        {
            try
            {
                await host.StartAsync();
                return;
            }
            catch (Exception exception) when (exception is RedisException or TimeoutException && !patience.IsCancellationRequested)
            {
                await Task.Yield(); // no signal says that the client has found its server again: ask until it has
            }
        }
    }

    private static async Task ThrowsAsync(Func<Task> call)
    {
        var exception = await Record.ExceptionAsync(call);
        Assert.True(exception is RedisException or TimeoutException, $"{exception}");
    }
}
