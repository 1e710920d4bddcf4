using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Limits;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Tests;

/// <summary>Signs of phishing: a code that two users enter, and a network whose codes are entered elsewhere.</summary>
public sealed class PhishingWatchTests
{
    private static readonly Approver Alice = new("alice") { Address = "203.0.113.7" };
    private static readonly Approver Bob = new("bob") { Address = "203.0.113.8" };

    [Fact]
    public async Task A_code_that_a_second_user_enters_is_told_and_goes_on()
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        await flow.ClaimAsync(codes);
        Assert.Equal(new ApproverResult.Refused(ApproverRefusal.NotFound), await flow.ClaimAsync(codes, "bob"));
        var shared = Assert.Single(flow.Events.All.OfType<PairingEvent.CodeShared>());
        Assert.Equal(("bob", "alice"), (shared.Approver.UserId, shared.Pairing.ApproverId));
        await flow.ApproveAsync(codes);
        await flow.RedeemAsync(codes);
    }

    [Fact]
    public async Task A_code_that_a_second_user_enters_after_the_first_one_left_it_is_told_too()
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        await flow.ClaimAsync(codes);
        flow.Clock.Advance(Pairing.ClaimLifetime);
        Assert.IsType<ApproverResult.Review>(await flow.ClaimAsync(codes, "bob"));
        Assert.Single(flow.Events.All.OfType<PairingEvent.CodeShared>());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Where_the_host_wants_it_such_a_code_is_void(bool afterTheClaim)
    {
        var flow = new TestFlow(options => options.VoidSuspectedPairings = true);
        var codes = await flow.StartAsync();
        await flow.ClaimAsync(codes);
        flow.Clock.Advance(afterTheClaim ? Pairing.ClaimLifetime : TimeSpan.Zero);
        Assert.Equal(new ApproverResult.Refused(ApproverRefusal.NotFound), await flow.ClaimAsync(codes, "bob"));
        Assert.Equal(new ApproverResult.Refused(ApproverRefusal.NotFound), await flow.DecideAsync(codes));
        Assert.Equal(PairingError.AccessDenied, await flow.RefusedAsync(codes));
        Assert.Single(flow.Events.All.OfType<PairingEvent.Voided>());
    }

    [Fact]
    public async Task A_mere_look_changes_nothing()
    {
        var flow = new TestFlow(options => options.VoidSuspectedPairings = true);
        var codes = await flow.StartAsync();
        await flow.ClaimAsync(codes);
        Assert.Equal(new ApproverResult.Refused(ApproverRefusal.NotFound), await flow.Approver.ReviewAsync(codes.UserCode, new Approver("bob")));
        Assert.Single(flow.Events.All.OfType<PairingEvent.CodeShared>());
        await flow.ApproveAsync(codes);
    }

    [Fact]
    public async Task While_the_number_is_compared_the_code_can_be_void()
    {
        var flow = new TestFlow(options => (options.VoidSuspectedPairings, options.NumberMatching) = (true, NumberMatching.Always));
        var codes = Assert.IsType<StartResult.Started>(await flow.Device.StartAsync(new PairingRequest
        {
            ClientId = "tv",
            Scopes = ["read"],
            Device = new ReportedDevice { Name = "TV" },
            CanShowNumber = true,
        }));
        Assert.IsType<ApproverResult.ChooseNumber>(await flow.Approver.ApproveAsync(
            codes.UserCode, new Approver("alice"), new Approval { Scopes = ["read"], SupportsNumberMatching = true }));
        Assert.Equal(new ApproverResult.Refused(ApproverRefusal.NotFound), await flow.ClaimAsync(codes, "bob"));
        Assert.Single(flow.Events.All.OfType<PairingEvent.CodeShared>());
        Assert.Equal(PairingError.AccessDenied, await flow.RefusedAsync(codes));
    }

    [Fact]
    public async Task A_claim_that_is_renewed_at_the_same_moment_does_not_save_it()
    {
        var flow = new TestFlow(options => options.VoidSuspectedPairings = true);
        var codes = await flow.StartAsync();
        await flow.ClaimAsync(codes);
        flow.Clock.Advance(Pairing.ClaimLifetime * 0.6);
        var pause = flow.Store.PauseBefore(nameof(IPairingStore.TryReplaceAsync));
        var bob = flow.ClaimAsync(codes, "bob");
        await pause.Reached;
        Assert.IsType<ApproverResult.Review>(await flow.ClaimAsync(codes)); // alice writes first
        pause.Release();
        await bob;
        Assert.Equal(PairingError.AccessDenied, await flow.RefusedAsync(codes));
    }

    [Fact]
    public async Task What_was_decided_is_never_void()
    {
        var flow = new TestFlow(options => options.VoidSuspectedPairings = true);
        var codes = await flow.StartAsync();
        await flow.ApproveAsync(codes);
        Assert.Equal(new ApproverResult.Refused(ApproverRefusal.NotFound), await flow.ClaimAsync(codes, "bob"));
        await flow.RedeemAsync(codes);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_network_whose_codes_are_entered_elsewhere_is_told_once(bool voids)
    {
        var flow = new TestFlow(options => (options.CampaignThreshold, options.VoidSuspectedPairings) = (3, voids));
        for (var pairing = 0; pairing < 6; pairing++)
        {
            var codes = await StartAsync(flow, "198.51.100.1");
            var result = await flow.Approver.EnterAsync(codes.UserCode, Alice);
            Assert.Equal(voids && pairing >= 3, result is ApproverResult.Refused { Reason: ApproverRefusal.NotFound });
        }

        Assert.Equal("198.51.100.1", Assert.Single(flow.Events.All.OfType<PairingEvent.CampaignSuspected>()).Network);

        var elsewhere = await StartAsync(flow, "198.51.100.2");
        Assert.IsType<ApproverResult.Review>(await flow.Approver.EnterAsync(elsewhere.UserCode, Bob)); // another network has nothing to do with it
    }

    [Fact]
    public async Task A_campaign_from_the_networks_of_one_IPv6_48_is_one_campaign()
    {
        var flow = new TestFlow(options => options.CampaignThreshold = 3);
        for (var pairing = 0; pairing < 4; pairing++)
        {
            var codes = await StartAsync(flow, $"2001:db8:1:{pairing}::1");
            await flow.Approver.EnterAsync(codes.UserCode, Alice with { Address = "2001:db8:2::1" });
        }

        Assert.Single(flow.Events.All.OfType<PairingEvent.CampaignSuspected>());
    }

    [Fact]
    public async Task A_decision_without_a_claim_counts_as_well()
    {
        var flow = new TestFlow(options => options.CampaignThreshold = 1);
        for (var pairing = 0; pairing < 2; pairing++)
        {
            var codes = await StartAsync(flow, "198.51.100.1");
            Assert.IsType<ApproverResult.Approved>(await flow.Approver.ApproveAsync(codes.UserCode, Alice, new Approval { Scopes = ["read"] }));
        }

        Assert.Single(flow.Events.All.OfType<PairingEvent.CampaignSuspected>());
    }

    [Fact]
    public async Task A_pairing_counts_once_however_often_it_is_tried()
    {
        var flow = new TestFlow(options => options.CampaignThreshold = 1);
        var codes = await StartAsync(flow, "198.51.100.1");
        for (var attempt = 0; attempt < 3; attempt++)
        {
            Assert.Equal(new ApproverResult.Refused(ApproverRefusal.ScopesNotGrantable), await flow.Approver.ApproveAsync(codes.UserCode, Alice, new Approval { Scopes = ["admin"] }));
        }

        Assert.Empty(flow.Events.All.OfType<PairingEvent.CampaignSuspected>());
    }

    [Theory]
    [InlineData("again")]
    [InlineData("entered")]
    [InlineData("released")]
    [InlineData("another user")]
    public async Task A_code_of_a_campaign_stays_suspected_at_every_later_try(string later)
    {
        var flow = new TestFlow(options => options.CampaignThreshold = 1);
        await flow.Approver.EnterAsync((await StartAsync(flow, "198.51.100.1")).UserCode, Bob);
        var codes = await StartAsync(flow, "198.51.100.1", canShowNumber: true);
        Assert.Equal(new ApproverResult.Refused(ApproverRefusal.NumberRequired), await ApproveWithoutNumberAsync(flow, codes, Alice));
        Assert.Equal((true, "alice"), ((await flow.StoredAsync(codes)).IsSuspected, (await flow.StoredAsync(codes)).ApproverId));
        var approver = Alice;
        switch (later)
        {
            case "entered":
                Assert.Contains(RiskReason.Suspected, Assert.IsType<ApproverResult.Review>(await flow.Approver.EnterAsync(codes.UserCode, Alice)).Reasons);
                break;
            case "released":
                await flow.Approver.ReleaseAsync(codes.UserCode, Alice);
                break;
            case "another user":
                flow.Clock.Advance(Pairing.ClaimLifetime);
                approver = Bob;
                break;
        }

        Assert.Contains(RiskReason.Suspected, Assert.IsType<ApproverResult.Review>(await flow.Approver.ReviewAsync(codes.UserCode, approver)).Reasons);
        Assert.Equal(new ApproverResult.Refused(ApproverRefusal.NumberRequired), await ApproveWithoutNumberAsync(flow, codes, approver));
        Assert.Single(flow.Events.All.OfType<PairingEvent.CampaignSuspected>());
    }

    [Fact]
    public async Task A_request_of_the_same_user_that_comes_between_does_not_lose_the_suspicion()
    {
        var flow = new TestFlow(options => options.CampaignThreshold = 1);
        await flow.Approver.EnterAsync((await StartAsync(flow, "198.51.100.1")).UserCode, Bob);
        var codes = await StartAsync(flow, "198.51.100.1", canShowNumber: true);
        var pause = flow.Store.PauseBefore(nameof(IPairingStore.TryReplaceAsync));
        var approving = ApproveWithoutNumberAsync(flow, codes, Alice);
        await pause.Reached;
        Assert.IsType<ApproverResult.Review>(await flow.Approver.EnterAsync(codes.UserCode, Alice)); // writes first
        pause.Release();
        Assert.Equal(new ApproverResult.Refused(ApproverRefusal.NumberRequired), await approving);
        Assert.True((await flow.StoredAsync(codes)).IsSuspected);
    }

    [Fact]
    public async Task An_approval_that_finds_nothing_claims_nothing()
    {
        var flow = new TestFlow();
        var codes = await StartAsync(flow, "198.51.100.1");
        Assert.Equal(new ApproverResult.Refused(ApproverRefusal.ScopesNotGrantable), await flow.Approver.ApproveAsync(codes.UserCode, Alice, new Approval { Scopes = ["admin"] }));
        Assert.Equal((false, null), ((await flow.StoredAsync(codes)).IsSuspected, (await flow.StoredAsync(codes)).ApproverId));
    }

    [Theory]
    [InlineData("203.0.113.7", 1)] // at home
    [InlineData("203.0.113.200", 1)] // perhaps, behind a carrier's NAT
    [InlineData("2001:db8::1", 1)] // perhaps: one device has IPv6, the other one has not
    [InlineData("192.168.1.5", 1)] // perhaps: the host has an address inside, too
    [InlineData("127.0.0.1", 1)] // perhaps: the device came through a proxy on this machine
    [InlineData(null, 1)] // no address is known
    [InlineData("198.51.100.1", null)] // nothing is to be counted
    public async Task Nothing_is_suspected(string? deviceAddress, int? threshold)
    {
        var flow = new TestFlow(options => options.CampaignThreshold = threshold);
        for (var pairing = 0; pairing < 3; pairing++)
        {
            var codes = await StartAsync(flow, deviceAddress);
            await flow.Approver.EnterAsync(codes.UserCode, Alice);
            await flow.Approver.ApproveAsync(codes.UserCode, Alice, new Approval { Scopes = ["read"] });
        }

        Assert.Empty(flow.Events.All.OfType<PairingEvent.CampaignSuspected>());
    }

    private static Task<ApproverResult> ApproveWithoutNumberAsync(TestFlow flow, StartResult.Started codes, Approver approver) =>
        flow.Approver.ApproveAsync(codes.UserCode, approver, new Approval { Scopes = ["read"] });

    private static async Task<StartResult.Started> StartAsync(TestFlow flow, string? address, bool canShowNumber = false) => Assert.IsType<StartResult.Started>(await flow.Device.StartAsync(
        new PairingRequest { ClientId = "tv", Scopes = ["read"], Device = new ReportedDevice { Name = "TV", Address = address }, CanShowNumber = canShowNumber }));
}
