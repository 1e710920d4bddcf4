using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Tests;

/// <summary>The flow: an approver enters a code and reviews the device.</summary>
public sealed class EnterTests
{
    [Fact]
    public async Task Inspecting_leaves_the_pairing_to_everybody_and_claiming_keeps_others_out()
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        var before = await flow.StoredAsync(codes);
        Assert.IsType<ApproverResult.Review>(await flow.Approver.ReviewAsync(codes.UserCode, new Approver("alice")));
        Assert.Equal(before, await flow.StoredAsync(codes));

        Assert.IsType<ApproverResult.Review>(await flow.ClaimAsync(codes));
        Assert.IsType<ApproverResult.Review>(await flow.ClaimAsync(codes)); // a second window
        Assert.Equal(new ApproverResult.Refused(ApproverRefusal.NotFound), await flow.ClaimAsync(codes, "bob"));
        Assert.Equal(new ApproverResult.Refused(ApproverRefusal.NotFound), await flow.Approver.ReviewAsync(codes.UserCode, new Approver("bob")));
        Assert.Equal(new ApproverResult.Refused(ApproverRefusal.NotFound), await flow.DecideAsync(codes, "bob"));
        Assert.Equal(new ApproverResult.Refused(ApproverRefusal.NotFound), await flow.DenyAsync(codes, "bob"));
        await flow.ApproveAsync(codes);
        Assert.Equal(new ApproverResult.Refused(ApproverRefusal.NotFound), await flow.ClaimAsync(codes, "bob"));
        Assert.Equal(PairingStatus.Approved, Assert.IsType<ApproverResult.AlreadyDecided>(await flow.ClaimAsync(codes)).Pairing.Status);
    }

    [Fact]
    public async Task Of_many_users_who_enter_a_code_at_once_one_holds_it()
    {
        var flow = new TestFlow();
        flow.Store.Interleaves = true;
        var codes = await flow.StartAsync();
        var results = await Task.WhenAll(Enumerable.Range(0, 32).Select(i => Task.Run(() => flow.ClaimAsync(codes, $"user-{i}"))));
        Assert.Single(results.OfType<ApproverResult.Review>());
        Assert.Equal(31, results.Count(result => result == new ApproverResult.Refused(ApproverRefusal.NotFound)));
    }

    [Theory]
    [InlineData(-1, true)]
    [InlineData(0, false)]
    public async Task A_user_code_is_unknown_from_its_expiry_on(long ticks, bool known) // ADV-18
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        flow.Clock.Advance(codes.ExpiresIn + TimeSpan.FromTicks(ticks));
        Assert.Equal(known ? "Review" : "NotFound", (await flow.ClaimAsync(codes)).Name());
        Assert.Equal(known ? "Approved" : "NotFound", (await flow.DecideAsync(codes)).Name());
    }
}
