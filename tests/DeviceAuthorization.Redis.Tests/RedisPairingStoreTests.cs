using DeviceAuthorization.Storage;
using Microsoft.Extensions.Logging.Testing;
using StackExchange.Redis;

namespace DeviceAuthorization.Redis.Tests;

/// <summary>What is Redis's own, beyond what every store keeps to.</summary>
public sealed class RedisPairingStoreTests(StandaloneRedis redis) : IClassFixture<StandaloneRedis>, IAsyncLifetime
{
    private const long Minute = 60_000;
    private const long Lifetime = 10 * Minute;

    private static readonly DateTimeOffset Now = TestData.Start + TimeSpan.FromMinutes(1);

    private readonly TestStores _stores = new(redis);
    private readonly IDatabase _database = redis.Redis.GetDatabase();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _stores.CloseAsync();

    [Fact]
    public async Task Both_keys_outlive_the_expiry_by_the_retention()
    {
        var (_, pairing) = await AddAsync();
        var retention = (long)Pairing.Retention.TotalMilliseconds;
        var redeemTime = (long)Pairing.LeastRedeemTime.TotalMilliseconds; // a late approval moves the expiry; the user code is to be there still
        Assert.InRange(await LeftAsync(_stores.PairingKey(pairing)), Lifetime + retention - Minute, Lifetime + retention);
        Assert.InRange(await LeftAsync(_stores.UserCodeKey(pairing)), Lifetime + retention + redeemTime - Minute, Lifetime + retention + redeemTime);
    }

    [Fact]
    public async Task Neither_polls_nor_decisions_let_a_pairing_live_longer()
    {
        var (store, pairing) = await AddAsync();
        await _database.KeyExpireAsync(_stores.PairingKey(pairing), TimeSpan.FromMinutes(1));
        Assert.True((await store.TryAcceptPollAsync(pairing.DeviceCodeHash, "tv", Now, default)).IsAccepted);
        Assert.False((await store.TryAcceptPollAsync(pairing.DeviceCodeHash, "tv", Now, default)).IsAccepted);
        var read = (await store.FindByUserCodeAsync(pairing.UserCodeHash, default))!;
        Assert.True(await store.TrySlowDownAsync(read, read.Pacing.SlowedDown(), default));
        Assert.True(await store.TryReplaceAsync(read.Claim("alice", Now).Next, Now, default));
        Assert.True(await store.TryReplaceAsync((read with { Version = read.Version + 1 }).Deny("alice", Now).Next, Now, default));
        Assert.InRange(await LeftAsync(_stores.PairingKey(pairing)), 1, Minute);
    }

    [Theory]
    [InlineData(-1000, 29_000)] // 30 seconds from then on
    [InlineData(-30_000, 0)]
    public async Task An_approval_close_to_the_expiry_adds_what_it_moves_the_expiry_by(int milliseconds, int added)
    {
        var (store, pairing) = await AddAsync();
        await _database.KeyExpireAsync(_stores.PairingKey(pairing), TimeSpan.FromMinutes(10));
        var now = pairing.ExpiresAt.AddMilliseconds(milliseconds);
        var approved = pairing.Approve("alice", TestData.NewGrant(), now).Next;
        Assert.Equal(pairing.ExpiresAt.AddMilliseconds(added), approved.ExpiresAt);
        Assert.True(await store.TryReplaceAsync(approved, now, default));
        Assert.InRange(await LeftAsync(_stores.PairingKey(pairing)), (10 * Minute) + added - 10_000, (10 * Minute) + added);
    }

    [Theory]
    [InlineData(null, 600)]
    [InlineData("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", 672)] // where a trace recorded the start
    public async Task A_pending_pairing_takes_at_most_600_bytes(string? traceParent, int most)
    {
        var stores = new TestStores(redis, new RedisPairingStoreOptions().KeyPrefix);
        var pairing = TestData.NewPairing() with
        {
            RequestedScopes = ["library.read", "library.write"],
            Device = new ReportedDevice { Name = "Living room TV", Platform = "tvOS", ClientVersion = "1.2.3", Identifier = "5f0c7f1e-8d5b-4b62-9f6a", Address = "192.168.1.20" },
            TraceParent = traceParent,
        };
        await stores.Create().TryAddAsync(pairing, default);
        await stores.CloseAsync();
        var bytes = await BytesAsync(stores.PairingKey(pairing)) + await BytesAsync(stores.UserCodeKey(pairing));
        Assert.InRange(bytes, 1, most);
    }

    [Fact]
    public async Task A_user_code_whose_start_ended_half_way_is_unknown_and_taken()
    {
        var (store, lost, other) = (_stores.Create(), TestData.NewPairing(), TestData.NewPairing());
        await _database.StringSetAsync(_stores.UserCodeKey(lost), PairingRecord.Shorten(lost.DeviceCodeHash));
        Assert.Null(await store.FindByUserCodeAsync(lost.UserCodeHash, default));
        Assert.Equal(PairingAddition.CodeTaken, await store.TryAddAsync(other with { UserCodeHash = lost.UserCodeHash }, default));
        Assert.Equal(PairingAddition.Added, await store.TryAddAsync(other, default));
    }

    [Fact]
    public async Task A_user_code_that_points_to_a_pairing_with_another_one_is_unknown()
    {
        var (store, pairing) = await AddAsync();
        var half = TestData.NewPairing() with { DeviceCodeHash = pairing.DeviceCodeHash };
        await _database.StringSetAsync(_stores.UserCodeKey(half), PairingRecord.Shorten(half.DeviceCodeHash));
        Assert.Null(await store.FindByUserCodeAsync(half.UserCodeHash, default));
        TestData.AssertSame(pairing, await store.FindByUserCodeAsync(pairing.UserCodeHash, default));
    }

