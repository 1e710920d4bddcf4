using System.Net;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Testing;

/// <summary>Pairings that are too late, fail, get lost, or are cleaned up.</summary>
public abstract partial class PairingFlowConformance
{
    // Peers: approval of an expired code fails on the phone, not later on the device. ADV-18: an expired code was accepted at entry.
    [Theory]
    [InlineData(-1, true)]
    [InlineData(0, false)]
    [InlineData(1, false)]
    public async Task A_code_is_good_for_approvers_until_it_expires(int milliseconds, bool good)
    {
        var node = await StartAsync();
        var codes = await node.Device().StartAsync();
        Advance(Lifetime + TimeSpan.FromMilliseconds(milliseconds));
        var (found, approved) = (await node.Approver("alice").LookUpAsync(codes.UserCode), await node.Approver("alice").ApproveAsync(codes.UserCode, Read));
        Assert.True(good ? found is ApproverAnswer.Found : found is ApproverAnswer.Unknown, $"{found}");
        Assert.True(good ? approved is ApproverAnswer.Approved : approved is ApproverAnswer.Unknown, $"{approved}");
        var answer = await node.Device().PollAsync(codes);
        Assert.True(good ? answer is DeviceAnswer.Paired : answer is DeviceAnswer.Expired, $"{answer}");
    }

    // ADV-19: expiry was checked only while pending, so an approved code stayed valid for ever.
    [Fact]
    public async Task An_approved_code_expires_too()
    {
        var node = await StartAsync();
        var codes = await ApprovedAsync(node);
        Advance(Lifetime);
        Assert.IsType<DeviceAnswer.Expired>(await node.Device().PollAsync(codes));
        Advance(Pairing.Retention / 2);
        Assert.IsType<DeviceAnswer.Expired>(await node.Device().PollAsync(codes));
        Assert.Empty(await node.LiveTokensAsync("alice"));
    }

    // Peers: a code is unusable after redemption and after expiry at the token endpoint.
    [Fact]
    public async Task A_used_code_is_used_up_before_and_after_its_expiry()
    {
        var node = await StartAsync();
        var codes = await ApprovedAsync(node);
        Assert.IsType<DeviceAnswer.Paired>(await node.Device().PollAsync(codes));
        Assert.Equal(new DeviceAnswer.Refused("invalid_grant"), await node.Device().PollAsync(codes));
        Advance(Lifetime);
        Assert.Equal(new DeviceAnswer.Refused("invalid_grant"), await node.Device().PollAsync(codes));
    }

    // ADV-22: the code was consumed, then making the token failed, and the user had to start over.
    [Theory]
    [InlineData(nameof(IDeviceRepository.TryIssueTokenAsync), false)]
    [InlineData(nameof(IDeviceRepository.TryIssueTokenAsync), true)]
    [InlineData(nameof(IPairingStore.TryReplaceAsync), false)]
    [InlineData(nameof(IPairingStore.TryReplaceAsync), true)]
    public async Task When_a_store_fails_before_or_after_a_step_of_the_redemption_the_next_poll_completes_it(string step, bool after)
    {
        var (one, two) = await StartTwoAsync();
        var codes = await ApprovedAsync(one);
        var store = step == nameof(IPairingStore.TryReplaceAsync) ? one.Pairings : one.Devices;
        (after ? (Action<string>)store.FailAfter : store.FailBefore)(step);
        Assert.IsType<DeviceAnswer.Unavailable>(await one.Device("key").PollAsync(codes));
        var paired = Assert.IsType<DeviceAnswer.Paired>(await two.Device("key").PollAsync(codes));
        Assert.Equal("alice", await one.WhoAsync(paired.AccessToken));
        Assert.Single(await one.LiveTokensAsync("alice"));
        Assert.Single(await one.DevicesAsync("alice"));
    }

    // ADV-22 for the approval: the decision stands, and the device is registered when it fetches its token.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task When_the_registration_fails_the_approval_stands_and_the_device_is_registered_once(bool after)
    {
        var (one, two) = await StartTwoAsync();
        var codes = await one.Device().StartAsync();
        (after ? (Action<string>)one.Devices.FailAfter : one.Devices.FailBefore)(nameof(IDeviceRepository.AddOrFindAsync));
        Assert.IsType<ApproverAnswer.Unavailable>(await one.Approver("alice").ApproveAsync(codes.UserCode, Read));
        var paired = Assert.IsType<DeviceAnswer.Paired>(await two.Device().PollAsync(codes));
        Assert.Equal(paired.DeviceId, Assert.Single(await one.DevicesAsync("alice")).Id);
    }

