using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Testing;

/// <summary>Number matching, as the page does it.</summary>
public abstract partial class PairingFlowConformance
{
    // Cross-device consent phishing, M-16: the sender of a code cannot use it unless the victim sees the device.
    [Fact]
    public async Task A_device_is_paired_once_its_owner_has_chosen_the_number_that_it_shows_at_whatever_node()
    {
        var (one, two) = await StartTwoComparingAsync();
        var codes = await Showing(one).StartAsync();
        var numbers = Assert.IsType<ApproverResult.ChooseNumber>(await two.ApproveComparingAsync(codes.UserCode, "alice", Read)).Numbers;
        var shown = Assert.IsType<DeviceAnswer.Pending>(await one.Device().PollAsync(codes)).MatchNumber;
        Assert.Contains(shown!.Value, numbers);
        Assert.Equal(new DeviceAnswer.Pending { MatchNumber = shown }, await two.Device().PollAsync(codes)); // at once: it writes nothing
        Assert.Equal(new DeviceAnswer.Refused("invalid_grant"), await two.Device(clientId: "radio").PollAsync(codes));
        Assert.Empty(await one.DevicesAsync("alice"));
        Assert.IsType<ApproverAnswer.Unknown>(await one.Approver("bob").LookUpAsync(codes.UserCode));
        Assert.Equal(new ApproverResult.Refused(ApproverRefusal.NotFound), await one.MatchAsync(codes.UserCode, "bob", shown.Value));

        var device = Assert.IsType<ApproverResult.Approved>(await one.MatchAsync(codes.UserCode, "alice", shown.Value)).Device;
        var paired = Assert.IsType<DeviceAnswer.Paired>(await two.Device().PollAsync(codes));
        Assert.Equal((device.Id, "alice"), (paired.DeviceId, await one.WhoAsync(paired.AccessToken)));
        Assert.Equal(PairingStatus.Redeemed, Assert.IsType<ApproverResult.AlreadyDecided>(await two.MatchAsync(codes.UserCode, "alice", shown.Value)).Pairing.Status);
    }

    [Fact]
    public async Task Another_number_denies_and_there_is_no_second_try()
    {
        var (one, two) = await StartTwoComparingAsync();
        var (codes, shown) = await MatchingAsync(one);
        Assert.IsType<ApproverResult.Denied>(await two.MatchAsync(codes.UserCode, "alice", shown + 1));
        Assert.Equal(PairingStatus.Denied, Assert.IsType<ApproverResult.AlreadyDecided>(await one.MatchAsync(codes.UserCode, "alice", shown)).Pairing.Status);
        Assert.IsType<DeviceAnswer.Denied>(await two.Device().PollAsync(codes));
        Assert.Empty(await one.DevicesAsync("alice"));
    }

    [Fact]
    public async Task Of_many_numbers_chosen_at_both_nodes_exactly_one_counts()
    {
        var (one, two) = await StartTwoComparingAsync();
        var (codes, shown) = await MatchingAsync(one);
        var results = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(
            () => (i % 2 == 0 ? one : two).MatchAsync(codes.UserCode, "alice", i % 3 == 0 ? shown : shown + 1))));
        var winner = Assert.Single(results, result => result is ApproverResult.Approved or ApproverResult.Denied);
        Assert.All(results.Where(result => result != winner), result => Assert.IsType<ApproverResult.AlreadyDecided>(result));
        var answer = await two.Device().PollAsync(codes);
        Assert.True(winner is ApproverResult.Approved ? answer is DeviceAnswer.Paired : answer is DeviceAnswer.Denied, $"{answer}");
    }

    // ADV-20 for the number: read in time, written too late.
    [Fact]
    public async Task A_number_that_reaches_the_store_after_the_expiry_does_not_count()
    {
        var (one, two) = await StartTwoComparingAsync();
        var (codes, shown) = await MatchingAsync(one);
        var pause = one.Pairings.PauseAfter(nameof(IPairingStore.FindByUserCodeAsync));
        var late = one.MatchAsync(codes.UserCode, "alice", shown);
        await pause.Reached;
        Advance(Lifetime);
        pause.Release();
        Assert.Equal(new ApproverResult.Refused(ApproverRefusal.NotFound), await late);
        Assert.IsType<DeviceAnswer.Expired>(await two.Device().PollAsync(codes));
        Assert.Empty(await one.DevicesAsync("alice"));
    }

    [Fact]
    public async Task An_approver_who_cannot_compare_changes_nothing()
    {
        var (one, two) = await StartTwoComparingAsync();
        var codes = await Showing(one).StartAsync();
        Assert.Equal(new ApproverAnswer.Refused(403), await two.Approver("alice").ApproveAsync(codes.UserCode, Read));
        Assert.Equal(new DeviceAnswer.Pending(), await one.Device().PollAsync(codes));
        Assert.Equal((PairingStatus.Pending, null), await StatusAsync(one, codes));
    }

    private static async Task<(PairingStatus Status, string? ApproverId)> StatusAsync(PairingNode node, DeviceCodes codes) =>
        await node.FindAsync(codes.UserCode) is { } pairing ? (pairing.Status, pairing.ApproverId) : default;

    private async Task<(PairingNode One, PairingNode Two)> StartTwoComparingAsync() => (await StartAsync(Always), await StartAsync(Always));

    private static void Always(DeviceAuthorizationOptions options) => options.NumberMatching = NumberMatching.Always;

    private static DeviceSimulator Showing(PairingNode node) => node.Device(showNumber: _ => { });

    /// <summary>A pairing that alice approved, and the number that its device shows.</summary>
    private static async Task<(DeviceCodes Codes, int Shown)> MatchingAsync(PairingNode node)
    {
        var codes = await Showing(node).StartAsync();
        Assert.IsType<ApproverResult.ChooseNumber>(await node.ApproveComparingAsync(codes.UserCode, "alice", Read));
        return (codes, Assert.IsType<DeviceAnswer.Pending>(await node.Device().PollAsync(codes)).MatchNumber!.Value);
    }
}
