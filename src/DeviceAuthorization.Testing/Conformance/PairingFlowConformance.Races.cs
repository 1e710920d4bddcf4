using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Testing;

/// <summary>Calls between a read and a write, and calls that come late.</summary>
public abstract partial class PairingFlowConformance
{
    // Peers: two simultaneous polls of an approved code give exactly one token set. ADV-11: 64 of them over two nodes, one device record.
    [Theory]
    [InlineData(2, false)]
    [InlineData(64, false)]
    [InlineData(64, true)] // with an Idempotency-Key they may all have the same token
    public async Task Of_many_polls_at_once_one_token_comes(int polls, bool keyed)
    {
        var (one, two) = await StartTwoAsync();
        var codes = await ApprovedAsync(one, "tv-1");
        var devices = new[] { one.Device(keyed ? "key" : null), two.Device(keyed ? "key" : null) };
        var answers = await Task.WhenAll(Enumerable.Range(0, polls).Select(poll => Task.Run(() => devices[poll % 2].PollAsync(codes))));
        var paired = answers.OfType<DeviceAnswer.Paired>().ToArray();
        Assert.Equal(keyed ? polls : 1, paired.Length);
        Assert.All(answers.Except<DeviceAnswer>(paired), answer => Assert.Equal(new DeviceAnswer.Refused("invalid_grant"), answer));
        var token = Assert.Single(paired.Select(answer => answer.AccessToken).Distinct(StringComparer.Ordinal));
        Assert.Equal("alice", await two.WhoAsync(token));
        Assert.Single(await one.LiveTokensAsync("alice"));
        Assert.Single(await one.DevicesAsync("alice"));
    }

    // Peers: a poll that read "pending" must not undo an approval or denial that came between.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_poll_that_read_pending_undoes_no_decision_that_came_between(bool approves)
    {
        var (one, two) = await StartTwoAsync();
        var codes = await one.Device().StartAsync();
        Assert.IsType<DeviceAnswer.Pending>(await one.Device().PollAsync(codes));
        var pause = one.Pairings.PauseBefore(nameof(IPairingStore.TrySlowDownAsync));
        var poll = one.Device().PollAsync(codes);
        await pause.Reached;
        var alice = two.Approver("alice");
        Assert.False(await (approves ? alice.ApproveAsync(codes.UserCode, Read) : alice.DenyAsync(codes.UserCode)) is ApproverAnswer.Unknown);
        pause.Release();
        Assert.IsType<DeviceAnswer.SlowDown>(await poll);
        var answer = await one.Device().PollAsync(codes);
        Assert.True(approves ? answer is DeviceAnswer.Paired : answer is DeviceAnswer.Denied, $"{answer}");
    }

    // ADV-13: poll bookkeeping that wrote the whole record back reverted "consumed" too.
    [Fact]
    public async Task A_poll_that_read_pending_undoes_no_redemption_that_came_between()
    {
        var (one, two) = await StartTwoAsync();
        var codes = await one.Device().StartAsync();
        Assert.IsType<DeviceAnswer.Pending>(await one.Device().PollAsync(codes));
        var pause = one.Pairings.PauseBefore(nameof(IPairingStore.TrySlowDownAsync));
        var poll = one.Device().PollAsync(codes);
        await pause.Reached;
        Assert.IsType<ApproverAnswer.Approved>(await two.Approver("alice").ApproveAsync(codes.UserCode, Read));
        var paired = Assert.IsType<DeviceAnswer.Paired>(await two.Device().PollAsync(codes));
        pause.Release();
        Assert.IsType<DeviceAnswer.SlowDown>(await poll);
        Assert.Equal(new DeviceAnswer.Refused("invalid_grant"), await one.Device().PollAsync(codes));
        Assert.Equal("alice", await one.WhoAsync(paired.AccessToken));
    }

    // Peers: a late or duplicate approval must not revive a redeemed, denied or expired request.
    [Theory]
    [InlineData(nameof(DeviceAnswer.Paired))]
    [InlineData(nameof(DeviceAnswer.Denied))]
    [InlineData(nameof(DeviceAnswer.Expired))]
    public async Task A_late_approval_revives_nothing(string ending)
    {
        var node = await StartAsync();
        var (device, alice) = (node.Device(), node.Approver("alice"));
        var codes = ending == nameof(DeviceAnswer.Paired) ? await ApprovedAsync(node) : await device.StartAsync();
        if (ending == nameof(DeviceAnswer.Denied))
        {
            await alice.DenyAsync(codes.UserCode);
        }
        else if (ending == nameof(DeviceAnswer.Expired))
        {
            Advance(Lifetime);
        }

        Assert.Equal(ending, (await device.PollAsync(codes)).GetType().Name);
        var late = await alice.ApproveAsync(codes.UserCode, Read);
        Assert.True(ending == nameof(DeviceAnswer.Expired) ? late is ApproverAnswer.Unknown : late is ApproverAnswer.AlreadyDecided, $"{late}");
        Assert.IsType<ApproverAnswer.Unknown>(await node.Approver("bob").ApproveAsync(codes.UserCode, Read));
        Assert.Equal(ending == nameof(DeviceAnswer.Paired) ? nameof(DeviceAnswer.Refused) : ending, (await device.PollAsync(codes)).GetType().Name);
        Assert.Equal(ending == nameof(DeviceAnswer.Paired) ? 1 : 0, (await node.LiveTokensAsync("alice")).Count);
    }

