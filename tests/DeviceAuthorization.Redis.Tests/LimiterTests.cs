using System.Net;
using System.Security.Cryptography;
using System.Text;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;

namespace DeviceAuthorization.Redis.Tests;

/// <summary>Limits in Redis: what is there and what it says against the limiter in memory.</summary>
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

    private static Task<TestHost> StartHostAsync(string prefix, Action<DeviceAuthorizationBuilder> add) => TestHost.StartAsync(
        options => options.RateLimits.Enabled = true,
        services =>
        {
            add(services.AddDeviceAuthorization());
            services.Configure<RedisPairingStoreOptions>(options => options.KeyPrefix = prefix);
        });

    private async Task<long> LeftAsync(RedisKey key) => (long)(await _database.KeyTimeToLiveAsync(key))!.Value.TotalMilliseconds;
}
