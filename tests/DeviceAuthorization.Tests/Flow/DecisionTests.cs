using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Tests;

/// <summary>The flow: an approver approves or denies.</summary>
public sealed class DecisionTests
{
    [Fact]
    public async Task An_approval_registers_the_device_and_makes_no_token_yet() // T-02
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync("tv-1", "My TV");
        var device = await flow.ApproveAsync(codes);
        TestData.AssertSame(device, (await flow.Devices.FindAsync("alice", device.Id, default))!);
        Assert.Equal(("My TV", "tv-1", "tv"), (device.Name, device.ClientDeviceIdentifier, device.Client));
        Assert.Empty(flow.Devices.Offered);
    }

    [Fact]
    public async Task A_repeated_decision_is_told_the_first_one_and_others_are_told_nothing()
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        await flow.DenyAsync(codes);
        Assert.Equal(PairingStatus.Denied, Assert.IsType<ApproverResult.AlreadyDecided>(await flow.DecideAsync(codes)).Pairing.Status);
        Assert.Equal(PairingStatus.Denied, Assert.IsType<ApproverResult.AlreadyDecided>(await flow.DenyAsync(codes)).Pairing.Status);
        Assert.Equal(new ApproverResult.Refused(ApproverRefusal.NotFound), await flow.DecideAsync(codes, "bob"));
        Assert.Empty(flow.Devices.Registered);

        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(PairingError.AccessDenied, await flow.RefusedAsync(codes)); // bad input 66: never slow_down
        }
    }

    [Theory]
    [InlineData("read", null, null, true)]
    [InlineData("read write", null, null, true)]
    [InlineData("admin", null, null, false)] // not asked for
    [InlineData("READ", null, null, false)]
    [InlineData("", null, null, false)]
    [InlineData("write", "read", null, false)] // the account has not
    [InlineData("read", "read admin", null, true)]
    [InlineData("write", null, "read", false)] // the credential has not
    [InlineData("read", null, "read", true)]
    [InlineData("read", "write", "read", false)]
    public async Task Only_scopes_asked_for_and_held_can_be_granted(string granted, string? account, string? credential, bool ok)
    {
        var flow = new TestFlow();
        flow.Policy.Scopes = account?.Split(' ');
        var codes = await flow.StartAsync();
        var result = await flow.Approver.ApproveAsync(
            codes.UserCode, new Approver("alice", credential?.Split(' ')), new Approval { Scopes = granted.Split(' ', StringSplitOptions.RemoveEmptyEntries) });
        Assert.Equal(ok ? "Approved" : "ScopesNotGrantable", result.Name());
        if (ok)
        {
            Assert.Equal(granted, string.Join(' ', (await flow.RedeemAsync(codes)).Issued.Scopes));
        }
        else
        {
            Assert.Equal(PairingError.AuthorizationPending, await flow.RefusedAsync(codes));
        }
    }

    [Fact]
    public async Task An_inactive_account_approves_nothing() // ADV-02 a
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        flow.Policy.IsActive = false;
        Assert.Equal(new ApproverResult.Refused(ApproverRefusal.Forbidden), await flow.DecideAsync(codes));
        Assert.Equal(PairingError.AuthorizationPending, await flow.RefusedAsync(codes));
        Assert.Empty(flow.Devices.Registered);
    }

    [Fact]
    public async Task A_decision_that_reaches_the_store_after_the_expiry_does_not_count() // ADV-20
    {
        foreach (var approves in new[] { true, false })
        {
            var flow = new TestFlow();
            var codes = await flow.StartAsync();
            var read = flow.Store.PauseAfter(nameof(IPairingStore.FindByUserCodeAsync));
            var decision = approves ? flow.DecideAsync(codes) : flow.DenyAsync(codes);
            await read.Reached;
            flow.Clock.Advance(codes.ExpiresIn);
            read.Release();
            Assert.Equal(new ApproverResult.Refused(ApproverRefusal.NotFound), await decision);
            Assert.Equal(PairingStatus.Pending, (await flow.StoredAsync(codes)).Status);
            Assert.Equal(PairingError.ExpiredToken, await flow.RefusedAsync(codes));
        }
    }

    [Fact]
    public async Task A_pairing_that_expires_between_the_decision_and_its_write_is_not_decided() // ADV-20: the store's own condition
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        var pairing = await flow.StoredAsync(codes);
        var (_, approved) = pairing.Approve("alice", TestData.NewGrant(), pairing.ExpiresAt - TimeSpan.FromMilliseconds(1));
        Assert.False(await flow.Store.TryReplaceAsync(approved, pairing.ExpiresAt, default)); // although the new value lives longer
        Assert.Equal(pairing, await flow.StoredAsync(codes));
    }

    [Theory]
    [InlineData(29.999, true)]
    [InlineData(30, false)]
    public async Task A_late_approval_leaves_the_device_half_a_minute_whatever_is_cleaned_up(double seconds, bool paired) // ADV-21
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        flow.Clock.Advance(codes.ExpiresIn - TimeSpan.FromMilliseconds(1));
        await flow.ApproveAsync(codes);
        flow.Clock.Advance(TimeSpan.FromSeconds(seconds)); // the store's own sweep runs meanwhile
        await flow.Store.RemoveExpiredAsync(flow.Clock.GetUtcNow().AddTicks(-1), int.MaxValue, default);
        if (paired)
        {
            await flow.RedeemAsync(codes);
        }
        else
        {
            Assert.Equal(PairingError.ExpiredToken, await flow.RefusedAsync(codes));
        }
    }

    [Fact]
    public async Task Of_many_decisions_at_once_one_counts_and_every_loser_is_told_which() // T-03
    {
        for (var round = 0; round < 20; round++)
        {
            var flow = new TestFlow();
            flow.Store.Interleaves = flow.Devices.Interleaves = true;
            var codes = await flow.StartAsync();
            var results = await Task.WhenAll(Enumerable.Range(round, 32).Select(i => Task.Run(() => i % 2 == 0 ? flow.DecideAsync(codes) : flow.DenyAsync(codes))));
            var winner = Assert.Single(results, result => result is ApproverResult.Approved or ApproverResult.Denied);
            var status = winner is ApproverResult.Approved ? PairingStatus.Approved : PairingStatus.Denied;
            Assert.All(results.Where(result => result != winner), loser => Assert.Equal(status, Assert.IsType<ApproverResult.AlreadyDecided>(loser).Pairing.Status));
            Assert.Equal(status, (await flow.StoredAsync(codes)).Status);
            Assert.Equal(status == PairingStatus.Approved ? 1 : 0, flow.Devices.Registered.Count);
        }
    }

    [Fact]
    public async Task Of_two_users_who_decide_at_once_one_counts_and_the_other_is_told_nothing()
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        var read = flow.Store.PauseAfter(nameof(IPairingStore.FindByUserCodeAsync));
        var bob = flow.DecideAsync(codes, "bob");
        await read.Reached;
        await flow.ApproveAsync(codes, "alice");
        read.Release();
        Assert.Equal(new ApproverResult.Refused(ApproverRefusal.NotFound), await bob);
        Assert.Equal("alice", (await flow.RedeemAsync(codes)).Issued.UserId);
    }

    [Theory]
    [InlineData(nameof(IPairingStore.FindByUserCodeAsync), true)]
    [InlineData(nameof(IPairingStore.TryReplaceAsync), false)]
    public async Task A_late_decision_does_not_bring_a_redeemed_pairing_back(string member, bool after) // ADV-12
    {
        foreach (var approves in new[] { true, false })
        {
            var flow = new TestFlow();
            var codes = await flow.StartAsync();
            var pause = after ? flow.Store.PauseAfter(member) : flow.Store.PauseBefore(member);
            var late = approves ? flow.DecideAsync(codes, name: "Late") : flow.DenyAsync(codes);
            await pause.Reached;
            await flow.ApproveAsync(codes, name: "First"); // in another window
            await flow.RedeemAsync(codes);
            var redeemed = await flow.StoredAsync(codes);
            pause.Release();
            Assert.Equal(PairingStatus.Redeemed, Assert.IsType<ApproverResult.AlreadyDecided>(await late).Pairing.Status);
            Assert.Equal(redeemed, await flow.StoredAsync(codes));
            Assert.Equal("First", Assert.Single(flow.Devices.Registered).Name);
            Assert.Equal(PairingError.InvalidGrant, await flow.RefusedAsync(codes));
            Assert.Single(await flow.LiveTokensAsync());
        }
    }

    [Fact]
    public async Task A_name_of_blanks_is_no_name_and_others_are_trimmed()
    {
        var flow = new TestFlow();
        Assert.Equal("My TV", (await flow.ApproveAsync(await flow.StartAsync(name: "My TV"), name: "  ")).Name);
        Assert.Equal("Telly", (await flow.ApproveAsync(await flow.StartAsync(name: "My TV"), name: " Telly ")).Name);
    }
}
