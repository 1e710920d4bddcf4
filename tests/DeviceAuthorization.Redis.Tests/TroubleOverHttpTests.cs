using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging;

namespace DeviceAuthorization.Redis.Tests;

/// <summary>
/// Redis in trouble, seen over HTTP in both dialects and on the page: 503 that says when to come back, without a word that would make a device
/// give up; nothing wrong is said; and the same host recovers without a restart.
/// </summary>
public sealed class TroubleOverHttpTests
{
    [Fact]
    public async Task Redis_is_killed_in_the_middle_of_the_flow_and_what_was_on_disk_goes_on()
    {
        await using var server = await RedisServer.StartAsync("--appendonly", "yes", "--appendfsync", "always");
        await using var host = await StartAsync(server.EndPoint);
        var flow = await Flow.StartAsync(host);
        (await flow.Alice.ApproveAsync(flow.Second.UserCode)).EnsureSuccessStatusCode();

        await server.KillAsync();
        await flow.AssertAllUnavailableAsync();
        using var form = await flow.Alice.GetAsync(Browser.Page);
        Assert.Equal(HttpStatusCode.OK, form.StatusCode); // it asks nobody

        await server.RestartAsync();
        await GoesOnAsync(server, flow);
        await AssertPairedAsync(await flow.Device.PollJsonAsync(flow.Second.DeviceCode)); // an approval that was acknowledged is not lost
        await flow.FinishAsync();
    }

    [Fact]
    public async Task Redis_is_away_when_the_host_starts()
    {
        await using var server = await RedisServer.StartAsync();
        await server.KillAsync();
        await using var host = await StartAsync($"{server.EndPoint},connectRetry=1");
        await AssertUnavailableAsync(await host.Device().PostFormAsync("init", ("client_id", "tv")));
        await AssertUnavailableAsync(await host.Device().PollAsync(DeviceCode.New().Reveal()));

        await server.RestartAsync();
        await UntilAsync(server, () => host.Device().PostFormAsync("init", ("client_id", "tv")));
        await (await Flow.StartAsync(host)).FinishAsync();
    }

    [Fact]
    public async Task A_primary_that_became_a_replica_decides_nothing()
    {
        await using var server = await RedisServer.StartAsync();
        await using var other = await RedisServer.StartAsync();
        await using var host = await StartAsync(server.EndPoint);
        var flow = await Flow.StartAsync(host);
        await server.CliAsync("replicaof", "127.0.0.1", Port(other));
        await UntilItSaysAsync(() => server.CliAsync("role"), "connected");
        Assert.Empty((await server.CliAsync("keys", "*")).Trim()); // it knows nothing any more, and answers reads
        await flow.AssertAllUnavailableAsync();
    }

    [Fact]
    public async Task After_a_fail_over_to_the_replica_the_flow_goes_on_there()
    {
        await using var server = await RedisServer.StartAsync();
        await using var replica = await RedisServer.StartAsync("--replicaof", "127.0.0.1", Port(server));
        await using var host = await StartAsync($"{server.EndPoint},{replica.EndPoint}");
        var flow = await Flow.StartAsync(host);
        (await flow.Alice.ApproveAsync(flow.Second.UserCode)).EnsureSuccessStatusCode();
        await ReplicatedAsync(server);

        await replica.CliAsync("replicaof", "no", "one");
        await server.CliAsync("replicaof", "127.0.0.1", Port(replica));
        await GoesOnAsync(replica, flow);
        await AssertPairedAsync(await UntilAsync(replica, () => flow.Device.PollJsonAsync(flow.Second.DeviceCode))); // the client may still be sorting out who is who
        await flow.FinishAsync();
    }

    [Fact]
    public async Task Sentinel_promotes_the_replica_of_a_primary_that_died()
    {
        await using var server = await RedisServer.StartAsync();
        await using var replica = await RedisServer.StartAsync("--replicaof", "127.0.0.1", Port(server));
        await ReplicatedAsync(server);
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, $"sentinel monitor da 127.0.0.1 {server.Port} 1\nsentinel down-after-milliseconds da 1500\nsentinel failover-timeout da 3000\n");
            await using var sentinel = await RedisServer.StartSentinelAsync(file);
            await UntilItSaysAsync(() => sentinel.CliAsync("sentinel", "replicas", "da"), Port(replica));
            await using var host = await StartAsync($"{sentinel.EndPoint},serviceName=da");
            var flow = await Flow.StartAsync(host);
            await ReplicatedAsync(server);

