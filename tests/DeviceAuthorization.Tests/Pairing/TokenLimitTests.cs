using Microsoft.Extensions.Logging.Testing;

namespace DeviceAuthorization.Tests;

/// <summary>PairingService and <see cref="DeviceAuthorizationOptions.MaxTokensPerUser"/>.</summary>
public sealed class TokenLimitTests
{
    [Fact]
    public async Task Over_the_limit_a_device_hears_access_denied_and_no_token_is_issued()
    {
        var flow = new Flow(options => options.MaxTokensPerUser = 2);
        var (first, second) = (await flow.PairAsync(), await flow.PairAsync());
        var codes = await flow.StartAsync();
        await flow.ApproveAsync(codes);
        Assert.Equal(new PollResult.NotPaired(PairingError.AccessDenied), await flow.PollAsync(codes, "key"));
        Assert.Equal(PairingError.AccessDenied, await flow.RefusedAsync(codes, "key")); // nor by asking again
        Assert.Equal([first.Issued.Id, second.Issued.Id], (await flow.LiveTokensAsync()).Select(token => token.Id));
        Assert.Equal(2, (await flow.Devices.ListTokensAsync("alice", default)).Count);
        Assert.Equal(PairingStatus.Approved, (await flow.StoredAsync(codes)).Status);
    }

    [Fact]
    public async Task The_limit_is_each_users_own()
    {
        var flow = new Flow(options => options.MaxTokensPerUser = 1);
        var (alice, bob) = (await flow.PairAsync(user: "alice"), await flow.PairAsync(user: "bob"));
        Assert.True(await flow.IsLiveAsync(alice.Token));
        Assert.True(await flow.IsLiveAsync(bob.Token));
    }

    [Fact]
    public async Task Tokens_made_by_hand_count_too()
    {
        var flow = new Flow(options => options.MaxTokensPerUser = 1);
        await flow.Devices.TryIssueTokenAsync(TestData.NewUnboundToken(), new TokenIssueConditions(TestData.Start, 1, ReplacesEarlier: false), default);
        var codes = await flow.StartAsync();
        await flow.ApproveAsync(codes);
        Assert.Equal(PairingError.AccessDenied, await flow.RefusedAsync(codes));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_token_that_pairing_again_replaces_does_not_count(bool replaces)
    {
        var flow = new Flow(options => (options.MaxTokensPerUser, options.ReplaceEarlierTokens) = (1, replaces));
        var first = await flow.PairAsync("tv-1");
        var codes = await flow.StartAsync("tv-1");
        await flow.ApproveAsync(codes);
        var result = await flow.PollAsync(codes);
        Assert.Equal(replaces, result is PollResult.Paired);
        Assert.Equal(!replaces, result is PollResult.NotPaired { Error: PairingError.AccessDenied });
        Assert.Equal(!replaces, await flow.IsLiveAsync(first.Token)); // refused, and what there was still works
        Assert.Single(await flow.LiveTokensAsync());
    }

    [Theory]
    [InlineData(-1, false)]
    [InlineData(0, true)]
    public async Task An_expired_token_does_not_count(int milliseconds, bool paired)
    {
        var flow = new Flow(options => (options.MaxTokensPerUser, options.TokenLifetime) = (1, TimeSpan.FromHours(1)));
        await flow.PairAsync();
        flow.Clock.Advance(TimeSpan.FromHours(1) + TimeSpan.FromMilliseconds(milliseconds));
        var codes = await flow.StartAsync();
        await flow.ApproveAsync(codes);
        Assert.Equal(paired, await flow.PollAsync(codes) is PollResult.Paired);
    }

    [Fact]
    public async Task Once_a_token_is_revoked_the_waiting_device_gets_its_own()
    {
        var flow = new Flow(options => options.MaxTokensPerUser = 1);
        var first = await flow.PairAsync();
        var codes = await flow.StartAsync();
        await flow.ApproveAsync(codes);
        Assert.Equal(PairingError.AccessDenied, await flow.RefusedAsync(codes));
        Assert.True(await flow.Devices.RevokeAsync("alice", first.Issued.Id, flow.Clock.GetUtcNow()));
        await flow.RedeemAsync(codes);
    }

    [Fact]
    public async Task A_lost_answer_is_repeated_at_the_limit()
    {
        var flow = new Flow(options => options.MaxTokensPerUser = 1);
        var codes = await flow.StartAsync();
        await flow.ApproveAsync(codes);
        flow.Devices.FailAfter(nameof(IDeviceRepository.TryIssueTokenAsync));
        await Assert.ThrowsAsync<IOException>(() => flow.PollAsync(codes, "key"));
        var paired = await flow.RedeemAsync(codes, "key");
        Assert.Equal(paired.Token.Reveal(), (await flow.RedeemAsync(codes, "key")).Token.Reveal());
    }

    [Fact]
    public async Task However_many_devices_come_for_their_tokens_at_once_the_limit_holds()
    {
        var flow = new Flow(options => options.MaxTokensPerUser = 3);
        flow.Store.Interleaves = flow.Devices.Interleaves = true;
        var started = new List<StartResult.Started>();
        for (var i = 0; i < 16; i++)
        {
            started.Add(await flow.StartAsync());
            await flow.ApproveAsync(started[^1]);
        }

        var results = await Task.WhenAll(started.Select(codes => Task.Run(() => flow.PollAsync(codes))));
        Assert.Equal(3, results.OfType<PollResult.Paired>().Count());
        Assert.Equal(13, results.Count(result => result is PollResult.NotPaired { Error: PairingError.AccessDenied }));
        Assert.Equal(3, (await flow.LiveTokensAsync()).Count);
    }

    [Fact]
    public async Task On_the_wire_it_is_access_denied_and_the_host_is_told_why()
    {
        await using var host = await TestHost.StartAsync(options => options.MaxTokensPerUser = 1);
        await host.PairAsync();
        var codes = await host.Device().StartAsync();
        (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        using var answer = await host.Device().PollAsync(codes.DeviceCode);
        Assert.Equal(System.Net.HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("access_denied", await answer.ErrorAsync());
        Assert.Contains(host.Logs.GetSnapshot(), IsTokenLimit);
    }

    private static bool IsTokenLimit(FakeLogRecord record) =>
        record.Category == typeof(PairingService).FullName && record.Level == Microsoft.Extensions.Logging.LogLevel.Warning
        && record.Message.Contains("alice", StringComparison.Ordinal) && record.Message.Contains(" 1 ", StringComparison.Ordinal);
}
