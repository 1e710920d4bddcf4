using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Testing;

/// <summary>Clocks that differ, calls that are cancelled, answers that are lost, stores that are full.</summary>
public abstract partial class PairingStoreConformance
{
    [Theory]
    [InlineData(-2)]
    [InlineData(2)]
    public async Task Clocks_of_nodes_that_differ_shift_pacing_and_expiry_and_never_the_outcome(int seconds)
    {
        var (one, pairing) = await AddAsync();
        var (other, skew) = (CreateStore(), TimeSpan.FromSeconds(seconds));
        Assert.True((await one.TryAcceptPollAsync(pairing.DeviceCodeHash, "tv", Now, default)).IsAccepted);
        var due = Now + pairing.Pacing.Interval;
        Assert.Equal(seconds > 0, (await other.TryAcceptPollAsync(pairing.DeviceCodeHash, "tv", due + skew, default)).IsAccepted);
        Assert.True((await other.TryAcceptPollAsync(pairing.DeviceCodeHash, "tv", due + due.Subtract(Now) + skew.Duration() + skew, default)).IsAccepted);

        Assert.True(await one.TryReplaceAsync(pairing.Approve("alice", TestData.NewGrant(), due).Next, due, default));
        var approved = (await FindAsync(other, pairing))!;
        var redeemed = approved with { Status = PairingStatus.Redeemed, RedeemedAt = due + skew };
        Assert.True(await other.TryReplaceAsync(redeemed, due + skew, default));
        Assert.False(await one.TryReplaceAsync(redeemed, due, default));
        TestData.AssertSame(redeemed with { Version = approved.Version + 1 }, await FindAsync(one, pairing));
    }

    [Theory]
    [InlineData(-2, true)]
    [InlineData(2, false)]
    public async Task A_node_whose_clock_differs_sees_the_expiry_as_much_sooner_or_later(int seconds, bool written)
    {
        var (one, pairing) = await AddAsync();
        Assert.Equal(written, await CreateStore().TryReplaceAsync(pairing.Deny("alice", Now).Next, Expiry.AddSeconds(seconds), default));
        Assert.Equal(written ? PairingStatus.Denied : PairingStatus.Pending, (await FindAsync(one, pairing))!.Status);
    }

