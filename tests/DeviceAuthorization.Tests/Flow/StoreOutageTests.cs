using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Tests;

/// <summary>The flow: a store call fails once, before or after its write took effect. It costs a retry, nothing more.</summary>
public sealed class StoreOutageTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_approval_whose_registration_failed_is_completed_by_the_next_poll(bool after) // ADV-22, T-08
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        Fail(flow.Devices, nameof(IDeviceRepository.AddOrFindAsync), after);
        await Assert.ThrowsAsync<IOException>(() => flow.DecideAsync(codes));
        Assert.Equal(PairingStatus.Approved, Assert.IsType<ApproverResult.AlreadyDecided>(await flow.DecideAsync(codes)).Pairing.Status);
        await AssertPairedOnceAsync(flow, codes);
    }

    [Fact]
    public async Task An_approval_that_did_not_reach_the_store_is_given_again()
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        flow.Store.FailBefore(nameof(IPairingStore.TryReplaceAsync));
        await Assert.ThrowsAsync<IOException>(() => flow.DecideAsync(codes));
        Assert.Equal(PairingError.AuthorizationPending, await flow.RefusedAsync(codes));
        await flow.ApproveAsync(codes);
        await AssertPairedOnceAsync(flow, codes);
    }

    [Fact]
    public async Task An_approval_that_reached_the_store_counts_although_its_answer_was_lost()
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        flow.Store.FailAfter(nameof(IPairingStore.TryReplaceAsync));
        await Assert.ThrowsAsync<IOException>(() => flow.DecideAsync(codes));
        Assert.Equal(PairingStatus.Approved, Assert.IsType<ApproverResult.AlreadyDecided>(await flow.DecideAsync(codes)).Pairing.Status);
        await AssertPairedOnceAsync(flow, codes);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_poll_that_failed_while_issuing_the_token_is_completed_by_the_next(bool after)
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        await flow.ApproveAsync(codes);
        Fail(flow.Devices, nameof(IDeviceRepository.TryIssueTokenAsync), after);
        await Assert.ThrowsAsync<IOException>(() => flow.PollAsync(codes));
        await AssertPairedOnceAsync(flow, codes);
    }

    [Fact]
    public async Task A_poll_that_failed_before_the_redemption_was_written_is_completed_by_the_next()
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        await flow.ApproveAsync(codes);
        flow.Store.FailBefore(nameof(IPairingStore.TryReplaceAsync));
        await Assert.ThrowsAsync<IOException>(() => flow.PollAsync(codes));
        await AssertPairedOnceAsync(flow, codes);
    }

    [Fact]
    public async Task A_poll_that_failed_after_the_redemption_was_written_is_repeated_by_its_idempotency_key_only()
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        await flow.ApproveAsync(codes);
        flow.Store.FailAfter(nameof(IPairingStore.TryReplaceAsync));
        await Assert.ThrowsAsync<IOException>(() => flow.PollAsync(codes, "key"));
        Assert.Equal(PairingError.InvalidGrant, await flow.RefusedAsync(codes)); // strict: for anybody without the key it is used
        await AssertPairedOnceAsync(flow, codes, "key");
    }

    [Fact]
    public async Task A_token_that_was_revoked_after_a_failed_poll_is_not_given_out_by_the_next()
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        await flow.ApproveAsync(codes);
        flow.Devices.FailAfter(nameof(IDeviceRepository.TryIssueTokenAsync));
        await Assert.ThrowsAsync<IOException>(() => flow.PollAsync(codes));
        Assert.True(await flow.Devices.RevokeAsync("alice", flow.Devices.Offered.Single().Id, flow.Clock.GetUtcNow()));
        Assert.Equal(PairingError.InvalidGrant, await flow.RefusedAsync(codes));
        Assert.Empty(await flow.LiveTokensAsync());
    }

    [Fact]
    public async Task A_poll_that_failed_while_issuing_and_never_came_back_leaves_no_live_token_behind()
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        await flow.ApproveAsync(codes);
        flow.Devices.FailAfter(nameof(IDeviceRepository.TryIssueTokenAsync));
        await Assert.ThrowsAsync<IOException>(() => flow.PollAsync(codes));
        flow.Clock.Advance(codes.ExpiresIn);
        Assert.Equal(PairingError.ExpiredToken, await flow.RefusedAsync(codes));
        Assert.Empty(await flow.LiveTokensAsync());
    }

    [Theory]
    [InlineData(nameof(IPairingStore.TryAddAsync))]
    [InlineData(nameof(IPairingStore.FindByUserCodeAsync))]
    [InlineData(nameof(IPairingStore.TryAcceptPollAsync))]
    public async Task An_outage_is_an_exception_and_never_an_answer(string member)
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        flow.Store.FailBefore(member);
        await Assert.ThrowsAsync<IOException>(async () =>
        {
            await flow.TryStartAsync();
            await flow.ClaimAsync(codes);
            await flow.PollAsync(codes);
        });
        await flow.ApproveAsync(codes);
        await AssertPairedOnceAsync(flow, codes);
    }

    private static void Fail(Interceptor store, string member, bool after)
    {
        if (after)
        {
            store.FailAfter(member);
        }
        else
        {
            store.FailBefore(member);
        }
    }

    /// <summary>The next poll pairs; there is one device and one token, and the token is the one the device got.</summary>
    private static async Task AssertPairedOnceAsync(TestFlow flow, StartResult.Started codes, string? key = null)
    {
        var paired = await flow.RedeemAsync(codes, key);
        Assert.Equal([paired.Issued.DeviceId!], flow.DeviceIds());
        Assert.Equal(paired.Issued.Id, Assert.Single(await flow.LiveTokensAsync()).Id);
        Assert.Equal(paired.Issued.Hash, paired.Token.Hash());
        Assert.NotNull(await flow.Devices.FindAsync("alice", paired.Issued.DeviceId!, default));
    }
}
