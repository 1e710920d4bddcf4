using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Testing;

/// <summary>
/// The contract of <see cref="IPairingStore"/>, as tests. Inherit it in your test project: one sealed class per store, named after it. xunit creates
/// an instance for each test.
/// </summary>
public abstract partial class PairingStoreConformance
{
    private static readonly DateTimeOffset Now = TestData.Start + TimeSpan.FromMinutes(1);
    private static readonly DateTimeOffset Expiry = TestData.Start + TimeSpan.FromMinutes(10);

    /// <summary>Connects to a store that is empty when the test starts. Each call returns another connection to the same one.</summary>
    protected abstract IPairingStore CreateStore();

    /// <summary>Creates an empty store that holds at most <paramref name="capacity"/> live pairings; null if this kind of store has no such bound.</summary>
    protected virtual IPairingStore? CreateBoundedStore(int capacity) => null;

    /// <summary>
    /// Loses the answer of the next write of any of the test's stores: the write takes effect, and the caller gets a broken connection. For stores
    /// whose driver or strategy repeats what failed. Other stores pass the failure on, which is right.
    /// </summary>
    /// <returns>Whether this store supports it. If not, the test shows nothing.</returns>
    protected virtual bool LoseNextAnswer() => false;

    [Fact]
    public async Task An_added_pairing_is_found_as_it_was()
    {
        var (store, pairing) = await AddAsync();
        TestData.AssertSame(pairing, await FindAsync(store, pairing));
        TestData.AssertSame(pairing, await FindAsync(CreateStore(), pairing));
        Assert.Null(await store.FindByUserCodeAsync(TestData.NewHash(), default));
        Assert.Null(await store.FindByUserCodeAsync(pairing.DeviceCodeHash, default));
    }

    [Fact]
    public async Task A_pairing_without_optional_members_is_found_as_it_was()
    {
        var (store, pairing) = await AddAsync(pairing => pairing with { RequiresClientId = false, RequestedScopes = [], Device = new ReportedDevice { Name = "TV" }, CanShowNumber = false, TraceParent = null });
        TestData.AssertSame(pairing, await FindAsync(store, pairing));
    }

    [Fact]
    public async Task A_decided_pairing_is_found_as_it_was()
    {
        var (store, pairing) = await AddAsync();
        var redeemed = pairing with
        {
            Status = PairingStatus.Redeemed,
            ApproverId = "alice",
            ClaimedUntil = Now + TimeSpan.FromMilliseconds(1),
            IsSuspected = true,
            Grant = TestData.NewGrant() with { DeviceId = "d-1", AsNewDevice = true, SignOuts = 2, AccountStamp = "mXv0Rl7bSgZpQ1T5uYkWcA" },
            MatchNumber = 42,
            RedeemedAt = Now,
            IdempotencyKeyHash = TestData.NewHash(),
            RedeemedFrom = "2001:db8::2",
            ExpiresAt = Expiry + TimeSpan.FromMilliseconds(1),
        };
        Assert.True(await store.TryReplaceAsync(redeemed, Now, default));
        TestData.AssertSame(redeemed with { Version = pairing.Version + 1 }, await FindAsync(CreateStore(), pairing));
    }

    [Fact]
    public async Task A_pairing_is_found_by_its_device_code_in_any_status()
    {
        var (store, pairing) = await AddAsync();
        TestData.AssertSame(pairing, await store.FindByDeviceCodeAsync(pairing.DeviceCodeHash, default));
        Assert.True(await store.TryReplaceAsync(pairing.Deny("alice", Now).Next, Now, default));
        TestData.AssertSame(await FindAsync(store, pairing), await CreateStore().FindByDeviceCodeAsync(pairing.DeviceCodeHash, default));
        Assert.Null(await store.FindByDeviceCodeAsync(TestData.NewHash(), default));
        Assert.Null(await store.FindByDeviceCodeAsync(pairing.UserCodeHash, default));
    }