            await server.KillAsync();
            await UntilItSaysAsync(() => RoleAsync(replica), "master");
            await GoesOnAsync(replica, flow);
            await flow.FinishAsync();
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task While_Redis_reads_its_snapshot_nothing_is_unknown()
    {
        await using var server = await RedisServer.StartAsync("--loading-process-events-interval-bytes", "1024");
        await using var host = await StartAsync(server.EndPoint);
        var flow = await Flow.StartAsync(host);
        await server.CliAsync("eval", "for i = 1, 1000 do redis.call('SET', 'junk:' .. i, string.rep('x', 1200)) end", "0");
        await server.CliAsync("config", "set", "rdbcompression", "no");
        await server.CliAsync("save");
        await server.KillAsync();

        await server.RestartAsync("Loading RDB", "--key-load-delay", "200000"); // more than three minutes, unless told otherwise
        Assert.Contains("LOADING", await server.CliAsync("get", "x"), StringComparison.Ordinal);
        await flow.AssertAllUnavailableAsync();
        await server.CliAsync("config", "set", "key-load-delay", "0");
        await GoesOnAsync(server, flow);
        await flow.FinishAsync();
    }

    [Fact]
    public async Task A_Redis_that_is_full_refuses_what_is_new_and_brings_to_its_end_what_was_entered()
    {
        await using var server = await RedisServer.StartAsync();
        await using var host = await StartAsync(server.EndPoint);
        var flow = await Flow.StartAsync(host);
        await server.CliAsync("config", "set", "maxmemory", "1mb"); // less than it needs for itself
        Assert.Contains("OOM", await server.CliAsync("set", "x", "x"), StringComparison.Ordinal);
        await AssertUnavailableAsync(await flow.Device.PostFormAsync("init", ("client_id", "tv")));
        using var pending = await flow.Device.PollAsync(flow.First.DeviceCode);
        Assert.Equal("authorization_pending", await pending.ErrorAsync());
        using var early = await flow.Device.PollAsync(flow.First.DeviceCode);
        Assert.Equal("slow_down", await early.ErrorAsync());
        await AssertUnavailableAsync(await flow.Alice.DenyAsync(flow.Second.UserCode)); // a code that cannot be counted is not looked up
        await flow.FinishAsync(); // the code of this one was entered before

        await server.CliAsync("config", "set", "maxmemory", "0");
        await (await Flow.StartAsync(host)).FinishAsync();
    }

    [Fact]
    public async Task A_pairing_that_Redis_evicted_is_unknown_and_grants_nothing()
    {
        await using var server = await RedisServer.StartAsync("--maxmemory-policy", "allkeys-lru", "--maxmemory", "6mb");
        await using var host = await StartAsync(server.EndPoint);
        var flow = await Flow.StartAsync(host);
        var approved = await flow.Device.StartAsync();
        (await flow.Alice.ApproveAsync(approved.UserCode)).EnsureSuccessStatusCode();

        for (var round = 0; (await server.CliAsync("keys", "da:*")).Trim().Length > 0; round++)
        {
            Assert.InRange(round, 0, 1000);
            await server.CliAsync("eval", "for i = 1, 3000 do redis.call('SET', 'junk:' .. ARGV[1] .. ':' .. i, string.rep('x', 1000)) end", "0", $"{round}");
        }

        foreach (var codes in new[] { flow.First, approved })
        {
            using var poll = await flow.Device.PollAsync(codes.DeviceCode);
            Assert.Equal((HttpStatusCode.BadRequest, "invalid_grant"), (poll.StatusCode, await poll.ErrorAsync()));
            using var json = await flow.Device.PollJsonAsync(codes.DeviceCode);
            Assert.Equal((HttpStatusCode.BadRequest, "expired_token"), (json.StatusCode, await json.ErrorAsync()));
            using var late = await flow.Alice.ApproveAsync(codes.UserCode);
            Assert.Equal(HttpStatusCode.NotFound, late.StatusCode);
            using var page = await flow.Alice.EnterCodeAsync(codes.UserCode);
            Assert.Contains("This code is not known here.", await page.HtmlAsync(), StringComparison.Ordinal);
        }

        Assert.Contains(host.Logs.GetSnapshot(), entry => entry.Level == LogLevel.Warning && entry.Message.Contains("allkeys-lru", StringComparison.Ordinal));
        await (await Flow.StartAsync(host)).FinishAsync(); // a new start works
    }

