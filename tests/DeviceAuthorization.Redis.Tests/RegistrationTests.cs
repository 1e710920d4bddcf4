using System.Diagnostics;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace DeviceAuthorization.Redis.Tests;

public sealed class RegistrationTests(StandaloneRedis redis) : IClassFixture<StandaloneRedis>
{
    [Fact]
    public async Task The_store_takes_the_place_of_the_one_in_memory_however_it_is_told_where_Redis_is()
    {
        Action<DeviceAuthorizationBuilder>[] ways =
        [
            builder => builder.AddRedisPairingStore(redis.Configuration),
            builder => builder.AddRedisPairingStore(connect => connect.EndPoints.Add(redis.Configuration)),
            builder => builder.AddRedisPairingStore(redis.Redis),
            builder => builder.AddRedisPairingStore("nowhere:1").AddRedisPairingStore(redis.Redis), // the last one counts
        ];
        foreach (var way in ways)
        {
            await using var host = await RedisHost.StartAsync(way);
            Assert.IsType<RedisPairingStore>(Assert.Single(host.Services.GetServices<IPairingStore>()));
            Assert.IsType<RedisAttemptLimiter>(Assert.Single(host.Services.GetServices<IAttemptLimiter>()));
            Assert.Equal(PairingError.AuthorizationPending, await host.RefusedAsync(await host.StartAsync()));
        }
    }

    [Fact]
    public async Task Attempts_can_be_counted_in_Redis_without_the_pairings()
    {
        Action<DeviceAuthorizationBuilder>[] ways =
        [
            builder => builder.AddRedisAttemptLimiter(redis.Configuration),
            builder => builder.AddRedisAttemptLimiter(connect => connect.EndPoints.Add(redis.Configuration)),
            builder => builder.AddRedisAttemptLimiter(redis.Redis),
        ];
        foreach (var way in ways)
        {
            await using var host = await RedisHost.StartAsync(way);
            Assert.IsNotType<RedisPairingStore>(host.Store);
            var limiter = Assert.IsType<RedisAttemptLimiter>(Assert.Single(host.Services.GetServices<IAttemptLimiter>()));
            Assert.Null(await limiter.TryCountAsync([new("a", 1, TimeSpan.FromMinutes(1))], default));
            Assert.NotNull(await limiter.TryCountAsync([new("a", 1, TimeSpan.FromMinutes(1))], default));
        }
    }

    [Fact]
    public async Task A_limiter_of_the_host_stays_where_only_the_pairings_go_to_Redis()
    {
        var own = new OwnLimiter();
        await using var host = await RedisHost.StartAsync(builder =>
        {
            builder.Services.Replace(ServiceDescriptor.Singleton<IAttemptLimiter>(own));
            builder.AddRedisPairingStore(redis.Redis);
        });
        Assert.Same(own, host.Services.GetRequiredService<IAttemptLimiter>());
    }

    private sealed class OwnLimiter : IAttemptLimiter
    {
        public ValueTask<TimeSpan?> TryCountAsync(IReadOnlyList<AttemptBudget> budgets, CancellationToken cancellationToken) => default;
    }

    [Fact]
    public async Task A_host_closes_the_connection_it_opened_and_no_other()
    {
        IConnectionMultiplexer opened;
        await using (var host = await RedisHost.StartAsync(builder => builder.AddRedisPairingStore(redis.Configuration)))
        {
            await host.StartAsync();
            opened = await host.Services.GetRequiredService<RedisConnection>().GetAsync();
            Assert.True(opened.IsConnected);
        }

        Assert.False(opened.IsConnected);
        await using (await RedisHost.StartAsync(builder => builder.AddRedisPairingStore(redis.Redis)))
        {
            // Its end is what counts.
        }

        Assert.True(redis.Redis.IsConnected);
    }

    [Theory]
    [InlineData("a*b", null, "KeyPrefix is 'a*b'")]
    [InlineData("a{}:", null, "KeyPrefix is 'a{}:'")]
    [InlineData("with space", null, "KeyPrefix is 'with space'")]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345", null, "at most 64")]
    [InlineData("da:", -1, "Database is -1")]
    public async Task Settings_that_cannot_work_stop_the_start(string prefix, int? database, string message)
    {
        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => RedisHost.StartAsync(
            builder => builder.AddRedisPairingStore(redis.Redis).Services.Configure<RedisPairingStoreOptions>(options => options.Database = database), prefix));
        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pairings_are_in_the_database_that_is_named()
    {
        var prefix = $"database-{Guid.NewGuid():N}:";
        await using var host = await RedisHost.StartAsync(
            builder => builder.AddRedisPairingStore(redis.Redis).Services.Configure<RedisPairingStoreOptions>(options => options.Database = 3), prefix);
        await host.StartAsync();
        var server = redis.Redis.GetServers()[0];
        Assert.Equal(2, server.Keys(3, prefix + "*").Count());
        Assert.Empty(server.Keys(0, prefix + "*"));
        Assert.Equal(1, await host.Store.RemoveExpiredAsync(DateTimeOffset.MaxValue, 10, default));
        Assert.Empty(server.Keys(3, prefix + "*"));
    }

