using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Threading.RateLimiting;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;

namespace DeviceAuthorization.Redis.Tests;

/// <summary>Limits in Redis: what is there, what it says against the limiter in memory, and limits of the host's own endpoints.</summary>
public sealed class LimiterTests(StandaloneRedis redis) : IClassFixture<StandaloneRedis>, IAsyncLifetime
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly TestStores _stores = new(redis);
    private readonly FakeTimeProvider _clock = new(TestData.Start);
    private readonly IDatabase _database = redis.Redis.GetDatabase();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _stores.CloseAsync();

    [Fact]
    public async Task It_says_to_the_millisecond_what_the_one_in_memory_says()
    {
        await using var services = new ServiceCollection().AddSingleton<TimeProvider>(_clock).AddDeviceAuthorization().Services.BuildServiceProvider();
        IAttemptLimiter[] limiters = [services.GetRequiredService<IAttemptLimiter>(), _stores.CreateLimiter(_clock)];
        AttemptBudget[] budgets = [new("a", 3, TimeSpan.FromSeconds(30)), new("b", 70, Minute), new("c", 5, TimeSpan.FromMinutes(10))];
        var refused = 0;
        for (var attempt = 0; attempt < 500; attempt++)
        {
            _clock.Advance(TimeSpan.FromMilliseconds(RandomNumberGenerator.GetInt32(RandomNumberGenerator.GetInt32(1, 12_000))));
            var asked = budgets.Where(_ => RandomNumberGenerator.GetInt32(3) > 0).DefaultIfEmpty(budgets[0]).ToArray();
            var (inMemory, inRedis) = (await limiters[0].TryCountAsync(asked, default), await limiters[1].TryCountAsync(asked, default));
            Assert.Equal(inMemory, inRedis);
            refused += inRedis is null ? 0 : 1;
        }

        Assert.InRange(refused, 50, 450); // both answers were met
    }

    [Fact]
    public async Task A_count_is_one_small_key_that_names_nobody_and_leaves_by_itself()
    {
        var limiter = _stores.CreateLimiter(_clock);
        await limiter.TryCountAsync([new("start:192.0.2.1", 1, Minute)], default);
        var key = (RedisKey)$"{_stores.Prefix}{{limits}}:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("start:192.0.2.1")))[..32]}";
        Assert.Equal(key, Assert.Single(redis.Redis.GetServers()[0].Keys(pattern: _stores.Prefix + "*")));
        Assert.InRange(await LeftAsync(key), 55_000, 61_000);
        Assert.InRange((long)await _database.ExecuteAsync("MEMORY", "USAGE", key), 1, 200 + _stores.Prefix.Length);

        await _database.KeyExpireAsync(key, TimeSpan.FromSeconds(30)); // as half a minute later
        Assert.NotNull(await limiter.TryCountAsync([new("start:192.0.2.1", 1, Minute)], default));
        Assert.InRange(await LeftAsync(key), 1, 30_000); // being refused does not keep it alive
    }

    [Fact]
    public async Task A_count_of_a_large_limit_stays_small()
    {
        var limiter = _stores.CreateLimiter(_clock);
        for (var attempt = 0; attempt < 3000; attempt++)
        {
            _clock.Advance(TimeSpan.FromMilliseconds(100));
            await limiter.TryCountAsync([new("token:192.0.2.1", 600, Minute)], default);
        }

        var key = Assert.Single(redis.Redis.GetServers()[0].Keys(pattern: _stores.Prefix + "*"));
        Assert.InRange((long)await _database.ExecuteAsync("MEMORY", "USAGE", key), 1, 1500);
    }

    [Fact]
    public async Task A_count_that_cannot_be_read_begins_anew()
    {
        var limiter = _stores.CreateLimiter(_clock);
        await limiter.TryCountAsync([new("a", 1, Minute)], default);
        var key = Assert.Single(redis.Redis.GetServers()[0].Keys(pattern: _stores.Prefix + "*"));
        await _database.StringSetAsync(key, "no numbers");
        Assert.Null(await limiter.TryCountAsync([new("a", 1, Minute)], default));
        Assert.NotNull(await limiter.TryCountAsync([new("a", 1, Minute)], default));
    }

    [Fact]
    public async Task A_server_that_forgot_the_script_gets_it_again()
    {
        var limiter = _stores.CreateLimiter(_clock);
        Assert.Null(await limiter.TryCountAsync([new("a", 2, Minute)], default));
        await _database.ExecuteAsync("SCRIPT", "FLUSH");
        Assert.Null(await limiter.TryCountAsync([new("a", 2, Minute)], default));
        Assert.NotNull(await limiter.TryCountAsync([new("a", 2, Minute)], default));
    }

    [Fact]
    public async Task Two_nodes_share_the_limit_of_starts()
    {
        var prefix = $"starts-{Guid.NewGuid():N}:";
        await using var one = await StartHostAsync(prefix, builder => builder.AddRedisPairingStore(redis.Configuration));
        await using var two = await StartHostAsync(prefix, builder => builder.AddRedisAttemptLimiter(redis.Configuration)); // its pairings are in memory
        for (var start = 0; start < 10; start++)
        {
            await (start % 2 == 0 ? one : two).Device().StartAsync();
        }

        foreach (var node in new[] { one, two })
        {
            using var answer = await node.Device().PostFormAsync("init", ("client_id", "tv"));
            Assert.Equal((HttpStatusCode.TooManyRequests, TimeSpan.FromSeconds(60)), (answer.StatusCode, answer.Headers.RetryAfter?.Delta));
            node.Clock.Advance(Minute);
        }

        await one.Device().StartAsync();
        await two.Device().StartAsync();
    }

    [Fact]
    public async Task A_policy_of_the_host_holds_across_its_nodes_and_says_when_to_come_back()
    {
        var key = $"api-{Guid.NewGuid():N}";
        await using var one = await StartLimitedAsync();
        await using var two = await StartLimitedAsync();
        foreach (var (node, status) in new[] { (one, 200), (two, 200), (one, 200), (two, 429), (one, 429) })
        {
            using var answer = await node.Device().GetAsync("/limited");
            Assert.Equal(status, (int)answer.StatusCode);
            Assert.Equal(status == 429 ? "60" : null, answer.Headers.RetryAfter?.ToString());
        }

        _clock.Advance(Minute);
        using var again = await two.Device().GetAsync("/limited");
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);

        Task<TestHost> StartLimitedAsync() => TestHost.StartAsync(
            services: services => services.AddRateLimiter(options =>
            {
                options.RejectionStatusCode = 429;
                options.OnRejected = (rejected, _) =>
                {
                    if (rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var wait))
                    {
                        rejected.HttpContext.Response.Headers.RetryAfter = $"{Math.Ceiling(wait.TotalSeconds)}";
                    }

                    return ValueTask.CompletedTask;
                };
                options.AddPolicy("shared", _ => RateLimitPartition.Get(key, partition => Limiter(partition, 3)));
            }),
            map: app =>
            {
                app.UseRateLimiter();
                app.MapGet("/limited", () => "").RequireRateLimiting("shared");
            });
    }

    [Fact]
    public async Task Permits_are_given_as_many_as_asked_for_or_not_at_all()
    {
        await using var limiter = Limiter($"permits-{Guid.NewGuid():N}", 10);
        Assert.Equal(10, limiter.GetStatistics()!.CurrentAvailablePermits);
        Assert.True((await limiter.AcquireAsync(7)).IsAcquired);
        using var tooMany = await limiter.AcquireAsync(4);
        Assert.False(tooMany.IsAcquired);
        Assert.Equal(MetadataName.RetryAfter.Name, Assert.Single(tooMany.MetadataNames));
        Assert.True(tooMany.TryGetMetadata(MetadataName.RetryAfter, out var wait));
        Assert.Equal(Minute, wait);
        Assert.True((await limiter.AcquireAsync(0)).IsAcquired); // there is room for one
        Assert.True((await limiter.AcquireAsync(3)).IsAcquired);
        Assert.False((await limiter.AcquireAsync(0)).IsAcquired);
        var statistics = limiter.GetStatistics()!;
        Assert.Equal((0L, 0L, 3L, 2L), (statistics.CurrentAvailablePermits, statistics.CurrentQueuedCount, statistics.TotalSuccessfulLeases, statistics.TotalFailedLeases));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await limiter.AcquireAsync(11));
    }

    [Fact]
    public async Task Without_waiting_for_Redis_there_is_no_lease_and_nothing_is_counted()
    {
        await using var limiter = Limiter($"sync-{Guid.NewGuid():N}", 1);
        using var lease = limiter.AttemptAcquire();
        Assert.False(lease.IsAcquired);
        Assert.Empty(lease.MetadataNames);
        Assert.True((await limiter.AcquireAsync()).IsAcquired);
    }

    [Fact]
    public async Task An_idle_limiter_says_so_and_one_that_is_made_again_goes_on_counting()
    {
        var key = $"idle-{Guid.NewGuid():N}";
        var limiter = Limiter(key, 1);
        _clock.Advance(TimeSpan.FromSeconds(7));
        Assert.Equal(TimeSpan.FromSeconds(7), limiter.IdleDuration);
        Assert.True((await limiter.AcquireAsync()).IsAcquired);
        Assert.Equal(TimeSpan.Zero, limiter.IdleDuration);
        await limiter.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await limiter.AcquireAsync());
        await using var again = Limiter(key, 1);
        Assert.False((await again.AcquireAsync()).IsAcquired);
        Assert.True(redis.Redis.IsConnected);
    }

    private RedisSlidingWindowRateLimiter Limiter(string key, int limit) =>
        new(key, new() { Connection = redis.Redis, PermitLimit = limit, Window = Minute, KeyPrefix = _stores.Prefix, Clock = _clock });

    private static Task<TestHost> StartHostAsync(string prefix, Action<DeviceAuthorizationBuilder> add) => TestHost.StartAsync(
        options => options.RateLimits.Enabled = true,
        services =>
        {
            add(services.AddDeviceAuthorization());
            services.Configure<RedisPairingStoreOptions>(options => options.KeyPrefix = prefix);
        });

    private async Task<long> LeftAsync(RedisKey key) => (long)(await _database.KeyTimeToLiveAsync(key))!.Value.TotalMilliseconds;
}