    // Peers: an answer lost after the commit: the device recovers …
    [Fact]
    public async Task A_device_whose_answer_was_lost_fetches_the_same_token_again_with_its_key()
    {
        var (one, two) = await StartTwoAsync();
        var codes = await ApprovedAsync(one);
        using var drops = new AnswerDroppingHandler(answer => answer.StatusCode == HttpStatusCode.OK);
        Assert.IsType<DeviceAnswer.Unavailable>(await one.Device("key", handler: drops).PollAsync(codes));
        Assert.Equal(1, drops.Dropped);
        var issued = Assert.Single(await one.LiveTokensAsync("alice"));
        var paired = Assert.IsType<DeviceAnswer.Paired>(await two.Device("key").PollAsync(codes));
        Assert.Equal(issued.Id, Assert.Single(await one.LiveTokensAsync("alice")).Id);
        Assert.Equal("alice", await one.WhoAsync(paired.AccessToken));
        Assert.Equal(new DeviceAnswer.Refused("invalid_grant"), await two.Device("key").PollAsync(codes)); // it was used
    }

    // … or nothing stays valid.
    [Fact]
    public async Task A_token_whose_answer_was_lost_for_good_is_revoked_when_the_device_asks_again()
    {
        var node = await StartAsync();
        var codes = await ApprovedAsync(node);
        using var drops = new AnswerDroppingHandler(answer => answer.StatusCode == HttpStatusCode.OK);
        Assert.IsType<DeviceAnswer.Unavailable>(await node.Device(handler: drops).PollAsync(codes));
        Assert.Single(await node.LiveTokensAsync("alice"));
        Advance(Pairing.RedeliveryWindow);
        Assert.Equal(new DeviceAnswer.Refused("invalid_grant"), await node.Device().PollAsync(codes));
        Assert.Empty(await node.LiveTokensAsync("alice"));
    }

    // The same for the approver.
    [Fact]
    public async Task An_approver_whose_answer_was_lost_learns_that_the_approval_counts()
    {
        var node = await StartAsync();
        var codes = await node.Device().StartAsync();
        using var drops = new AnswerDroppingHandler(_ => true);
        Assert.IsType<ApproverAnswer.Unavailable>(await node.Approver("alice", drops).ApproveAsync(codes.UserCode, Read));
        Assert.IsType<ApproverAnswer.AlreadyDecided>(await node.Approver("alice").ApproveAsync(codes.UserCode, Read));
        Assert.IsType<DeviceAnswer.Paired>(await node.Device().PollAsync(codes));
    }

    // Peers: clean-up covers the whole table and keeps records for a set time. The host decides that only one node does it.
    [Fact]
    public async Task What_happened_is_known_for_the_time_of_retention_and_then_all_of_it_goes()
    {
        var (one, two) = await StartTwoAsync();
        var (open, denied, redeemed) = (await one.Device().StartAsync(), await one.Device().StartAsync(), await ApprovedAsync(one));
        await one.Approver("alice").DenyAsync(denied.UserCode);
        await one.Device().PollAsync(redeemed);
        Advance(Lifetime + Pairing.Retention - TimeSpan.FromMilliseconds(1));
        Assert.Equal(0, await one.RemoveExpiredAsync(one.Clock.GetUtcNow() - Pairing.Retention));
        Assert.IsType<DeviceAnswer.Expired>(await two.Device().PollAsync(open));
        Assert.Equal(new DeviceAnswer.Refused("invalid_grant"), await two.Device().PollAsync(redeemed));
        Assert.IsType<ApproverAnswer.AlreadyDecided>(await two.Approver("alice").LookUpAsync(redeemed.UserCode));
        Assert.IsType<ApproverAnswer.AlreadyDecided>(await two.Approver("alice").LookUpAsync(denied.UserCode));

        Advance(TimeSpan.FromMilliseconds(2));
        var before = one.Clock.GetUtcNow() - Pairing.Retention;
        var removed = await Task.WhenAll(one.RemoveExpiredAsync(before), two.RemoveExpiredAsync(before));
        Assert.InRange(removed.Sum(), 0, 3); // at most those that exist; fewer where a store cleans up automatically
        foreach (var codes in new[] { open, denied, redeemed })
        {
            Assert.Null(await one.FindAsync(codes.UserCode));
            Assert.Equal(new DeviceAnswer.Refused("invalid_grant"), await two.Device().PollAsync(codes));
            Assert.IsType<ApproverAnswer.Unknown>(await two.Approver("alice").LookUpAsync(codes.UserCode));
        }
    }

    // ADV-21: clean-up removed approved codes: the user saw success, and the device got "expired".
    [Fact]
    public async Task Clean_up_leaves_what_was_approved_in_the_last_second_until_the_device_could_fetch_it()
    {
        var (one, two) = await StartTwoAsync();
        var codes = await one.Device().StartAsync();
        Advance(Lifetime - TimeSpan.FromSeconds(1));
        Assert.IsType<ApproverAnswer.Approved>(await one.Approver("alice").ApproveAsync(codes.UserCode, Read));
        Advance(Pairing.LeastRedeemTime - TimeSpan.FromMilliseconds(1));
        Assert.Equal(0, await two.RemoveExpiredAsync(two.Clock.GetUtcNow()));
        Assert.IsType<DeviceAnswer.Paired>(await two.Device().PollAsync(codes));
    }
}