    [Fact]
    public async Task Of_many_pairings_those_that_are_no_longer_pending_are_found()
    {
        var store = CreateStore();
        var byStatus = Enum.GetValues<PairingStatus>().ToDictionary(status => status, _ => TestData.NewPairing());
        foreach (var (status, pairing) in byStatus)
        {
            await store.TryAddAsync(pairing, default);
            Assert.True(await store.TryReplaceAsync(pairing with { Status = status, ApproverId = "alice" }, Now, default)); // pending: only claimed
        }

        string[] asked = [TestData.NewHash(), .. byStatus.Values.Select(pairing => pairing.DeviceCodeHash)];
        var decided = byStatus.Where(pairing => pairing.Key != PairingStatus.Pending).Select(pairing => pairing.Value.DeviceCodeHash);
        Assert.Equal(decided.Order(StringComparer.Ordinal), (await CreateStore().FindDecidedAsync(asked, default)).Order(StringComparer.Ordinal));
        Assert.Empty(await store.FindDecidedAsync([byStatus[PairingStatus.Pending].DeviceCodeHash], default));
        Assert.Empty(await store.FindDecidedAsync([], default));
        Assert.Empty(await store.FindDecidedAsync([.. Enumerable.Range(0, 500).Select(_ => TestData.NewHash())], default));
    }

