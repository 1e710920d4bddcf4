using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Tests;

/// <summary>A device pairs again: whether it is recognised, and what happens to its earlier tokens.</summary>
public sealed class PairAgainTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_known_identifier_is_the_same_device_and_replaces_its_token_unless_told_to_keep_it(bool replaces)
    {
        var flow = new TestFlow(options => options.ReplaceEarlierTokens = replaces);
        var first = await flow.PairAsync("tv-1");
        var codes = await flow.StartAsync("tv-1");
        var device = await flow.ApproveAsync(codes);
        Assert.Equal(first.Issued.DeviceId, device.Id);
        Assert.True(await flow.IsLiveAsync(first.Token)); // until the new one is there
        var second = await flow.RedeemAsync(codes);
        Assert.Equal(first.Issued.DeviceId, second.Issued.DeviceId);
        Assert.Equal(!replaces, await flow.IsLiveAsync(first.Token));
        Assert.True(await flow.IsLiveAsync(second.Token));
    }

    [Fact]
    public async Task Without_an_identifier_every_pairing_makes_a_device()
    {
        var flow = new TestFlow();
        var (first, second) = (await flow.PairAsync(), await flow.PairAsync());
        Assert.Equal([first.Issued.DeviceId!, second.Issued.DeviceId!], flow.DeviceIds());
        Assert.True(await flow.IsLiveAsync(first.Token));
    }

    [Fact]
    public async Task The_same_identifier_of_two_users_is_two_devices() // T-29
    {
        var flow = new TestFlow();
        var (alice, bob) = (await flow.PairAsync("tv-1", "alice"), await flow.PairAsync("tv-1", "bob"));
        Assert.Equal([alice.Issued.DeviceId!, bob.Issued.DeviceId!], flow.DeviceIds());
        Assert.True(await flow.IsLiveAsync(alice.Token));
        Assert.Null(await flow.Devices.FindAsync("bob", alice.Issued.DeviceId!, default));
    }

    [Fact]
    public async Task A_device_that_its_owner_removed_before_it_came_for_its_token_gets_none()
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync("tv-1");
        var device = await flow.ApproveAsync(codes);
        Assert.Equal(1, (await flow.Devices.DeleteAsync("alice", device.Id, flow.Clock.GetUtcNow(), default)).Devices);
        Assert.Equal(PairingError.InvalidGrant, await flow.RefusedAsync(codes));
        Assert.Null(await flow.Devices.FindAsync("alice", device.Id, default));
        Assert.Empty(await flow.LiveTokensAsync());
    }

    [Fact]
    public async Task A_revoked_token_is_not_fetched_again()
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        await flow.ApproveAsync(codes);
        var paired = await flow.RedeemAsync(codes, "key");
        Assert.True(await flow.Devices.RevokeAsync("alice", paired.Issued.Id, flow.Clock.GetUtcNow()));
        Assert.Equal(PairingError.InvalidGrant, await flow.RefusedAsync(codes, "key"));
        Assert.False(await flow.IsLiveAsync(paired.Token));
    }

    [Fact]
    public async Task Replaying_an_old_code_leaves_the_token_of_the_later_pairing_alone()
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync("tv-1");
        await flow.ApproveAsync(codes);
        await flow.RedeemAsync(codes);
        var later = await flow.PairAsync("tv-1");
        flow.Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(PairingError.InvalidGrant, await flow.RefusedAsync(codes));
        Assert.True(await flow.IsLiveAsync(later.Token));
    }
}
