using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Testing;

/// <summary>
/// The contract of the whole flow over a pair of stores: over HTTP, on one or two nodes in this process, whose clocks the tests move. Each test stands
/// for a fault that others had, or for an advisory. Inherit it in a sealed class of your test project.
/// </summary>
public abstract partial class PairingFlowConformance : IAsyncLifetime
{
    private static readonly string[] Read = ["read"];
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    private readonly List<PairingNode> _nodes = [];
    private readonly AccountsPolicy _accounts = new();

    /// <summary>
    /// Registers the stores, as a host does; called for each node of a test. All nodes of a test must share the same stores, which are empty when it
    /// starts. The nodes share in memory what is not registered here.
    /// </summary>
    protected abstract void AddStores(DeviceAuthorizationBuilder builder);

    /// <summary>Called before each test.</summary>
    public virtual Task InitializeAsync() => Task.CompletedTask;

    /// <summary>Ends the nodes; called after each test.</summary>
    public virtual async Task DisposeAsync()
    {
        foreach (var node in Enumerable.Reverse(_nodes)) // the first node owns what the others share
        {
            await node.DisposeAsync();
        }
    }

    // Peers: an end-to-end test of the flow.
    [Fact]
    public async Task A_device_pairs_with_one_node_its_owner_approves_at_another_and_both_know_it()
    {
        var (one, two) = await StartTwoAsync();
        var paired = Assert.IsType<DeviceAnswer.Paired>(await one.Device(identifier: "tv-1").PairAsync(async codes =>
        {
            Assert.IsType<DeviceAnswer.Pending>(await one.Device().PollAsync(codes));
            var found = Assert.IsType<ApproverAnswer.Found>(await two.Approver("alice").LookUpAsync(codes.UserCode));
            Assert.Equal("TV", found.DeviceName);
            Assert.Equal(["read", "write"], found.GrantableScopes);
            Assert.IsType<ApproverAnswer.Approved>(await two.Approver("alice").ApproveAsync(codes.UserCode, Read));
        }));
        Assert.Equal(Read, paired.Scopes);
        Assert.Equal(("alice", "alice"), (await one.WhoAsync(paired.AccessToken), await two.WhoAsync(paired.AccessToken)));
        Assert.Equal(paired.DeviceId, Assert.Single(await two.DevicesAsync("alice")).Id);

        var again = await PairAsync(two, identifier: "tv-1");
        Assert.Equal(paired.DeviceId, again.DeviceId); // the same device, with one token
        Assert.Equal((null, "alice"), (await one.WhoAsync(paired.AccessToken), await one.WhoAsync(again.AccessToken)));
    }

    // Peers: deny exists, and the device gets access_denied.
    [Fact]
    public async Task A_device_that_was_denied_hears_so_however_often_it_asks()
    {
        var (one, two) = await StartTwoAsync();
        var codes = await one.Device().StartAsync();
        Assert.IsType<ApproverAnswer.Denied>(await one.Approver("alice").DenyAsync(codes.UserCode));
        foreach (var node in new[] { one, two, one })
        {
            Assert.IsType<DeviceAnswer.Denied>(await node.Device().PollAsync(codes));
        }

        Assert.IsType<ApproverAnswer.AlreadyDecided>(await two.Approver("alice").LookUpAsync(codes.UserCode));
        Assert.Empty(await two.DevicesAsync("alice"));
    }

    // Peers: a user blocked after the approval gets no token.
    [Fact]
    public async Task A_user_who_is_locked_after_the_approval_gets_no_token()
    {
        var node = await StartAsync();
        var codes = await ApprovedAsync(node);
        _accounts.Locked.Add("alice");
        Assert.Equal(new DeviceAnswer.Refused("invalid_grant"), await node.Device().PollAsync(codes));
        Assert.Empty(await node.LiveTokensAsync("alice"));

        _accounts.Locked.Clear();
        Assert.IsType<DeviceAnswer.Paired>(await node.Device().PollAsync(codes)); // nothing was used up
    }

    // Peers: only the bound user may approve or deny, a viewer needs a session.
    [Fact]
    public async Task Who_is_not_signed_in_sees_and_decides_nothing()
    {
        var node = await StartAsync();
        var codes = await node.Device().StartAsync();
        var nobody = new ApproverSimulator(node.Http);
        var refused = new ApproverAnswer.Refused(401);
        Assert.Equal(refused, await nobody.LookUpAsync(codes.UserCode));
        Assert.Equal(refused, await nobody.ApproveAsync(codes.UserCode, Read));
        Assert.Equal(refused, await nobody.DenyAsync(codes.UserCode));
        Assert.IsType<DeviceAnswer.Pending>(await node.Device().PollAsync(codes));
    }

    // Peers: the same row.
    [Fact]
    public async Task A_code_that_a_user_entered_is_unknown_to_others_at_every_node()
    {
        var (one, two) = await StartTwoAsync();
        var codes = await one.Device().StartAsync();
        Assert.IsType<ApproverResult.Review>(await one.ClaimAsync(codes.UserCode, "alice")); // as the page does
        var bob = two.Approver("bob");
        Assert.IsType<ApproverAnswer.Unknown>(await bob.LookUpAsync(codes.UserCode));
        Assert.IsType<ApproverAnswer.Unknown>(await bob.ApproveAsync(codes.UserCode, Read));
        Assert.IsType<ApproverAnswer.Unknown>(await bob.DenyAsync(codes.UserCode));
        Assert.IsType<DeviceAnswer.Pending>(await two.Device().PollAsync(codes));
        Assert.IsType<ApproverAnswer.Approved>(await two.Approver("alice").ApproveAsync(codes.UserCode, Read));
    }

    private async Task<PairingNode> StartAsync(Action<DeviceAuthorizationOptions>? configure = null, Func<Pairing, Pairing>? adding = null)
    {
        var node = await PairingNode.StartAsync(AddStores, _nodes.FirstOrDefault(), _accounts, adding, configure);
        _nodes.Add(node);
        return node;
    }

    private async Task<(PairingNode One, PairingNode Two)> StartTwoAsync() => (await StartAsync(), await StartAsync());

    /// <summary>Moves the clocks of all nodes forward.</summary>
    private void Advance(TimeSpan by) => _nodes.ForEach(node => node.Clock.Advance(by));

    private void Advance(double seconds) => Advance(TimeSpan.FromSeconds(seconds));

    /// <summary>A pairing that alice approved.</summary>
    private static async Task<DeviceCodes> ApprovedAsync(PairingNode node, string? identifier = null)
    {
        var codes = await node.Device(identifier: identifier).StartAsync();
        Assert.IsType<ApproverAnswer.Approved>(await node.Approver("alice").ApproveAsync(codes.UserCode, Read));
        return codes;
    }

    private static async Task<DeviceAnswer.Paired> PairAsync(PairingNode node, string? identifier = null) =>
        Assert.IsType<DeviceAnswer.Paired>(await node.Device().PollAsync(await ApprovedAsync(node, identifier)));

    /// <summary>A host whose accounts can be locked.</summary>
    private sealed class AccountsPolicy : IPairingPolicy
    {
        public HashSet<string> Locked { get; } = new(StringComparer.Ordinal);

        public ValueTask<bool> IsActiveAsync(string userId, CancellationToken cancellationToken) => ValueTask.FromResult(!Locked.Contains(userId));
    }
}
