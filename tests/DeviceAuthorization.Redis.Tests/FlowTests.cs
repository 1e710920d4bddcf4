using System.Text;
using DeviceAuthorization.Http;
using StackExchange.Redis;
using StackExchange.Redis.Profiling;

namespace DeviceAuthorization.Redis.Tests;

/// <summary>The whole flow over Redis: what it costs, what it leaves there, and what two nodes make of it.</summary>
public sealed class FlowTests(StandaloneRedis redis) : IClassFixture<StandaloneRedis>
{
    [Fact]
    public async Task Every_step_costs_as_few_commands_as_it_says()
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(redis.Configuration);
        await using var host = await RedisHost.StartAsync(builder => builder.AddRedisPairingStore(connection));
        await host.CheckedAsync();
        await FlowAsync(_ => Task.CompletedTask); // the client loads the scripts
        await RedisServer.CommandAsync("-p", $"{redis.Servers[0].Port}", "config", "resetstat");
        var session = new ProfilingSession();
        connection.RegisterProfiler(() => session);
        var costs = new List<string>();
        await FlowAsync(step =>
        {
            costs.Add($"{step}: {string.Join(' ', session.FinishProfiling().OrderBy(command => command.CommandCreated).Select(command => command.Command).Where(command => command != "PUBLISH"))}");
            return Task.CompletedTask;
        });
        Assert.Equal(
            [
                "start: SET SET",
                "poll, pending: EVAL",
                "poll, too early: EVAL EVAL",
                "poll, too early again: EVAL",
                "claim: GETEX GETEX EVAL",
                "approve: GETEX GETEX EVAL EVAL",
                "redeem: EVAL EVAL",
                "poll, used: EVAL",
            ],
            costs);

        // EVAL is what the client calls it. What it sends is the hash.
        var stats = await RedisServer.CommandAsync("-p", $"{redis.Servers[0].Port}", "info", "commandstats");
        Assert.Contains("cmdstat_evalsha:calls=10,", stats, StringComparison.Ordinal);
        Assert.DoesNotContain("cmdstat_eval:", stats, StringComparison.Ordinal);
        Assert.Contains("cmdstat_publish:calls=1,", stats, StringComparison.Ordinal); // of the approval, which does not wait for it

        async Task FlowAsync(Func<string, Task> after)
        {
            var codes = await host.StartAsync();
            await after("start");
            Assert.Equal(PairingError.AuthorizationPending, await host.RefusedAsync(codes));
            await after("poll, pending");
            Assert.Equal(PairingError.SlowDown, await host.RefusedAsync(codes));
            await after("poll, too early");
            Assert.Equal(PairingError.SlowDown, await host.RefusedAsync(codes));
            await after("poll, too early again");
            Assert.IsType<ApproverResult.Review>(await host.ClaimAsync(codes));
            await after("claim");
            await host.ApproveAsync(codes);
            await after("approve");
            Assert.IsType<PollResult.Paired>(await host.PollAsync(codes));
            await after("redeem");
            Assert.Equal(PairingError.InvalidGrant, await host.RefusedAsync(codes));
            await after("poll, used");
        }
    }

    [Fact]
    public async Task No_secret_is_in_any_key_or_value()
    {
        const string IdempotencyKey = "key-of-the-poll";
        var prefix = $"secrets-{Guid.NewGuid():N}:";
        await using var host = await RedisHost.StartAsync(builder => builder.AddRedisPairingStore(redis.Configuration), prefix);
        var (codes, open, denied) = (await host.StartAsync(), await host.StartAsync(), await host.StartAsync());
        await host.RefusedAsync(codes);
        await host.ClaimAsync(codes);
        await host.ApproveAsync(codes);
        await host.DenyAsync(denied);
        var paired = Assert.IsType<PollResult.Paired>(await host.PollAsync(codes, IdempotencyKey));

        var stored = new List<string>();
        await foreach (var key in redis.Redis.GetServers()[0].KeysAsync(pattern: prefix + "*"))
        {
            stored.Add(key!);
            stored.Add((await redis.Redis.GetDatabase().StringGetAsync(key))!);
            stored.Add(Encoding.Latin1.GetString((await redis.Redis.GetDatabase().KeyDumpAsync(key))!));
        }

        Assert.Equal(3 * 2 * 3, stored.Count);
        Assert.Contains(stored, text => text.Contains("Redeemed", StringComparison.Ordinal));
        string[] secrets =
        [
            .. new[] { codes, open, denied }.SelectMany(code => new[] { code.DeviceCode.Reveal(), code.UserCode.Reveal(), code.UserCode.RevealGrouped() }),
            paired.Token.Reveal(),
            IdempotencyKey,
        ];
        Assert.All(secrets, secret => Assert.DoesNotContain(stored, text => text.Contains(secret, StringComparison.OrdinalIgnoreCase)));
        Assert.All(host.Logs.GetSnapshot(), entry => Assert.DoesNotContain(secrets, secret => entry.Message.Contains(secret, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Of_many_polls_to_two_nodes_with_skewed_clocks_exactly_one_is_paired()
    {
        var prefix = $"nodes-{Guid.NewGuid():N}:";
        await using var one = await RedisHost.StartAsync(builder => builder.AddRedisPairingStore(redis.Configuration), prefix);
        await using var two = await RedisHost.StartAsync(
            builder => builder.AddRedisPairingStore(redis.Configuration), prefix, TestData.Start + TimeSpan.FromSeconds(30), one.Devices);
        for (var round = 0; round < 5; round++)
        {
            var codes = await one.StartAsync();
            Assert.Equal(PairingError.AuthorizationPending, await two.RefusedAsync(codes));
            await two.ApproveAsync(codes);
            var answers = await Task.WhenAll(Enumerable.Range(0, 32).Select(poll => Task.Run(() => (poll % 2 == 0 ? one : two).PollAsync(codes))));
            Assert.Single(answers, answer => answer is PollResult.Paired);
            Assert.All(answers.OfType<PollResult.NotPaired>(), answer => Assert.Equal(PairingError.InvalidGrant, answer.Error));
        }
    }

    [Fact]
    public async Task A_pairing_that_Redis_lost_is_unknown_and_never_paired()
    {
        var prefix = $"lost-{Guid.NewGuid():N}:";
        await using var host = await RedisHost.StartAsync(builder => builder.AddRedisPairingStore(redis.Configuration), prefix);
        var codes = await host.StartAsync();
        await host.ApproveAsync(codes);
        await redis.Redis.GetDatabase().KeyDeleteAsync($"{prefix}p:{PairingRecord.Shorten(codes.DeviceCode.Hash())}");
        Assert.Equal(PairingError.InvalidGrant, await host.RefusedAsync(codes));
        Assert.Equal(new ApproverResult.Refused(ApproverRefusal.NotFound), await host.ClaimAsync(codes));
    }
}