    [Theory]
    [InlineData("script", "flush")]
    [InlineData("client", "kill", "type", "normal")]
    public async Task What_happens_between_any_two_steps_harms_none(params string[] command)
    {
        await using var server = await RedisServer.StartAsync();
        await using var host = await StartAsync(server.EndPoint);
        await (await Flow.StartAsync(host)).FinishAsync(); // the scripts are there
        var alice = await host.SignInAsync("alice");
        for (var round = 0; round < 3; round++)
        {
            using var started = await StepAsync(() => host.Device().PostFormAsync("init", ("client_id", "tv"), ("scope", "library.read")));
            var codes = StartedCodes.From(await started.JsonAsync());
            using var pending = await StepAsync(() => host.Device().PollAsync(codes.DeviceCode));
            Assert.Equal("authorization_pending", await pending.ErrorAsync());
            using var early = await StepAsync(() => host.Device().PollAsync(codes.DeviceCode));
            Assert.Equal("slow_down", await early.ErrorAsync());
            using var approved = await StepAsync(() => alice.ApproveAsync(codes.UserCode));
            Assert.Equal(HttpStatusCode.OK, approved.StatusCode);
            await AssertPairedAsync(await StepAsync(() => host.Device().PollAsync(codes.DeviceCode)));
        }

        async Task<HttpResponseMessage> StepAsync(Func<Task<HttpResponseMessage>> call)
        {
            await server.CliAsync(command);
            return await UntilAsync(server, call);
        }
    }

    /// <summary>A host with limits, which are counted in Redis, too.</summary>
    private static Task<TestHost> StartAsync(string configuration) => TestHost.StartAsync(
        options => options.RateLimits = new() { StartsPerMinute = 100_000 },
        services => services.AddDeviceAuthorization().AddRedisPairingStore(configuration));

    /// <summary>Two pairings, each started in its own dialect; the first one's code is entered on the page.</summary>
    private sealed record Flow(TestHost Host, HttpClient Device, HttpClient Alice, StartedCodes First, StartedCodes Second, string Form, string Review)
    {
        public static async Task<Flow> StartAsync(TestHost host)
        {
            var (device, alice) = (host.Device(), await host.SignInAsync("alice"));
            var (first, second) = (await device.StartAsync(), await device.StartJsonAsync());
            using var review = await alice.EnterCodeAsync(first.UserCode);
            return new(host, device, alice, first, second, await alice.GetStringAsync(Browser.Page), await review.HtmlAsync());
        }

        public async Task AssertAllUnavailableAsync()
        {
            await AssertUnavailableAsync(await Device.PostFormAsync("init", ("client_id", "tv")));
            await AssertUnavailableAsync(await Device.PostJsonAsync(
                "init", new { client_device_identifier = "i", name = "n", client = "c", requested_scopes = (string[])["library.read"] }));
            foreach (var codes in new[] { First, Second })
            {
                await AssertUnavailableAsync(await Device.PollAsync(codes.DeviceCode));
                await AssertUnavailableAsync(await Device.PollJsonAsync(codes.DeviceCode));
                await AssertUnavailableAsync(await Alice.GetAsync($"{Wire.Prefix}/pending/{codes.UserCode}"));
                await AssertUnavailableAsync(await Alice.ApproveAsync(codes.UserCode));
                await AssertUnavailableAsync(await Alice.DenyAsync(codes.UserCode));
            }

            foreach (var page in new[]
            {
                await Alice.PostPageAsync(Browser.Page, ("__RequestVerificationToken", Browser.Antiforgery(Form)), ("user_code", Second.UserCode)),
                await Alice.PostDecisionAsync(Review, "approve"),
                await Alice.PostDecisionAsync(Review, "deny"),
            })
            {
                using (page)
                {
                    Assert.Equal((HttpStatusCode.ServiceUnavailable, "Please try again"), (page.StatusCode, await page.TitleAsync()));
                    Assert.NotNull(page.Headers.RetryAfter);
                }
            }
        }