    [Fact]
    public async Task A_taken_code_is_refused_and_nothing_is_overwritten()
    {
        var (store, first) = await AddAsync();
        Assert.Equal(PairingAddition.CodeTaken, await store.TryAddAsync(TestData.NewPairing() with { UserCodeHash = first.UserCodeHash }, default));
        var sameDevice = TestData.NewPairing() with { DeviceCodeHash = first.DeviceCodeHash };
        Assert.Equal(PairingAddition.CodeTaken, await store.TryAddAsync(sameDevice, default));
        Assert.Null(await FindAsync(store, sameDevice)); // not half of it either
        TestData.AssertSame(first, await FindAsync(store, first));
        Assert.Equal(PairingAddition.Added, await store.TryAddAsync(sameDevice with { DeviceCodeHash = TestData.NewHash() }, default));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Of_many_additions_of_one_code_exactly_one_wins(bool userCode)
    {
        var taken = TestData.NewPairing();
        var additions = await AtOnceAsync(32, store => store.TryAddAsync(
            userCode ? TestData.NewPairing() with { UserCodeHash = taken.UserCodeHash } : TestData.NewPairing() with { DeviceCodeHash = taken.DeviceCodeHash }, default));
        Assert.Single(additions, PairingAddition.Added);
        Assert.Equal(31, additions.Count(addition => addition == PairingAddition.CodeTaken));
    }

    [Fact]
    public async Task A_replacement_of_the_version_read_is_written_once()
    {
        var (store, pairing) = await AddAsync();
        var denied = pairing.Deny("alice", Now).Next;
        Assert.True(await store.TryReplaceAsync(denied, Now, default));
        TestData.AssertSame(denied with { Version = pairing.Version + 1 }, await FindAsync(store, pairing));
        Assert.False(await store.TryReplaceAsync(denied, Now, default));
        Assert.False(await store.TryReplaceAsync(denied with { Version = pairing.Version + 2 }, Now, default));
        Assert.False(await store.TryReplaceAsync(TestData.NewPairing(), Now, default));
        Assert.True(await store.TryReplaceAsync((await FindAsync(store, pairing))!, Now, default));
    }

    [Theory]
    [InlineData(PairingStatus.Approved)]
    [InlineData(PairingStatus.Denied)]
    [InlineData(PairingStatus.Redeemed)]
    [InlineData(PairingStatus.Matching)]
    [InlineData(PairingStatus.Withdrawn)]
    public async Task A_late_decision_brings_nothing_back(PairingStatus status)
    {
        var (store, read) = await AddAsync();
        Assert.True(await store.TryReplaceAsync(read with { Status = status, ApproverId = "alice" }, Now, default));
        var stored = await FindAsync(store, read);
        Assert.False(await CreateStore().TryReplaceAsync(read.Approve("bob", TestData.NewGrant(), Now).Next, Now, default));
        Assert.False(await CreateStore().TryReplaceAsync(read.Deny("bob", Now).Next, Now, default));
        TestData.AssertSame(stored, await FindAsync(store, read));
    }

    [Fact]
    public async Task A_replacement_leaves_the_stored_pacing_as_it_is() // polls and decisions do not conflict
    {
        var (store, read) = await AddAsync();
        await store.TryAcceptPollAsync(read.DeviceCodeHash, "tv", Now, default);
        await store.TrySlowDownAsync((await FindAsync(store, read))!, read.Pacing.Accepted(Now).SlowedDown(), default);
        Assert.True(await store.TryReplaceAsync(read.Claim("alice", Now).Next, Now, default));
        var stored = (await FindAsync(store, read))!;
        Assert.Equal(("alice", read.Pacing.Accepted(Now).SlowedDown()), (stored.ApproverId, stored.Pacing));
    }

    [Theory]
    [InlineData(-1, true)]
    [InlineData(0, false)]
    public async Task A_replacement_is_written_until_the_stored_pairing_expires(int milliseconds, bool written)
    {
        var (store, pairing) = await AddAsync();
        var now = Expiry.AddMilliseconds(milliseconds);
        Assert.Equal(written, await store.TryReplaceAsync(pairing with { ExpiresAt = Expiry.AddMinutes(1) }, now, default));
        Assert.Equal(written ? Expiry.AddMinutes(1) : Expiry, (await FindAsync(store, pairing))!.ExpiresAt);
        Assert.Equal(written, await store.TryReplaceAsync((await FindAsync(store, pairing))! with { ApproverId = "alice" }, Expiry, default));
    }

    [Fact]
    public async Task Of_many_concurrent_writes_exactly_one_wins()
    {
        var (store, pairing) = await AddAsync();
        var writer = 0;
        var won = await AtOnceAsync(32, async other =>
        {
            var user = $"user-{Interlocked.Increment(ref writer)}";
            return await other.TryReplaceAsync(pairing.Deny(user, Now).Next, Now, default) ? user : null;
        });
        Assert.Equal(Assert.Single(won, user => user is not null), (await FindAsync(store, pairing))!.ApproverId);
    }

    [Fact]
    public async Task Removal_takes_what_expired_before_a_time_and_frees_its_codes()
    {
        var (store, pairing) = await AddAsync();
        var later = TestData.NewPairing() with { ExpiresAt = Expiry.AddMilliseconds(1) };
        await store.TryAddAsync(later, default);
        Assert.Equal(0, await store.RemoveExpiredAsync(Expiry, int.MaxValue, default));
        Assert.Equal(1, await store.RemoveExpiredAsync(Expiry.AddMilliseconds(1), int.MaxValue, default));
        Assert.Null(await FindAsync(store, pairing));
        Assert.Equal(PollAttempt.NotAccepted(null), await store.TryAcceptPollAsync(pairing.DeviceCodeHash, "tv", Now, default));
        Assert.False(await store.TryReplaceAsync(pairing, Now, default)); // read before it was removed
        Assert.False(await store.TrySlowDownAsync(pairing, pairing.Pacing.SlowedDown(), default));
        Assert.Null(await FindAsync(store, pairing));
        Assert.Equal(PairingAddition.Added, await store.TryAddAsync(pairing with { Id = Guid.NewGuid() }, default));
        TestData.AssertSame(later, await FindAsync(store, later));
    }

    [Fact]
    public async Task Removal_takes_no_more_than_it_may_whatever_the_status()
    {
        var store = CreateStore();
        foreach (var status in Enum.GetValues<PairingStatus>())
        {
            var pairing = TestData.NewPairing();
            await store.TryAddAsync(pairing, default);
            Assert.True(await store.TryReplaceAsync(pairing with { Status = status }, Now, default));
        }

        var all = Enum.GetValues<PairingStatus>().Length;
        Assert.Equal(0, await store.RemoveExpiredAsync(Expiry.AddDays(1), 0, default));
        Assert.Equal(all - 1, await store.RemoveExpiredAsync(Expiry.AddDays(1), all - 1, default));
        Assert.Equal(1, await store.RemoveExpiredAsync(Expiry.AddDays(1), 10, default));
        Assert.Equal(0, await store.RemoveExpiredAsync(Expiry.AddDays(1), 10, default));
    }

    private static ValueTask<Pairing?> FindAsync(IPairingStore store, Pairing pairing) => store.FindByUserCodeAsync(pairing.UserCodeHash, default);

    private async Task<(IPairingStore Store, Pairing Pairing)> AddAsync(Func<Pairing, Pairing>? change = null)
    {
        var (store, pairing) = (CreateStore(), TestData.NewPairing());
        pairing = change?.Invoke(pairing) ?? pairing;
        Assert.Equal(PairingAddition.Added, await store.TryAddAsync(pairing, default));
        return (store, pairing);
    }

    /// <summary>Runs calls at the same time, each over its own connection.</summary>
    private Task<T[]> AtOnceAsync<T>(int count, Func<IPairingStore, ValueTask<T>> call)
    {
        var stores = Enumerable.Range(0, count).Select(_ => CreateStore()).ToArray();
        return Task.WhenAll(stores.Select(store => Task.Run(async () => await call(store))));
    }
}