    // ADV-12: an approval that had read earlier re-created a record that was redeemed meanwhile.
    [Fact]
    public async Task An_approval_that_read_pending_undoes_no_redemption_that_came_between()
    {
        var (one, two) = await StartTwoAsync();
        var codes = await one.Device().StartAsync();
        var pause = one.Pairings.PauseAfter(nameof(IPairingStore.FindByUserCodeAsync));
        var late = one.Approver("alice").ApproveAsync(codes.UserCode, ["read", "write"]);
        await pause.Reached;
        Assert.IsType<ApproverAnswer.Approved>(await two.Approver("alice").ApproveAsync(codes.UserCode, Read));
        var paired = Assert.IsType<DeviceAnswer.Paired>(await two.Device().PollAsync(codes));
        pause.Release();
        Assert.IsType<ApproverAnswer.AlreadyDecided>(await late);
        Assert.Equal(new DeviceAnswer.Refused("invalid_grant"), await one.Device().PollAsync(codes));
        Assert.Equal(Read, Assert.Single(await one.LiveTokensAsync("alice")).Scopes);
        Assert.Equal("alice", await one.WhoAsync(paired.AccessToken));
    }

    // Peers: of two approvals at once, one wins and the other is refused.
    [Fact]
    public async Task Of_many_approvers_at_once_one_wins_and_the_others_are_told()
    {
        var (one, two) = await StartTwoAsync();
        var codes = await one.Device().StartAsync();
        var users = Enumerable.Range(0, 16).Select(user => $"user-{user}").ToArray();
        var answers = await Task.WhenAll(users.Select((user, i) => Task.Run(() => (i % 2 == 0 ? one : two).Approver(user).ApproveAsync(codes.UserCode, Read))));
        var winner = Array.FindIndex(answers, answer => answer is ApproverAnswer.Approved);
        Assert.InRange(winner, 0, users.Length - 1);
        Assert.All(answers.Where((_, i) => i != winner), answer => Assert.IsType<ApproverAnswer.Unknown>(answer));
        var paired = Assert.IsType<DeviceAnswer.Paired>(await two.Device().PollAsync(codes));
        Assert.Equal(users[winner], await one.WhoAsync(paired.AccessToken));
        foreach (var loser in users.Where((_, i) => i != winner))
        {
            Assert.Empty(await one.DevicesAsync(loser));
        }
    }

    // T-03: approve and deny in many windows of one user.
    [Fact]
    public async Task Of_32_decisions_of_one_user_at_once_one_counts_and_the_others_hear_so()
    {
        var (one, two) = await StartTwoAsync();
        var codes = await one.Device().StartAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 32).Select(window => Task.Run(() =>
        {
            var alice = (window % 2 == 0 ? one : two).Approver("alice");
            return window % 4 < 2 ? alice.ApproveAsync(codes.UserCode, Read) : alice.DenyAsync(codes.UserCode);
        })));
        Assert.Equal(31, answers.Count(answer => answer is ApproverAnswer.AlreadyDecided));
        var approved = Assert.Single(answers, answer => answer is not ApproverAnswer.AlreadyDecided) is ApproverAnswer.Approved;
        var outcome = await two.Device().PollAsync(codes);
        Assert.True(approved ? outcome is DeviceAnswer.Paired : outcome is DeviceAnswer.Denied, $"{outcome}");
        Assert.Equal(approved ? 1 : 0, (await one.DevicesAsync("alice")).Count);
    }

    // ADV-20: the expiry was not checked again where it counts. Here: while an approver decides…
    [Fact]
    public async Task An_approval_that_read_in_time_and_writes_too_late_is_refused()
    {
        var node = await StartAsync();
        var codes = await node.Device().StartAsync();
        var pause = node.Pairings.PauseAfter(nameof(IPairingStore.FindByUserCodeAsync));
        var late = node.Approver("alice").ApproveAsync(codes.UserCode, Read);
        await pause.Reached;
        Advance(Lifetime);
        pause.Release();
        Assert.IsType<ApproverAnswer.Unknown>(await late);
        Assert.IsType<DeviceAnswer.Expired>(await node.Device().PollAsync(codes));
    }

    // … and while a device fetches its token.
    [Fact]
    public async Task A_redemption_that_read_in_time_and_writes_too_late_is_refused_and_leaves_no_token()
    {
        var node = await StartAsync();
        var codes = await ApprovedAsync(node);
        var pause = node.Devices.PauseAfter(nameof(IDeviceRepository.TryIssueTokenAsync));
        var poll = node.Device().PollAsync(codes);
        await pause.Reached;
        Advance(Lifetime);
        pause.Release();
        Assert.IsType<DeviceAnswer.Expired>(await poll);
        Assert.Empty(await node.LiveTokensAsync("alice"));
    }
}
