using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Testing;

/// <summary>Pairings with number matching, and those of a version that does not exist yet.</summary>
public abstract partial class PairingStoreConformance
{
    [Fact]
    public async Task A_pairing_that_waits_for_its_number_is_found_as_it_was_and_is_approved_or_denied_without_one()
    {
        foreach (var number in new[] { 42, 75 })
        {
            var (store, matching) = await AddMatchingAsync();
            TestData.AssertSame(matching, await FindAsync(CreateStore(), matching));
            var decided = matching.Match("alice", number, Now).Next;
            Assert.True(await store.TryReplaceAsync(decided, Now, default));
            var stored = (await FindAsync(CreateStore(), matching))!;
            Assert.Equal(number == 42 ? PairingStatus.Approved : PairingStatus.Denied, stored.Status);
            TestData.AssertSame(decided with { Version = matching.Version + 1 }, stored);
        }
    }

    [Fact]
    public async Task Of_many_numbers_chosen_at_once_exactly_one_counts()
    {
        var (store, matching) = await AddMatchingAsync();
        var turn = 0;
        var won = await AtOnceAsync(32, async other =>
        {
            var choice = matching.Match("alice", Interlocked.Increment(ref turn) % 2 == 0 ? 42 : 75, Now).Next;
            return await other.TryReplaceAsync(choice, Now, default) ? choice.Status : (PairingStatus?)null;
        });
        Assert.Equal(Assert.Single(won, status => status is not null), (await FindAsync(store, matching))!.Status);
    }

    [Theory]
    [InlineData(-1, true)]
    [InlineData(0, false)]
    public async Task A_number_chosen_in_the_last_moment_leaves_time_to_redeem_and_one_chosen_later_does_not_count(int milliseconds, bool written)
    {
        var (store, matching) = await AddMatchingAsync();
        var read = Expiry.AddMilliseconds(-1);
        Assert.Equal(written, await store.TryReplaceAsync(matching.Match("alice", 42, read).Next, Expiry.AddMilliseconds(milliseconds), default));
        var stored = (await FindAsync(store, matching))!;
        Assert.Equal(
            written ? (PairingStatus.Approved, read + Pairing.LeastRedeemTime) : (PairingStatus.Matching, Expiry), (stored.Status, stored.ExpiresAt));
    }

    // T-38: after a roll-back, records of the newer version are still there.
    [Fact]
    public async Task A_status_that_is_not_known_is_neither_pending_nor_approved()
    {
        var (store, pairing) = await AddAsync();
        await store.TryReplaceAsync(pairing with { Status = (PairingStatus)99, ApproverId = "alice", Grant = TestData.NewGrant() }, Now, default);
        var poll = await OutcomeAsync(() => store.TryAcceptPollAsync(pairing.DeviceCodeHash, "tv", Now, default));
        Assert.True(poll is null or { IsAccepted: false, Pairing: null or { Status: (PairingStatus)99 } }, $"{poll}");
    }

    private async Task<(IPairingStore Store, Pairing Pairing)> AddMatchingAsync()
    {
        var (store, pairing) = await AddAsync();
        var matching = pairing.Approve("alice", TestData.NewGrant(), Now, 42).Next;
        Assert.True(await store.TryReplaceAsync(matching, Now, default));
        return (store, matching with { Version = pairing.Version + 1 });
    }
}