    [Fact]
    public async Task The_rights_that_the_docs_name_are_enough()
    {
        await using var server = await RedisServer.StartAsync(
            ["--maxmemory-policy", "allkeys-lru", "--user", "host", "on", ">secret", "~da:*", "&da:decided", .. "+get +getex +set +eval +evalsha +script|load +del +pttl +pexpire +scan +info +publish +subscribe +@connection +cluster".Split(' ')]);
        await using var host = await RedisHost.StartAsync(builder => builder.AddRedisPairingStore($"{server.EndPoint},user=host,password=secret"), "da:");
        var signalled = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        await host.Services.GetRequiredService<IPairingSignals>().ListenAsync(hash => signalled.TrySetResult(hash), () => { }, default);
        var codes = await host.StartAsync();
        Assert.Equal(PairingError.AuthorizationPending, await host.RefusedAsync(codes));
        host.Clock.Advance(TimeSpan.FromMinutes(9.9)); // an approval now moves the expiry
        await host.ApproveAsync(codes);
        Assert.Equal(codes.DeviceCode.Hash(), await signalled.Task.WaitAsync(RedisServer.Patience));
        Assert.IsType<PollResult.Paired>(await host.PollAsync(codes));
        Assert.Equal(1, await host.Store.RemoveExpiredAsync(DateTimeOffset.MaxValue, 10, default));
        Assert.Null(await host.Services.GetRequiredService<IAttemptLimiter>().TryCountAsync([new("a", 1, TimeSpan.FromMinutes(1))], default));
        await host.CheckedAsync();
        Assert.Contains(host.Logs.GetSnapshot(), entry => entry.Message.Contains("allkeys-lru", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_Redis_that_may_evict_pairings_is_warned_of()
    {
        await using var server = await RedisServer.StartAsync("--maxmemory-policy", "allkeys-lru");
        var warning = Assert.Single(await CheckAsync(server.EndPoint));
        Assert.Equal((LogLevel.Warning, 1), (warning.Level, warning.Id.Id));
        Assert.Contains(server.EndPoint, warning.Message, StringComparison.Ordinal);
        Assert.Contains("allkeys-lru", warning.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_Redis_that_evicts_nothing_is_not() => Assert.Empty(await CheckAsync(redis.Configuration));

    [Fact]
    public async Task A_Redis_that_does_not_say_stops_nothing()
    {
        await using var server = await RedisServer.StartAsync("--maxmemory-policy", "allkeys-lru", "--user", "host", "on", ">secret", "~*", "&*", "+@all", "-info", "-config");
        Assert.DoesNotContain(await CheckAsync($"{server.EndPoint},user=host,password=secret"), entry => entry.Level > LogLevel.Debug);
        await server.KillAsync();
        Assert.DoesNotContain(await CheckAsync($"{server.EndPoint},connectTimeout=300,connectRetry=1"), entry => entry.Level > LogLevel.Debug);
    }

    [Fact]
    public async Task The_health_of_Redis_is_that_of_its_primary_and_of_its_policy()
    {
        await using var server = await RedisServer.StartAsync();
        await using var evicting = await RedisServer.StartAsync("--maxmemory-policy", "allkeys-lru");
        Assert.Equal((HealthStatus.Healthy, null), await HealthAsync(server.EndPoint));
        Assert.Equal((HealthStatus.Degraded, "Redis has the maxmemory-policy allkeys-lru: when its memory is full, it evicts pairings."), await HealthAsync(evicting.EndPoint));
        await server.KillAsync();
        Assert.Equal((HealthStatus.Unhealthy, "No primary of Redis is connected."), await HealthAsync($"{server.EndPoint},connectTimeout=300,connectRetry=1"));
    }

    [Fact]
    public async Task The_health_of_a_Redis_that_hangs_names_the_failure_and_not_the_server()
    {
        await using var server = await RedisServer.StartAsync();
        await using var host = await WithHealthAsync($"{server.EndPoint},asyncTimeout=300");
        Assert.Equal((HealthStatus.Healthy, null), await HealthAsync(host));
        using var freeze = Process.Start("kill", ["-STOP", $"{server.ProcessId}"]);
        await freeze.WaitForExitAsync();
        Assert.Equal((HealthStatus.Unhealthy, nameof(RedisTimeoutException)), await HealthAsync(host));
    }

    private static Task<RedisHost> WithHealthAsync(string configuration) => RedisHost.StartAsync(builder =>
    {
        builder.AddRedisPairingStore(configuration).AddRedisAttemptLimiter(configuration);
        builder.Services.AddHealthChecks().AddDeviceAuthorization();
    });

    private static async Task<(HealthStatus, string?)> HealthAsync(string configuration)
    {
        await using var host = await WithHealthAsync(configuration);
        return await HealthAsync(host);
    }

    private static async Task<(HealthStatus, string?)> HealthAsync(RedisHost host)
    {
        var report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(check => check.Name == "device-authorization-redis");
        var entry = Assert.Single(report.Entries).Value;
        return (entry.Status, entry.Description);
    }

    private static async Task<IReadOnlyList<FakeLogRecord>> CheckAsync(string configuration)
    {
        await using var host = await RedisHost.StartAsync(builder => builder.AddRedisPairingStore(configuration));
        await host.CheckedAsync();
        return [.. host.Logs.GetSnapshot().Where(entry => entry.Category == typeof(EvictionPolicyCheck).FullName)];
    }
}
