using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Testing;

/// <summary>The polls.</summary>
public abstract partial class PairingStoreConformance
{
    [Fact]
    public async Task A_poll_in_order_is_accepted_and_stamped_and_raises_no_version()
    {
        var (store, pairing) = await AddAsync();
        Assert.Equal(PollAttempt.Accepted, await store.TryAcceptPollAsync(pairing.DeviceCodeHash, "tv", Now, default));
        TestData.AssertSame(pairing with { Pacing = pairing.Pacing.Accepted(Now) }, await FindAsync(store, pairing));
    }

    [Theory]
    [InlineData(3.999, false)]
    [InlineData(4, true)]
    [InlineData(-3600, true)] // the clock was set back
    public async Task A_poll_is_accepted_when_it_is_due(double seconds, bool accepted)
    {
        var (store, pairing) = await AddAsync();
        await store.TryAcceptPollAsync(pairing.DeviceCodeHash, "tv", Now, default);
        var read = await FindAsync(store, pairing);
        var attempt = await store.TryAcceptPollAsync(pairing.DeviceCodeHash, "tv", Now.AddSeconds(seconds), default);
        Assert.Equal(accepted, attempt.IsAccepted);
        if (!accepted)
        {
            TestData.AssertSame(read, attempt.Pairing);
            TestData.AssertSame(read, await FindAsync(store, pairing));
        }
    }

    [Theory]
    [InlineData(-1, true)]
    [InlineData(0, false)]
    public async Task A_poll_is_accepted_until_the_pairing_expires(int milliseconds, bool accepted)
    {
        var (store, pairing) = await AddAsync();
        var attempt = await store.TryAcceptPollAsync(pairing.DeviceCodeHash, "tv", Expiry.AddMilliseconds(milliseconds), default);
        Assert.Equal(accepted, attempt.IsAccepted);
    }

    [Theory]
    [InlineData("tv", true, true)]
    [InlineData("TV", true, false)]
    [InlineData("radio", true, false)]
    [InlineData(null, true, false)]
    [InlineData("tv", false, true)]
    [InlineData("radio", false, false)]
    [InlineData(null, false, true)]
    public async Task A_poll_is_accepted_from_the_client_that_asked(string? clientId, bool required, bool accepted)
    {
        var (store, pairing) = await AddAsync(pairing => pairing with { RequiresClientId = required });
        var attempt = await store.TryAcceptPollAsync(pairing.DeviceCodeHash, clientId, Now, default);
        Assert.Equal(accepted, attempt.IsAccepted);
        TestData.AssertSame(accepted ? null : pairing, attempt.Pairing);
        Assert.Equal(accepted, (await FindAsync(store, pairing))!.Pacing != pairing.Pacing);
    }

    [Theory]
    [InlineData(PairingStatus.Approved)]
    [InlineData(PairingStatus.Denied)]
    [InlineData(PairingStatus.Redeemed)]
    [InlineData(PairingStatus.Matching)]
    [InlineData(PairingStatus.Withdrawn)]
    public async Task A_poll_of_a_decided_pairing_is_not_accepted_and_gets_the_record(PairingStatus status)
    {
        var (store, pairing) = await AddAsync();
        Assert.True(await store.TryReplaceAsync(pairing with { Status = status, ApproverId = "alice", Grant = TestData.NewGrant() }, Now, default));
        var read = await FindAsync(store, pairing);
        TestData.AssertSame(PollAttempt.NotAccepted(read), await store.TryAcceptPollAsync(pairing.DeviceCodeHash, "tv", Now, default));
        TestData.AssertSame(read, await FindAsync(store, pairing));
    }

    [Fact]
    public async Task A_poll_with_an_unknown_code_finds_nothing()
    {
        var (store, pairing) = await AddAsync();
        Assert.Equal(PollAttempt.NotAccepted(null), await store.TryAcceptPollAsync(pairing.UserCodeHash, "tv", Now, default));
    }

    [Fact]
    public async Task Of_many_polls_at_once_exactly_one_is_accepted()
    {
        var (_, pairing) = await AddAsync();
        var attempts = await AtOnceAsync(32, store => store.TryAcceptPollAsync(pairing.DeviceCodeHash, "tv", Now, default));
        Assert.Single(attempts, attempt => attempt.IsAccepted);
        Assert.All(attempts.Where(attempt => !attempt.IsAccepted), attempt => Assert.Equal(Now + pairing.Pacing.Interval, attempt.Pairing!.Pacing.DueAt));
    }

    [Fact]
    public async Task Slowing_down_changes_the_pacing_alone_and_once()
    {
        var (store, pairing) = await AddAsync();
        var slower = pairing.Pacing.SlowedDown();
        Assert.True(await store.TrySlowDownAsync(pairing, slower, default));
        TestData.AssertSame(pairing with { Pacing = slower }, await FindAsync(store, pairing));
        Assert.False(await store.TrySlowDownAsync(pairing, slower.Accepted(Now).SlowedDown(), default)); // read before
        TestData.AssertSame(pairing with { Pacing = slower }, await FindAsync(store, pairing));
        Assert.False(await store.TrySlowDownAsync(TestData.NewPairing(), slower, default));
    }

    [Fact]
    public async Task Slowing_down_undoes_no_claim_that_came_between()
    {
        var (store, read) = await AddAsync();
        var claimed = read.Claim("alice", Now).Next;
        Assert.True(await store.TryReplaceAsync(claimed, Now, default));
        Assert.True(await store.TrySlowDownAsync(read, read.Pacing.SlowedDown(), default));
        TestData.AssertSame(claimed with { Version = 1, Pacing = read.Pacing.SlowedDown() }, await FindAsync(store, read));
    }

    [Theory]
    [InlineData(PairingStatus.Approved)]
    [InlineData(PairingStatus.Denied)]
    [InlineData(PairingStatus.Redeemed)]
    [InlineData(PairingStatus.Matching)]
    [InlineData(PairingStatus.Withdrawn)]
    public async Task A_decided_pairing_is_not_slowed_down(PairingStatus status)
    {
        var (store, pairing) = await AddAsync();
        Assert.True(await store.TryReplaceAsync(pairing with { Status = status, ApproverId = "alice" }, Now, default));
        var read = await FindAsync(store, pairing);
        Assert.False(await store.TrySlowDownAsync(pairing, pairing.Pacing.SlowedDown(), default)); // read while pending
        Assert.False(await store.TrySlowDownAsync(read!, pairing.Pacing.SlowedDown(), default));
        TestData.AssertSame(read, await FindAsync(store, pairing));
    }

    [Fact]
    public async Task Polls_at_the_same_time_do_not_let_a_decision_fail_or_get_lost()
    {
        var (_, pairing) = await AddAsync();
        var polls = 0;
        var results = await AtOnceAsync(32, store => Interlocked.Increment(ref polls) == 16
            ? store.TryReplaceAsync(pairing.Approve("alice", TestData.NewGrant(), Now).Next, Now, default)
            : PollOrSlowDownAsync(store, pairing));
        Assert.Single(results, true);
        Assert.Equal(PairingStatus.Approved, (await FindAsync(CreateStore(), pairing))!.Status);
    }

    private static async ValueTask<bool> PollOrSlowDownAsync(IPairingStore store, Pairing pairing)
    {
        if (await store.TryAcceptPollAsync(pairing.DeviceCodeHash, "tv", Now, default) is { Pairing: { } read })
        {
            await store.TrySlowDownAsync(read, read.Pacing.SlowedDown(), default);
        }

        return false;
    }
}
