using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Tests;

/// <summary>The flow: polls that run at the same time as other polls and as decisions.</summary>
public sealed class PollRaceTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("tv-1")]
    public async Task Of_many_polls_of_an_approved_pairing_at_once_one_is_paired(string? identifier) // ADV-11
    {
        for (var round = 0; round < 20; round++)
        {
            var flow = new TestFlow();
            flow.Store.Interleaves = flow.Devices.Interleaves = true;
            var codes = await flow.StartAsync(identifier);
            await flow.ApproveAsync(codes);
            var results = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => Task.Run(() => flow.PollAsync(codes))));
            var paired = Assert.Single(results.OfType<PollResult.Paired>());
            Assert.All(results.Where(result => result != paired), loser => Assert.Equal(new PollResult.NotPaired(PairingError.InvalidGrant), loser));
            Assert.Equal(paired.Issued.Id, Assert.Single(await flow.LiveTokensAsync()).Id);
            Assert.True(await flow.IsLiveAsync(paired.Token));
            Assert.Single(flow.DeviceIds());
        }
    }

    [Fact]
    public async Task Of_many_polls_with_one_idempotency_key_all_that_are_paired_have_the_same_token()
    {
        var flow = new TestFlow();
        flow.Store.Interleaves = flow.Devices.Interleaves = true;
        var codes = await flow.StartAsync();
        await flow.ApproveAsync(codes);
        var results = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => Task.Run(() => flow.PollAsync(codes, "key"))));
        Assert.Single(results.Cast<PollResult.Paired>().Select(paired => paired.Token.Reveal()).Distinct(StringComparer.Ordinal));
        Assert.Single(await flow.LiveTokensAsync());
    }

    [Fact]
    public async Task Polls_that_race_with_the_approval_lose_nothing_and_double_nothing()
    {
        for (var round = 0; round < 20; round++)
        {
            var flow = new TestFlow();
            flow.Store.Interleaves = flow.Devices.Interleaves = true;
            var codes = await flow.StartAsync();
            var polls = Enumerable.Range(0, 32).Select(_ => Task.Run(() => flow.PollAsync(codes))).ToArray();
            var approval = Task.Run(() => flow.ApproveAsync(codes));
            var early = (await Task.WhenAll(polls)).OfType<PollResult.Paired>().ToArray();
            var device = await approval;
            var paired = early is [var one] ? one : await flow.RedeemAsync(codes);
            Assert.InRange(early.Length, 0, 1);
            Assert.Equal([device.Id], flow.DeviceIds());
            Assert.Equal(paired.Issued.Id, Assert.Single(await flow.LiveTokensAsync()).Id);
        }
    }

    [Fact]
    public async Task Of_many_polls_of_a_pending_pairing_at_once_one_is_pending_and_the_rest_slow_down() // ADV-14
    {
        for (var round = 0; round < 20; round++)
        {
            var flow = new TestFlow();
            flow.Store.Interleaves = true;
            var codes = await flow.StartAsync();
            var results = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => flow.PollAsync(codes))));
            Assert.Single(results, new PollResult.NotPaired(PairingError.AuthorizationPending));
            Assert.Equal(19, results.Count(result => result.Equals(new PollResult.NotPaired(PairingError.SlowDown) { Interval = TimeSpan.FromSeconds(10) })));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stalled_poll_does_not_undo_an_approval_or_a_redemption(bool redeems) // ADV-13
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        await flow.PollAsync(codes);
        var pause = flow.Store.PauseBefore(nameof(IPairingStore.TrySlowDownAsync));
        var stalled = flow.PollAsync(codes);
        await pause.Reached; // read as pending and too early; its write is yet to come
        await flow.ApproveAsync(codes);
        var paired = redeems ? await flow.RedeemAsync(codes) : null;
        var before = await flow.StoredAsync(codes);
        pause.Release();
        Assert.Equal(PairingError.SlowDown, Assert.IsType<PollResult.NotPaired>(await stalled).Error);
        Assert.Equal(before, await flow.StoredAsync(codes));
        paired ??= await flow.RedeemAsync(codes);
        Assert.Equal(paired.Issued.Id, Assert.Single(await flow.LiveTokensAsync()).Id);
    }

    [Theory]
    [InlineData(nameof(IPairingStore.TryAcceptPollAsync))]
    [InlineData(nameof(IPairingStore.TryReplaceAsync))]
    public async Task A_stalled_redemption_yields_to_the_one_that_overtook_it(string member)
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        await flow.ApproveAsync(codes);
        var pause = member == nameof(IPairingStore.TryAcceptPollAsync) ? flow.Store.PauseAfter(member) : flow.Store.PauseBefore(member);
        var stalled = flow.PollAsync(codes);
        await pause.Reached;
        var paired = await flow.RedeemAsync(codes);
        pause.Release();
        Assert.Equal(new PollResult.NotPaired(PairingError.InvalidGrant), await stalled);
        Assert.Equal(paired.Issued.Id, Assert.Single(await flow.LiveTokensAsync()).Id);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stalled_poll_does_not_bring_a_revoked_token_back(bool deletesDevice)
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync("tv-1");
        await flow.ApproveAsync(codes);
        var pause = flow.Devices.PauseBefore(nameof(IDeviceRepository.TryIssueTokenAsync));
        var stalled = flow.PollAsync(codes, "key");
        await pause.Reached;
        var paired = await flow.RedeemAsync(codes, "key");
        var now = flow.Clock.GetUtcNow();
        Assert.True(deletesDevice
            ? (await flow.Devices.DeleteAsync("alice", paired.Issued.DeviceId!, now, default)).Devices == 1
            : await flow.Devices.RevokeAsync("alice", paired.Issued.Id, now));
        pause.Release();
        Assert.Equal(new PollResult.NotPaired(PairingError.InvalidGrant), await stalled);
        Assert.Empty(await flow.LiveTokensAsync());
        Assert.Equal(deletesDevice, await flow.Devices.FindAsync("alice", paired.Issued.DeviceId!, default) is null);
    }

    [Theory]
    [InlineData(nameof(IDeviceRepository.TryIssueTokenAsync), false)]
    [InlineData(nameof(IDeviceRepository.TryIssueTokenAsync), true)]
    public async Task A_redemption_that_reaches_the_store_after_the_expiry_leaves_no_live_token(string member, bool after) // ADV-20
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        await flow.ApproveAsync(codes);
        var pause = after ? flow.Devices.PauseAfter(member) : flow.Devices.PauseBefore(member);
        var poll = flow.PollAsync(codes);
        await pause.Reached;
        flow.Clock.Advance(codes.ExpiresIn);
        pause.Release();
        Assert.Equal(new PollResult.NotPaired(PairingError.ExpiredToken), await poll);
        Assert.Single(flow.Devices.Offered);
        Assert.Empty(await flow.LiveTokensAsync());
    }

    [Fact]
    public async Task A_poll_between_the_approval_and_its_registration_makes_the_same_device()
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        var pause = flow.Devices.PauseBefore(nameof(IDeviceRepository.AddOrFindAsync));
        var approval = flow.ApproveAsync(codes);
        await pause.Reached;
        var paired = await flow.RedeemAsync(codes);
        pause.Release();
        Assert.Equal(paired.Issued.DeviceId, (await approval).Id);
        Assert.Equal(PairingStatus.Redeemed, (await flow.StoredAsync(codes)).Status);
        Assert.True(await flow.IsLiveAsync(paired.Token));
    }
}
