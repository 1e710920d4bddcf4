using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Tests;

/// <summary>The flow: an approver approves, then compares the number.</summary>
public sealed class NumberMatchingTests
{
    [Theory]
    [InlineData(NumberMatching.Off, ApprovalRisk.None, "Approved")]
    [InlineData(NumberMatching.Off, ApprovalRisk.MatchNumber, "Blocked")]
    [InlineData(NumberMatching.WhenRisky, ApprovalRisk.None, "Approved")]
    [InlineData(NumberMatching.WhenRisky, ApprovalRisk.Warn, "Approved")]
    [InlineData(NumberMatching.WhenRisky, ApprovalRisk.MatchNumber, "ChooseNumber")]
    [InlineData(NumberMatching.WhenRisky, ApprovalRisk.MatchNumber, "Blocked", false)]
    [InlineData(NumberMatching.Always, ApprovalRisk.None, "ChooseNumber")]
    [InlineData(NumberMatching.Always, ApprovalRisk.Warn, "ChooseNumber")]
    [InlineData(NumberMatching.Always, ApprovalRisk.StepUp, "StepUpRequired")]
    [InlineData(NumberMatching.Always, ApprovalRisk.Block, "Blocked")]
    public async Task Setting_and_policy_say_whether_a_number_is_compared(NumberMatching matching, ApprovalRisk risk, string result, bool canShow = true)
    {
        var flow = new TestFlow(options => options.NumberMatching = matching) { Policy = { Risk = risk } };
        Assert.Equal(result, (await ApproveAsync(flow, await StartAsync(flow, canShow))).Name());
    }

    [Fact]
    public async Task Where_it_is_always_compared_a_device_that_cannot_show_a_number_does_not_begin()
    {
        var flow = new TestFlow(options => options.NumberMatching = NumberMatching.Always);
        Assert.IsType<StartResult.NumberRequired>(await flow.TryStartAsync());
    }

    [Fact]
    public async Task A_pairing_that_began_before_the_setting_changed_is_stopped_if_its_device_cannot_show_a_number()
    {
        var before = new TestFlow();
        var codes = await StartAsync(before, canShow: false);
        var after = new TestFlow(options => options.NumberMatching = NumberMatching.Always);
        await after.Store.TryAddAsync(await before.StoredAsync(codes), default);
        Assert.Equal(ApprovalRisk.Block, Assert.IsType<ApproverResult.Review>(await after.ClaimAsync(codes)).Risk);
        Assert.Equal(new ApproverResult.Refused(ApproverRefusal.Blocked), await ApproveAsync(after, codes));
    }

    [Fact]
    public async Task The_same_three_numbers_are_shown_however_often_one_looks_and_only_to_who_approved()
    {
        var (flow, codes, numbers) = await MatchingAsync();
        for (var look = 0; look < 3; look++)
        {
            Assert.Equal(numbers, Assert.IsType<ApproverResult.ChooseNumber>(await flow.ClaimAsync(codes)).Numbers);
        }

        Assert.Equal(PairingStatus.Matching, Assert.IsType<ApproverResult.AlreadyDecided>(await ApproveAsync(flow, codes)).Pairing.Status); // in a second tab
        Assert.Equal(new ApproverResult.Refused(ApproverRefusal.NotFound), await flow.ClaimAsync(codes, "bob"));
        Assert.Equal(new ApproverResult.Refused(ApproverRefusal.NotFound), await flow.DenyAsync(codes, "bob"));
        Assert.Equal(numbers, Assert.IsType<ApproverResult.ChooseNumber>(await flow.ClaimAsync(codes)).Numbers);
    }

    [Fact]
    public async Task Nothing_is_registered_and_nothing_fetched_before_the_number_was_chosen()
    {
        var (flow, codes, _) = await MatchingAsync();
        for (var poll = 0; poll < 200; poll++) // more than the service tries again
        {
            Assert.Equal(PairingError.AuthorizationPending, await flow.RefusedAsync(codes));
        }

        Assert.Empty(flow.Devices.Registered);
        await flow.Approver.ChooseNumberAsync(codes.UserCode, new Approver("alice"), await ShownAsync(flow, codes));
        Assert.Single(flow.DeviceIds());
        await flow.RedeemAsync(codes);
    }

    [Theory]
    [InlineData("radio")]
    [InlineData(null)]
    public async Task Another_client_is_shown_no_number(string? clientId)
    {
        var (flow, codes, _) = await MatchingAsync();
        Assert.Equal(new PollResult.NotPaired(PairingError.InvalidGrant), await flow.PollAsync(codes, clientId: clientId));
    }

    [Fact]
    public async Task None_of_the_numbers_is_a_denial()
    {
        var (flow, codes, _) = await MatchingAsync();
        Assert.IsType<ApproverResult.Denied>(await flow.DenyAsync(codes));
        Assert.Equal(PairingError.AccessDenied, await flow.RefusedAsync(codes));
        Assert.Null((await flow.StoredAsync(codes)).Grant);
    }

