using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Testing;

/// <summary>Polls that wait for the decision, and devices that give up.</summary>
public abstract partial class PairingFlowConformance
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(25);

    [Fact]
    public async Task A_held_poll_gets_the_token_of_an_approval_at_another_node()
    {
        var (one, two) = await StartTwoAsync();
        var codes = await one.Device().StartAsync();
        var poll = await HoldAsync(two, codes, () => one.Approver("alice").ApproveAsync(codes.UserCode, Read));
        Assert.Equal("alice", await one.WhoAsync(Assert.IsType<DeviceAnswer.Paired>(poll).AccessToken));
    }

    [Fact]
    public async Task A_held_poll_is_told_of_a_denial_at_another_node()
    {
        var (one, two) = await StartTwoAsync();
        var codes = await one.Device().StartAsync();
        Assert.IsType<DeviceAnswer.Denied>(await HoldAsync(two, codes, () => one.Approver("alice").DenyAsync(codes.UserCode)));
    }

    [Fact]
    public async Task A_decision_between_the_poll_and_its_hold_is_not_missed()
    {
        var node = await StartAsync();
        var codes = await node.Device().StartAsync();
        var accepted = node.Pairings.PauseAfter(nameof(IPairingStore.TryAcceptPollAsync));
        var poll = node.Device(wait: Wait).PollAsync(codes);
        await accepted.Reached;
        Assert.IsType<ApproverAnswer.Approved>(await node.Approver("alice").ApproveAsync(codes.UserCode, Read));
        accepted.Release();
        Assert.IsType<DeviceAnswer.Paired>(await poll); // the clock stands still
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_device_that_gave_up_cannot_be_approved_at_any_node_and_gets_no_token(bool approvedBefore)
    {
        var (one, two) = await StartTwoAsync();
        var codes = approvedBefore ? await ApprovedAsync(one) : await one.Device().StartAsync();
        await two.Device().WithdrawAsync(codes);
        Assert.True(await one.Approver("alice").ApproveAsync(codes.UserCode, Read) is ApproverAnswer.Unknown or ApproverAnswer.AlreadyDecided);
        Assert.Equal(new DeviceAnswer.Refused("invalid_grant"), await one.Device().PollAsync(codes));
        Assert.Empty(await two.LiveTokensAsync("alice"));
        await one.Device().WithdrawAsync(codes); // a second time changes nothing
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_a_redemption_and_a_withdrawal_at_once_one_counts_and_no_token_is_left_over(bool withdrawsFirst)
    {
        var (one, two) = await StartTwoAsync();
        var codes = await ApprovedAsync(one);
        if (withdrawsFirst)
        {
            var issued = one.Devices.PauseBefore(nameof(IDeviceRepository.TryIssueTokenAsync));
            var poll = one.Device().PollAsync(codes);
            await issued.Reached;
            await two.Device().WithdrawAsync(codes);
            issued.Release(); // issues a token that no device will ever get
            Assert.Equal(new DeviceAnswer.Refused("invalid_grant"), await poll);
            Assert.Empty(await one.LiveTokensAsync("alice"));
        }
        else
        {
            var read = two.Pairings.PauseAfter(nameof(IPairingStore.FindByDeviceCodeAsync));
            var withdrawal = two.Device().WithdrawAsync(codes);
            await read.Reached;
            var paired = Assert.IsType<DeviceAnswer.Paired>(await one.Device().PollAsync(codes));
            read.Release();
            await withdrawal;
            Assert.Equal("alice", await one.WhoAsync(paired.AccessToken)); // the device has it, and revokes it itself if it wants
        }
    }

    /// <summary>Polls, decides at another node while the poll is held, and lets the node ask its store.</summary>
    private static async Task<DeviceAnswer> HoldAsync(PairingNode node, DeviceCodes codes, Func<Task> decide)
    {
        var accepted = node.Pairings.PauseAfter(nameof(IPairingStore.TryAcceptPollAsync));
        var asked = node.Pairings.PauseBefore(nameof(IPairingStore.FindDecidedAsync));
        var poll = node.Device(wait: Wait).PollAsync(codes);
        await accepted.Reached;
        accepted.Release();
        await asked.Reached;
        await decide();
        asked.Release();
        return await poll; // the clock stands still
    }
}
