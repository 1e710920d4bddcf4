namespace DeviceAuthorization.Testing;

/// <summary>How fast a device may poll, and how long.</summary>
public abstract partial class PairingFlowConformance
{
    // Peers: the first poll right after init is not throttled, nor is a poller at the advertised pace with jitter and truncated seconds.
    [Fact]
    public async Task A_poller_at_about_the_advertised_pace_is_never_slowed_down()
    {
        var (one, two) = await StartTwoAsync();
        var codes = await one.Device().StartAsync();
        Assert.IsType<DeviceAnswer.Pending>(await two.Device().PollAsync(codes));
        foreach (var seconds in new[] { 5.5, 4.5, 4.1, 5.9, 4, 4, 5, 4.001 })
        {
            Advance(seconds);
            Assert.IsType<DeviceAnswer.Pending>(await one.Device().PollAsync(codes));
        }
    }

    // Peers: a too-fast poller recovers within one interval after slowing down.
    [Fact]
    public async Task A_poller_that_was_too_fast_recovers_within_one_interval()
    {
        var node = await StartAsync();
        var (device, slowDown) = (node.Device(), new DeviceAnswer.SlowDown(TimeSpan.FromSeconds(10)));
        var codes = await device.StartAsync();
        Assert.IsType<DeviceAnswer.Pending>(await device.PollAsync(codes));
        foreach (var seconds in new[] { 1, 1, 1 })
        {
            Advance(seconds);
            Assert.Equal(slowDown, await device.PollAsync(codes)); // longer only once, and not counted from the refused polls
        }

        Advance(7);
        Assert.IsType<DeviceAnswer.Pending>(await device.PollAsync(codes));
        Advance(10);
        Assert.IsType<DeviceAnswer.Pending>(await device.PollAsync(codes));
    }

    // Peers: the throttle never hides access_denied, expired_token or an approved grant.
    [Theory]
    [InlineData(nameof(DeviceAnswer.Paired))]
    [InlineData(nameof(DeviceAnswer.Denied))]
    [InlineData(nameof(DeviceAnswer.Expired))]
    public async Task A_poller_that_was_too_fast_hears_the_outcome_at_once(string outcome)
    {
        var node = await StartAsync();
        var (device, alice) = (node.Device(), node.Approver("alice"));
        var codes = await device.StartAsync();
        Advance(Lifetime - TimeSpan.FromSeconds(1));
        Assert.IsType<DeviceAnswer.Pending>(await device.PollAsync(codes));
        Assert.IsType<DeviceAnswer.SlowDown>(await device.PollAsync(codes));
        switch (outcome)
        {
            case nameof(DeviceAnswer.Paired):
                await alice.ApproveAsync(codes.UserCode, Read);
                break;
            case nameof(DeviceAnswer.Denied):
                await alice.DenyAsync(codes.UserCode);
                break;
            default:
                Advance(1);
                break;
        }

        Assert.Equal(outcome, (await device.PollAsync(codes)).GetType().Name);
    }

    // Peers: the advertised interval is the enforced one. The host sets it; clients have none of their own.
    [Theory]
    [InlineData(5.999, false)]
    [InlineData(6, true)] // a second early is within the tolerance
    public async Task The_advertised_interval_is_the_enforced_one(double seconds, bool accepted)
    {
        var node = await StartAsync(options => options.PollingInterval = TimeSpan.FromSeconds(7));
        var device = node.Device();
        var codes = await device.StartAsync();
        Assert.Equal(7, codes.Interval);
        Assert.IsType<DeviceAnswer.Pending>(await device.PollAsync(codes));
        Advance(seconds);
        var answer = await device.PollAsync(codes);
        Assert.Equal(accepted ? new DeviceAnswer.Pending() : new DeviceAnswer.SlowDown(TimeSpan.FromSeconds(12)), answer);
        Advance(accepted ? 6 : 11 - seconds); // and so is the interval that slow_down names
        Assert.IsType<DeviceAnswer.Pending>(await device.PollAsync(codes));
    }

    // Peers: pacing holds across nodes.
    [Fact]
    public async Task Polling_two_nodes_in_turn_is_polling_too_fast()
    {
        var (one, two) = await StartTwoAsync();
        var codes = await one.Device().StartAsync();
        Assert.IsType<DeviceAnswer.Pending>(await one.Device().PollAsync(codes));
        Advance(3);
        Assert.Equal(new DeviceAnswer.SlowDown(TimeSpan.FromSeconds(10)), await two.Device().PollAsync(codes));
        Advance(2);
        Assert.Equal(new DeviceAnswer.SlowDown(TimeSpan.FromSeconds(10)), await one.Device().PollAsync(codes));
    }

    // ADV-14: parallel polls all passed the pacing check.
    [Fact]
    public async Task Of_20_polls_at_once_one_is_in_order_and_the_others_are_too_fast()
    {
        var (one, two) = await StartTwoAsync();
        var codes = await one.Device().StartAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(poll => Task.Run(() => (poll % 2 == 0 ? one : two).Device().PollAsync(codes))));
        Assert.Single(answers, answer => answer is DeviceAnswer.Pending);
        Assert.Equal(19, answers.Count(answer => answer == new DeviceAnswer.SlowDown(TimeSpan.FromSeconds(10))));
    }

    // Peers: polling never extends a lifetime.
    [Fact]
    public async Task Polling_extends_no_lifetime()
    {
        var node = await StartAsync(options => options.PairingLifetime = TimeSpan.FromMinutes(1));
        var codes = await node.Device().StartAsync();
        for (var seconds = 0; seconds < 60; seconds += 5)
        {
            Assert.IsType<DeviceAnswer.Pending>(await node.Device().PollAsync(codes));
            Advance(5);
        }

        Assert.IsType<DeviceAnswer.Expired>(await node.Device().PollAsync(codes));
        Assert.IsType<ApproverAnswer.Unknown>(await node.Approver("alice").LookUpAsync(codes.UserCode));
    }

    // Peers: the wrong client with a right code cannot harm the rightful device.
    [Fact]
    public async Task Another_client_with_the_right_code_gets_nothing_and_spoils_nothing()
    {
        var node = await StartAsync();
        var (device, thief, refused) = (node.Device(), node.Device(clientId: "radio"), new DeviceAnswer.Refused("invalid_grant"));
        var codes = await device.StartAsync();
        Assert.Equal(refused, await thief.PollAsync(codes));
        Assert.IsType<DeviceAnswer.Pending>(await device.PollAsync(codes)); // its first poll, not throttled yet
        Assert.IsType<ApproverAnswer.Approved>(await node.Approver("alice").ApproveAsync(codes.UserCode, Read));
        Assert.Equal(refused, await thief.PollAsync(codes));
        var paired = Assert.IsType<DeviceAnswer.Paired>(await device.PollAsync(codes));
        Advance(Pairing.RedeliveryWindow);
        Assert.Equal(refused, await thief.PollAsync(codes)); // and the token is not revoked, as a replay would
        Assert.Equal("alice", await node.WhoAsync(paired.AccessToken));
    }
}