        /// <summary>The form that has been open all the time still decides, and the device gets its token.</summary>
        public async Task FinishAsync()
        {
            using var decided = await Alice.PostDecisionAsync(Review, "approve");
            Assert.Equal("Device approved", await decided.TitleAsync());
            await AssertPairedAsync(await Device.PollAsync(First.DeviceCode));
            using var again = await Device.PollAsync(First.DeviceCode);
            Assert.Equal("invalid_grant", await again.ErrorAsync());
        }
    }

    private static async Task GoesOnAsync(RedisServer server, Flow flow)
    {
        using var pending = await UntilAsync(server, () => flow.Device.PollAsync(flow.First.DeviceCode));
        Assert.Equal("authorization_pending", await pending.ErrorAsync());
    }

    /// <summary>Asks until the answer is not 503 any more. Between two questions the server is asked, which is there: it is the client that is to find it.</summary>
    private static async Task<HttpResponseMessage> UntilAsync(RedisServer server, Func<Task<HttpResponseMessage>> call)
    {
        using var patience = new CancellationTokenSource(RedisServer.Patience);
        while (true)
        {
            var answer = await call();
            if (answer.StatusCode != HttpStatusCode.ServiceUnavailable)
            {
                return answer;
            }

            await AssertUnavailableAsync(answer);
            patience.Token.ThrowIfCancellationRequested();
            await server.CliAsync("ping");
        }
    }

    /// <summary>Waits until a replica has all that the primary has now. WAIT would not do: it waits for the writes of its own connection alone.</summary>
    private static async Task ReplicatedAsync(RedisServer server)
    {
        var offset = await OffsetAsync("master_repl_offset:");
        using var patience = new CancellationTokenSource(RedisServer.Patience);
        while (await OffsetAsync("offset=") is var reached && (reached is null || reached < offset))
        {
            patience.Token.ThrowIfCancellationRequested();
        }

        async Task<long?> OffsetAsync(string name)
        {
            var said = await server.CliAsync("info", "replication");
            var start = said.IndexOf(name, StringComparison.Ordinal);
            return start < 0 ? null : long.Parse(string.Concat(said[(start + name.Length)..].TakeWhile(char.IsAsciiDigit)), CultureInfo.InvariantCulture);
        }
    }

    private static async Task UntilItSaysAsync(Func<Task<string>> ask, string words)
    {
        using var patience = new CancellationTokenSource(RedisServer.Patience);
        while (!(await ask()).Contains(words, StringComparison.Ordinal))
        {
            patience.Token.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Sentinel ends every connection to the replica in the transaction that promotes it, so the one that asks may be among them.</summary>
    private static async Task<string> RoleAsync(RedisServer server)
    {
        try
        {
            return await server.CliAsync("role");
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static async Task AssertUnavailableAsync(HttpResponseMessage answer)
    {
        using (answer)
        {
            var body = await answer.Content.ReadAsStringAsync();
            Assert.True(answer.StatusCode == HttpStatusCode.ServiceUnavailable, $"{answer.StatusCode}: {body}");
            Assert.NotNull(answer.Headers.RetryAfter);
            Assert.True(await answer.ErrorAsync() is null or "slow_down", body); // every other error ends the pairing (RFC 8628 §3.5)
            Assert.DoesNotContain("Redis", body, StringComparison.OrdinalIgnoreCase);
        }
    }

    private static async Task AssertPairedAsync(HttpResponseMessage answer)
    {
        using (answer)
        {
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.NotEmpty((await answer.JsonAsync()).GetProperty("access_token").GetString()!);
        }
    }

    private static string Port(RedisServer server) => server.Port.ToString(CultureInfo.InvariantCulture);
}