    [Fact]
    public async Task A_pairing_that_nobody_approved_cannot_be_matched()
    {
        var flow = new TestFlow(options => options.NumberMatching = NumberMatching.Always);
        var codes = await StartAsync(flow);
        var pending = await flow.StoredAsync(codes);
        for (var number = 0; number < 100; number++)
        {
            Assert.Equal(new ApproverResult.Refused(ApproverRefusal.NotFound), await flow.Approver.ChooseNumberAsync(codes.UserCode, new Approver("alice"), number));
        }

        Assert.Equal(pending, await flow.StoredAsync(codes));
    }

    [Theory]
    [InlineData(29.999, true)]
    [InlineData(30, false)]
    public async Task The_time_to_redeem_begins_when_the_number_was_chosen(double seconds, bool paired)
    {
        var (flow, codes, _) = await MatchingAsync();
        Assert.Equal(codes.ExpiresIn, (await flow.StoredAsync(codes)).ExpiresAt - flow.Clock.GetUtcNow()); // none was given yet
        flow.Clock.Advance(codes.ExpiresIn - TimeSpan.FromMilliseconds(1));
        Assert.IsType<ApproverResult.Approved>(
            await flow.Approver.ChooseNumberAsync(codes.UserCode, new Approver("alice"), await ShownAsync(flow, codes)));
        flow.Clock.Advance(TimeSpan.FromSeconds(seconds));
        Assert.IsType(paired ? typeof(PollResult.Paired) : typeof(PollResult.NotPaired), await flow.PollAsync(codes));
    }

    [Fact]
    public async Task Whoever_waits_for_a_number_has_a_place_in_a_full_store()
    {
        var flow = new TestFlow(options => (options.NumberMatching, options.MaxLivePairings) = (NumberMatching.Always, 1));
        var codes = await StartAsync(flow);
        Assert.IsType<ApproverResult.ChooseNumber>(await ApproveAsync(flow, codes));
        flow.Clock.Advance(TimeSpan.FromMinutes(2)); // the store sweeps
        Assert.IsType<StartResult.Unavailable>(await flow.TryStartAsync(canShowNumber: true));
        Assert.Equal(PairingStatus.Matching, (await flow.StoredAsync(codes)).Status);
    }

    [Fact]
    public void Of_three_numbers_nothing_says_which_it_is()
    {
        var all = Enumerable.Range(11, 89).Where(number => number % 10 != 0).ToArray();
        Assert.Equal(81, all.Length);
        Assert.All(all, number =>
        {
            var choices = MatchNumber.Choices(number);
            Assert.Equal(choices.Order(), choices);
            Assert.Contains(number, choices);
            Assert.Equal([3, 3], new[] { choices.Select(choice => choice / 10), choices.Select(choice => choice % 10) }.Select(digits => digits.Distinct().Count()));
            Assert.All(choices, other => Assert.Equal(choices, MatchNumber.Choices(other))); // whichever it were, they would be the same
        });
        Assert.All(Enumerable.Range(0, 1000), _ => Assert.Contains(MatchNumber.New(), all));
        Assert.Equal(81, Enumerable.Range(0, 10_000).Select(_ => MatchNumber.New()).Distinct().Count());
    }

    [Theory]
    [InlineData("42", 42)]
    [InlineData("11", 11)]
    [InlineData("99", 99)]
    [InlineData("40", null)]
    [InlineData("04", null)]
    [InlineData("4", null)]
    [InlineData("042", null)]
    [InlineData(" 42", null)]
    [InlineData("-4", null)]
    [InlineData("٤٢", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void A_number_has_two_digits_from_1_to_9(string? text, int? number) => Assert.Equal(number, MatchNumber.Read(text));

    private static async Task<(TestFlow Flow, StartResult.Started Codes, IReadOnlyList<int> Numbers)> MatchingAsync()
    {
        var flow = new TestFlow(options => options.NumberMatching = NumberMatching.Always);
        var codes = await StartAsync(flow);
        return (flow, codes, Assert.IsType<ApproverResult.ChooseNumber>(await ApproveAsync(flow, codes)).Numbers);
    }

    private static async Task<StartResult.Started> StartAsync(TestFlow flow, bool canShow = true) =>
        Assert.IsType<StartResult.Started>(await flow.TryStartAsync(canShowNumber: canShow));

    private static Task<ApproverResult> ApproveAsync(TestFlow flow, StartResult.Started codes) =>
        flow.Approver.ApproveAsync(codes.UserCode, new Approver("alice"), new Approval { Scopes = ["read"], SupportsNumberMatching = true });

    private static async Task<int> ShownAsync(TestFlow flow, StartResult.Started codes) =>
        Assert.IsType<PollResult.NotPaired>(await flow.PollAsync(codes)).MatchNumber!.Value;
}