    [Fact]
    public async Task An_expired_pairing_is_known_to_the_end_of_its_retention()
    {
        var (store, pairing) = await AddAsync();
        var last = Expiry + Pairing.Retention - TimeSpan.FromMilliseconds(1);
        TestData.AssertSame(PollAttempt.NotAccepted(pairing), await store.TryAcceptPollAsync(pairing.DeviceCodeHash, "tv", last, default));
        TestData.AssertSame(pairing, await FindAsync(store, pairing));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_cancelled_addition_is_done_or_undone_and_not_by_half(bool beforehand)
    {
        var (store, pairing) = (CreateStore(), TestData.NewPairing());
        var addition = await CancelAsync(beforehand, stop => store.TryAddAsync(pairing, stop));
        var found = await FindAsync(CreateStore(), pairing);
        Assert.True(found is not null || addition is null); // what was reported is there
        var poll = await store.TryAcceptPollAsync(pairing.DeviceCodeHash, "tv", Now, default);
        if (poll.IsAccepted)
        {
            found ??= await FindAsync(CreateStore(), pairing); // a store may continue after the caller left, and finish between the two reads
        }

        Assert.Equal(found is not null, poll.IsAccepted);
        Assert.Equal(PairingAddition.Added, await store.TryAddAsync(TestData.NewPairing(), default));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_cancelled_replacement_is_done_or_undone_and_the_next_one_is_not_kept_from_it(bool beforehand)
    {
        var (store, pairing) = await AddAsync();
        var denied = pairing.Deny("alice", Now).Next;
        var replaced = await CancelAsync(beforehand, stop => store.TryReplaceAsync(denied, Now, stop));
        var found = (await FindAsync(store, pairing))!;
        TestData.AssertSame(found.Version == 0 ? pairing : denied with { Version = 1 }, found);
        Assert.True(replaced is null || replaced == (found.Version == 1));
        Assert.True(await store.TryReplaceAsync(found with { ApproverId = "bob" }, Now, default));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_cancelled_poll_is_accepted_or_not_and_the_next_one_hears_so(bool beforehand)
    {
        var (store, pairing) = await AddAsync();
        await CancelAsync(beforehand, stop => store.TryAcceptPollAsync(pairing.DeviceCodeHash, "tv", Now, stop));
        var stamped = (await FindAsync(store, pairing))!.Pacing != pairing.Pacing;
        Assert.Equal(!stamped, (await store.TryAcceptPollAsync(pairing.DeviceCodeHash, "tv", Now, default)).IsAccepted);
    }

    [Fact]
    public async Task A_write_whose_answer_was_lost_is_an_outage_or_was_done_and_never_a_lost_race()
    {
        var (store, pairing) = (CreateStore(), TestData.NewPairing());
        if (!LoseNextAnswer())
        {
            return;
        }

        Assert.True(await OutcomeAsync(() => store.TryAddAsync(pairing, default)) is null or PairingAddition.Added);
        Assert.True(LoseNextAnswer());
        Assert.True(await OutcomeAsync(() => store.TryAcceptPollAsync(pairing.DeviceCodeHash, "tv", Now, default)) is null or { IsAccepted: true });
        var read = (await FindAsync(store, pairing))!;
        Assert.Equal(pairing.Pacing.Accepted(Now), read.Pacing);
        Assert.True(LoseNextAnswer());
        Assert.True(await OutcomeAsync(() => store.TrySlowDownAsync(read, read.Pacing.SlowedDown(), default)) is null or true);
        Assert.True(LoseNextAnswer());
        Assert.True(await OutcomeAsync(() => store.TryReplaceAsync(read.Deny("alice", Now).Next, Now, default)) is null or true);
        TestData.AssertSame(read.Deny("alice", Now).Next with { Version = 1, Pacing = read.Pacing.SlowedDown() }, await FindAsync(store, pairing));
    }

    [Fact]
    public async Task A_store_that_is_bounded_says_when_it_is_full_and_evicts_nothing()
    {
        const int Capacity = 5;
        if (CreateBoundedStore(Capacity) is not { } store)
        {
            return;
        }

        var pairings = Enumerable.Range(1, Capacity).Select(OfNetwork).ToArray();
        foreach (var pairing in pairings)
        {
            Assert.Equal(PairingAddition.Added, await store.TryAddAsync(pairing, default));
        }

        var refused = OfNetwork(Capacity + 1);
        Assert.Equal(PairingAddition.Full, await store.TryAddAsync(refused, default));
        Assert.Null(await FindAsync(store, refused));
        foreach (var pairing in pairings)
        {
            TestData.AssertSame(pairing, await FindAsync(store, pairing));
            Assert.True((await store.TryAcceptPollAsync(pairing.DeviceCodeHash, "tv", Now, default)).IsAccepted);
        }

        Assert.Equal(1, await store.RemoveExpiredAsync(Expiry.AddDays(1), 1, default));
        Assert.Equal(PairingAddition.Added, await store.TryAddAsync(refused, default));
        Assert.Equal(PairingAddition.Full, await store.TryAddAsync(OfNetwork(Capacity + 2), default));

        // A store may refuse a network that holds many: this test does not look at that.
        static Pairing OfNetwork(int number)
        {
            var pairing = TestData.NewPairing();
            return pairing with { Device = pairing.Device with { Address = $"192.0.2.{number}" } };
        }
    }

    /// <summary>The result of a call that was cancelled before or while it ran; null if it returned none.</summary>
    private static async Task<T?> CancelAsync<T>(bool beforehand, Func<CancellationToken, ValueTask<T>> call)
        where T : struct
    {
        using var stop = new CancellationTokenSource();
        if (beforehand)
        {
            await stop.CancelAsync();
        }

        try
        {
            var running = call(stop.Token);
            await stop.CancelAsync();
            return await running;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>The result of a call; null if it failed.</summary>
    private static async Task<T?> OutcomeAsync<T>(Func<ValueTask<T>> call)
        where T : struct
    {
        try
        {
            return await call();
        }
        catch (Exception) // each driver has its own
        {
            return null;
        }
    }
}