    [Theory]
    [InlineData("1 0 Pending", "2 0 Pending")] // another layout
    [InlineData("1 0 Pending", "1 0 Blessed")] // an unknown status
    [InlineData("1 0 Pending", "1 0 approved")]
    [InlineData("1 0 Pending", "1 0 1")]
    [InlineData("1 0 Pending", "Approved")]
    [InlineData("\n{\"id\"", "\n{")] // a member is missing
    [InlineData("\n", "\n[")]
    [InlineData("\n", "")]
    [InlineData("\"u\":\"", "\"u\":\"!")]
    [InlineData("\"s\":[", "\"s\":null,\"x\":[")]
    public async Task A_record_that_this_version_cannot_read_is_unknown_and_stays_as_it_is(string part, string changed)
    {
        var logs = new FakeLogger<RedisPairingStore>();
        var (store, pairing) = (_stores.Create(logs), TestData.NewPairing());
        await store.TryAddAsync(pairing, default);
        string record = (await _database.StringGetAsync(_stores.PairingKey(pairing)))!;
        var broken = record.Replace(part, changed, StringComparison.Ordinal);
        Assert.NotEqual(record, broken, StringComparer.Ordinal);
        await _database.StringSetAsync(_stores.PairingKey(pairing), broken);

        Assert.Null(await store.FindByUserCodeAsync(pairing.UserCodeHash, default));
        var expiry = pairing.ExpiresAt; // until then scripts take polls of a pending pairing whose JSON is damaged: they do not read it
        Assert.Equal(PollAttempt.NotAccepted(null), await store.TryAcceptPollAsync(pairing.DeviceCodeHash, "tv", expiry, default));
        Assert.Equal(PairingAddition.CodeTaken, await store.TryAddAsync(TestData.NewPairing() with { DeviceCodeHash = pairing.DeviceCodeHash }, default));
        Assert.Equal(broken, await _database.StringGetAsync(_stores.PairingKey(pairing)));
        Assert.Contains(logs.Collector.GetSnapshot(), entry => entry.Id.Id == 3);
    }

    [Fact]
    public async Task Members_of_a_later_version_are_skipped()
    {
        var (store, pairing) = await AddAsync();
        string record = (await _database.StringGetAsync(_stores.PairingKey(pairing)))!;
        await _database.StringSetAsync(_stores.PairingKey(pairing), record.Replace("\n{", "\n{\"later\":{\"x\":[1]},", StringComparison.Ordinal));
        TestData.AssertSame(pairing, await store.FindByUserCodeAsync(pairing.UserCodeHash, default));
    }

    [Theory]
    [InlineData("a b")]
    [InlineData("a\nb")]
    [InlineData("\"тв\" \\ 📺")]
    [InlineData("%d+")]
    public async Task Any_client_id_is_compared_letter_by_letter(string clientId)
    {
        var (store, pairing) = await AddAsync(pairing => pairing with { ClientId = clientId });
        TestData.AssertSame(pairing, (await store.TryAcceptPollAsync(pairing.DeviceCodeHash, clientId + " ", Now, default)).Pairing);
        TestData.AssertSame(pairing, (await store.TryAcceptPollAsync(pairing.DeviceCodeHash, "", Now, default)).Pairing);
        Assert.True((await store.TryAcceptPollAsync(pairing.DeviceCodeHash, clientId, Now, default)).IsAccepted);
        Assert.Equal(clientId, (await store.FindByUserCodeAsync(pairing.UserCodeHash, default))!.ClientId);
    }

    [Fact]
    public async Task A_server_that_forgot_the_scripts_gets_them_again()
    {
        var (store, pairing) = await AddAsync();
        Assert.True((await store.TryAcceptPollAsync(pairing.DeviceCodeHash, "tv", Now, default)).IsAccepted);
        await _database.ExecuteAsync("SCRIPT", "FLUSH");
        Assert.True((await store.TryAcceptPollAsync(pairing.DeviceCodeHash, "tv", Now + pairing.Pacing.Interval, default)).IsAccepted);
    }

    [Fact]
    public async Task A_cancelled_call_does_not_reach_Redis()
    {
        var (store, pairing) = await AddAsync();
        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await store.TryAcceptPollAsync(pairing.DeviceCodeHash, "tv", Now, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await store.TryReplaceAsync(pairing with { ApproverId = "alice" }, Now, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await store.TryAddAsync(TestData.NewPairing(), cancelled));
        TestData.AssertSame(pairing, await store.FindByUserCodeAsync(pairing.UserCodeHash, default));
    }

    private async Task<(RedisPairingStore Store, Pairing Pairing)> AddAsync(Func<Pairing, Pairing>? change = null)
    {
        var (store, pairing) = (_stores.Create(), TestData.NewPairing());
        pairing = change?.Invoke(pairing) ?? pairing;
        Assert.Equal(PairingAddition.Added, await store.TryAddAsync(pairing, default));
        return (store, pairing);
    }

    private async Task<long> BytesAsync(RedisKey key) => (long)await _database.ExecuteAsync("MEMORY", "USAGE", key);

    private async Task<long> LeftAsync(RedisKey key) => (long)(await _database.KeyTimeToLiveAsync(key))!.Value.TotalMilliseconds;
}
