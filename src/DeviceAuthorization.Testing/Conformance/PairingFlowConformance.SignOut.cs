using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Testing;

/// <summary>Users who are signed out everywhere while they pair.</summary>
public abstract partial class PairingFlowConformance
{
    [Fact]
    public async Task After_a_sign_out_no_device_calls_and_nothing_that_was_approved_before_gives_a_token()
    {
        var (one, two) = await StartTwoAsync();
        var paired = await PairAsync(one, "tv-1");
        var codes = await ApprovedAsync(one, "tv-2");
        Assert.Equal("alice", await two.WhoAsync(paired.AccessToken));

        Assert.Equal(new SignOutResult(1, 0), await two.SignOutAsync("alice"));
        Assert.Null(await one.WhoAsync(paired.AccessToken));
        Assert.Equal(new DeviceAnswer.Refused("invalid_grant"), await one.Device().PollAsync(codes));
        Assert.Equal(new DeviceAnswer.Refused("invalid_grant"), await two.Device().PollAsync(codes));
        Assert.Empty(await one.LiveTokensAsync("alice"));
        Assert.Equal(2, (await one.DevicesAsync("alice")).Count);

        var again = await PairAsync(two, "tv-1"); // what is approved from now on counts
        Assert.Equal((paired.DeviceId, "alice"), (again.DeviceId, await one.WhoAsync(again.AccessToken)));
    }

    [Fact]
    public async Task A_lost_answer_is_not_delivered_again_after_a_sign_out()
    {
        var node = await StartAsync();
        var codes = await ApprovedAsync(node);
        Assert.IsType<DeviceAnswer.Paired>(await node.Device("key").PollAsync(codes));
        await node.SignOutAsync("alice");
        Assert.Equal(new DeviceAnswer.Refused("invalid_grant"), await node.Device("key").PollAsync(codes));
    }

    // The approval is read with the number of sign-outs, so one that comes before the decision is written ends it as well.
    [Theory]
    [InlineData(nameof(IDeviceRepository.CountAsync))]
    [InlineData(nameof(IDeviceRepository.AddOrFindAsync))]
    public async Task A_sign_out_in_the_middle_of_an_approval_ends_it(string step)
    {
        var (one, two) = await StartTwoAsync();
        var codes = await one.Device().StartAsync();
        var pause = one.Devices.PauseAfter(step);
        var approval = one.Approver("alice").ApproveAsync(codes.UserCode, Read);
        await pause.Reached;
        await two.SignOutAsync("alice");
        pause.Release();
        Assert.IsType<ApproverAnswer.Approved>(await approval);
        Assert.Equal(new DeviceAnswer.Refused("invalid_grant"), await two.Device().PollAsync(codes));
        Assert.Empty(await one.LiveTokensAsync("alice"));
    }

    [Fact]
    public async Task A_sign_out_in_the_middle_of_a_redemption_leaves_no_live_token()
    {
        var (one, two) = await StartTwoAsync();
        var codes = await ApprovedAsync(one);
        var pause = one.Devices.PauseAfter(nameof(IDeviceRepository.TryIssueTokenAsync));
        var poll = one.Device().PollAsync(codes);
        await pause.Reached;
        await two.SignOutAsync("alice");
        pause.Release();
        Assert.Null(await one.WhoAsync(Assert.IsType<DeviceAnswer.Paired>(await poll).AccessToken)); // the first call shows it
    }

    [Fact]
    public async Task An_approval_whose_device_was_not_registered_registers_none_after_the_account_ended()
    {
        var (one, two) = await StartTwoAsync();
        var codes = await one.Device().StartAsync();
        one.Devices.FailBefore(nameof(IDeviceRepository.AddOrFindAsync));
        Assert.IsType<ApproverAnswer.Unavailable>(await one.Approver("alice").ApproveAsync(codes.UserCode, Read));
        await two.SignOutAsync("alice", SignOutDevices.Remove);
        Assert.Equal(new DeviceAnswer.Refused("invalid_grant"), await two.Device().PollAsync(codes));
        Assert.Empty(await one.DevicesAsync("alice"));
    }

    [Fact]
    public async Task A_sign_out_at_the_number_prompt_ends_the_approval()
    {
        var (one, two) = await StartTwoComparingAsync();
        var (codes, shown) = await MatchingAsync(one);
        await two.SignOutAsync("alice");
        Assert.IsType<ApproverResult.Approved>(await two.MatchAsync(codes.UserCode, "alice", shown));
        Assert.Equal(new DeviceAnswer.Refused("invalid_grant"), await one.Device().PollAsync(codes));
    }
}
