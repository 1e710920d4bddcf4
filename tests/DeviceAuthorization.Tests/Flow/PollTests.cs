using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Tests;

/// <summary>The flow: a device polls and redeems, one poll at a time.</summary>
public sealed class PollTests
{
    [Fact]
    public async Task An_approved_pairing_is_redeemed_at_once_inside_the_polling_interval() // bad input 65
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        Assert.Equal(PairingError.AuthorizationPending, await flow.RefusedAsync(codes));
        await flow.ApproveAsync(codes);
        var paired = await flow.RedeemAsync(codes);
        var stored = (await flow.Devices.FindTokenAsync(paired.Token.Hash(), default))!;
        TestData.AssertSame(paired.Issued, stored.Token);
        Assert.Equal(("alice", stored.Device!.Id), (stored.Token.UserId, stored.Token.DeviceId));
        Assert.Equal(flow.Clock.GetUtcNow() + TimeSpan.FromDays(90), stored.Token.ExpiresAt);
    }

    [Fact]
    public async Task Polling_too_early_answers_slow_down_with_the_new_interval()
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        Assert.Null(Assert.IsType<PollResult.NotPaired>(await flow.PollAsync(codes)).Interval);
        Assert.Equal(new PollResult.NotPaired(PairingError.SlowDown) { Interval = TimeSpan.FromSeconds(10) }, await flow.PollAsync(codes));
        flow.Clock.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(new PollResult.NotPaired(PairingError.SlowDown) { Interval = TimeSpan.FromSeconds(10) }, await flow.PollAsync(codes));
        flow.Clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(PairingError.AuthorizationPending, await flow.RefusedAsync(codes));
    }

    [Fact]
    public async Task Another_client_sees_an_unknown_code_and_changes_nothing() // ADV-01, bad input 57
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        var before = await flow.StoredAsync(codes);
        foreach (var client in new[] { "radio", "TV", "", null })
        {
            Assert.Equal(PairingError.InvalidGrant, await flow.RefusedAsync(codes, clientId: client));
        }

        Assert.Equal(before, await flow.StoredAsync(codes));
        await flow.ApproveAsync(codes);
        Assert.Equal(PairingError.InvalidGrant, await flow.RefusedAsync(codes, clientId: "radio"));
        await flow.RedeemAsync(codes);
    }

    [Fact]
    public async Task An_unknown_device_code_is_invalid()
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        Assert.Equal(new PollResult.NotPaired(PairingError.InvalidGrant) { IsUnknownCode = true }, await flow.Device.PollAsync(new PollRequest { DeviceCode = DeviceCode.New(), ClientId = "tv" }));
        Assert.Equal(PairingError.AuthorizationPending, await flow.RefusedAsync(codes));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_unredeemed_pairing_expires_and_is_forgotten_later(bool approved) // ADV-19, bad inputs 67 and 68
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        if (approved)
        {
            await flow.ApproveAsync(codes);
        }

        flow.Clock.Advance(codes.ExpiresIn);
        Assert.Equal(PairingError.ExpiredToken, await flow.RefusedAsync(codes));
        flow.Clock.Advance(Pairing.Retention - TimeSpan.FromMilliseconds(1));
        Assert.Equal(PairingError.ExpiredToken, await flow.RefusedAsync(codes));
        flow.Clock.Advance(TimeSpan.FromMinutes(2)); // past retention, and a sweep
        Assert.Equal(PairingError.InvalidGrant, await flow.RefusedAsync(codes));
        Assert.Empty(flow.Devices.Offered);
    }

    [Fact]
    public async Task Without_an_idempotency_key_a_token_is_fetched_once() // ADV-25
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        await flow.ApproveAsync(codes);
        var paired = await flow.RedeemAsync(codes);
        Assert.Equal(PairingError.InvalidGrant, await flow.RefusedAsync(codes));
        Assert.Equal(PairingError.InvalidGrant, await flow.RefusedAsync(codes, "a key"));
        Assert.True(await flow.IsLiveAsync(paired.Token));
    }

    [Fact]
    public async Task With_the_same_idempotency_key_the_same_token_is_fetched_again()
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        await flow.ApproveAsync(codes);
        var paired = await flow.RedeemAsync(codes, "key");
        flow.Clock.Advance(TimeSpan.FromSeconds(59.999));
        var again = await flow.RedeemAsync(codes, "key");
        Assert.Equal(paired.Token.Reveal(), again.Token.Reveal());
        TestData.AssertSame(paired.Issued, again.Issued);
        Assert.Equal(PairingError.InvalidGrant, await flow.RefusedAsync(codes, "other key"));
        Assert.Equal(PairingError.InvalidGrant, await flow.RefusedAsync(codes));
        Assert.Equal(PairingError.InvalidGrant, await flow.RefusedAsync(codes, "key", "radio"));
        Assert.True(await flow.IsLiveAsync(paired.Token));
        flow.Clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(PairingError.InvalidGrant, await flow.RefusedAsync(codes, "key"));
    }

    [Fact]
    public async Task A_token_that_was_used_is_not_fetched_again()
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        await flow.ApproveAsync(codes);
        var paired = await flow.RedeemAsync(codes, "key");
        await flow.Devices.TouchAsync(paired.Issued.Id, flow.Clock.GetUtcNow(), TimeSpan.FromMinutes(5), default);
        Assert.Equal(PairingError.InvalidGrant, await flow.RefusedAsync(codes, "key"));
        Assert.True(await flow.IsLiveAsync(paired.Token));
    }

    [Theory]
    [InlineData(59.999, "tv", true)]
    [InlineData(60, "tv", false)]
    [InlineData(60, "radio", true)] // ADV-39: another client revokes nothing
    [InlineData(60, null, true)]
    public async Task A_code_replayed_after_a_minute_revokes_the_token_of_its_pairing_only(double seconds, string? client, bool live) // T-07
    {
        var flow = new TestFlow();
        var other = await flow.PairAsync();
        var codes = await flow.StartAsync();
        await flow.ApproveAsync(codes);
        var paired = await flow.RedeemAsync(codes);
        flow.Clock.Advance(TimeSpan.FromSeconds(seconds));
        Assert.Equal(PairingError.InvalidGrant, await flow.RefusedAsync(codes, clientId: client));
        Assert.Equal(live, await flow.IsLiveAsync(paired.Token));
        Assert.True(await flow.IsLiveAsync(other.Token));
    }

    [Fact]
    public async Task A_replay_revokes_nothing_when_the_host_says_so()
    {
        var flow = new TestFlow(options => options.RevokeOnReplay = false);
        var codes = await flow.StartAsync();
        await flow.ApproveAsync(codes);
        var paired = await flow.RedeemAsync(codes);
        flow.Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(PairingError.InvalidGrant, await flow.RefusedAsync(codes));
        Assert.True(await flow.IsLiveAsync(paired.Token));
    }

    [Fact]
    public async Task An_account_that_was_locked_after_the_approval_gets_no_token() // ADV-02 b
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        await flow.ApproveAsync(codes);
        flow.Policy.IsActive = false;
        Assert.Equal(PairingError.InvalidGrant, await flow.RefusedAsync(codes));
        Assert.Empty(flow.Devices.Offered);
    }

    [Theory]
    [InlineData("write", "write")]
    [InlineData("write admin", "write")]
    [InlineData("", null)]
    [InlineData("admin", null)]
    public async Task Rights_lost_after_the_approval_are_not_in_the_token(string left, string? scopes) // T-28
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        await flow.ApproveAsync(codes);
        flow.Policy.Scopes = left.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var result = await flow.PollAsync(codes);
        Assert.Equal(scopes, result is PollResult.Paired paired ? string.Join(' ', paired.Issued.Scopes) : null);
        Assert.Equal(scopes is null, result is PollResult.NotPaired { Error: PairingError.InvalidGrant });
    }

    [Theory]
    [InlineData(null, "Telly")]
    [InlineData("Den", "Den")]
    public async Task The_token_has_the_name_that_the_device_has_after_pairing_again(string? name, string expected)
    {
        foreach (var fails in new[] { false, true })
        {
            var flow = new TestFlow();
            var first = await flow.StartAsync("tv-1");
            await flow.ApproveAsync(first, name: "Telly");
            Assert.Equal("Telly", (await flow.RedeemAsync(first)).Issued.Name);
            var second = await flow.StartAsync("tv-1", "Named by itself");
            if (fails)
            {
                flow.Devices.FailBefore(nameof(IDeviceRepository.AddOrFindAsync)); // the next poll registers it instead
                await Assert.ThrowsAsync<IOException>(() => flow.ApproveAsync(second, name: name));
            }
            else
            {
                await flow.ApproveAsync(second, name: name);
            }

            var issued = (await flow.RedeemAsync(second)).Issued;
            Assert.Equal((expected, expected), (issued.Name, (await flow.Devices.FindAsync("alice", issued.DeviceId!, default))!.Name));
        }
    }

    [Fact]
    public async Task The_token_of_a_new_device_has_its_name()
    {
        var flow = new TestFlow();
        Assert.Equal("TV", (await flow.PairAsync()).Issued.Name);
        var codes = await flow.StartAsync();
        await flow.ApproveAsync(codes, name: "Den");
        Assert.Equal("Den", (await flow.RedeemAsync(codes)).Issued.Name);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_token_that_was_regenerated_is_not_fetched_again(bool isRedeemed)
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        await flow.ApproveAsync(codes);
        if (isRedeemed)
        {
            await flow.RedeemAsync(codes, "key");
        }
        else
        {
            flow.Devices.FailAfter(nameof(IDeviceRepository.TryIssueTokenAsync)); // issued, and the device was not told
            await Assert.ThrowsAsync<IOException>(() => flow.PollAsync(codes, "key"));
        }

        var renewed = Assert.Single(await flow.LiveTokensAsync()) with { Hash = DeviceToken.New("da_").Hash() };
        Assert.True(await flow.Devices.TryReplaceTokenAsync(renewed, default));
        Assert.Equal(PairingError.InvalidGrant, await flow.RefusedAsync(codes, "key"));
        Assert.Equal(renewed.Id, (await flow.Devices.FindTokenAsync(renewed.Hash, default))?.Token.Id); // and the new secret is still good
    }
}
