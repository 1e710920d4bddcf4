using System.Net;
using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging.Testing;

namespace DeviceAuthorization.Tests;

/// <summary><see cref="DeviceAuthorizationOptions.MaxTokensPerUser"/>: the approver is told before anything is approved, and can make room.</summary>
public sealed class TokenLimitTests
{
    [Fact]
    public async Task At_the_limit_nothing_is_approved_and_the_approver_learns_why()
    {
        var flow = new TestFlow(options => options.MaxTokensPerUser = 2);
        var (first, second) = (await flow.PairAsync(), await flow.PairAsync());
        var codes = await flow.StartAsync();
        Assert.True(Assert.IsType<ApproverResult.Review>(await flow.ClaimAsync(codes)).IsTokenLimitReached);
        Assert.Equal(new ApproverResult.Refused(ApproverRefusal.TokenLimitReached), await flow.DecideAsync(codes));
        Assert.Equal(PairingStatus.Pending, (await flow.StoredAsync(codes)).Status);
        Assert.Equal(PairingError.AuthorizationPending, await flow.RefusedAsync(codes));
        Assert.Equal(2, flow.DeviceIds().Count);
        Assert.Equal([first.Issued.Id, second.Issued.Id], (await flow.LiveTokensAsync()).Select(token => token.Id));
        Assert.IsType<ApproverResult.Denied>(await flow.DenyAsync(codes)); // no is always possible
    }

    [Fact]
    public async Task Once_there_is_room_the_same_code_is_approved()
    {
        var flow = new TestFlow(options => options.MaxTokensPerUser = 1);
        var first = await flow.PairAsync();
        var codes = await flow.StartAsync();
        Assert.Equal(new ApproverResult.Refused(ApproverRefusal.TokenLimitReached), await flow.DecideAsync(codes));
        Assert.True(await flow.Devices.RevokeAsync("alice", first.Issued.Id, flow.Clock.GetUtcNow()));
        Assert.False(Assert.IsType<ApproverResult.Review>(await flow.ClaimAsync(codes)).IsTokenLimitReached);
        await flow.ApproveAsync(codes);
        await flow.RedeemAsync(codes);
    }

    [Fact]
    public async Task The_limit_is_each_users_own()
    {
        var flow = new TestFlow(options => options.MaxTokensPerUser = 1);
        var (alice, bob) = (await flow.PairAsync(user: "alice"), await flow.PairAsync(user: "bob"));
        Assert.True(await flow.IsLiveAsync(alice.Token));
        Assert.True(await flow.IsLiveAsync(bob.Token));
    }

    [Fact]
    public async Task Tokens_made_by_hand_count_too()
    {
        var flow = new TestFlow(options => options.MaxTokensPerUser = 1);
        await MakeAsync(flow);
        Assert.Equal(new ApproverResult.Refused(ApproverRefusal.TokenLimitReached), await flow.DecideAsync(await flow.StartAsync()));
    }

    [Theory]
    [InlineData(true, false, true)]
    [InlineData(true, true, false)]
    [InlineData(false, false, false)]
    public async Task The_token_that_pairing_again_replaces_does_not_count(bool replaces, bool asNewDevice, bool isPaired)
    {
        var flow = new TestFlow(options => (options.MaxTokensPerUser, options.ReplaceEarlierTokens) = (1, replaces));
        var first = await flow.PairAsync("tv-1");
        var codes = await flow.StartAsync("tv-1");
        Assert.Equal(!replaces, Assert.IsType<ApproverResult.Review>(await flow.ClaimAsync(codes)).IsTokenLimitReached);
        var result = await flow.Approver.ApproveAsync(codes.UserCode, new Approver("alice"), new Approval { Scopes = ["read"], AsNewDevice = asNewDevice });
        Assert.Equal(isPaired, result is ApproverResult.Approved);
        Assert.Equal(!isPaired, result is ApproverResult.Refused { Reason: ApproverRefusal.TokenLimitReached });
        Assert.Equal(isPaired, await flow.PollAsync(codes) is PollResult.Paired);
        Assert.Equal(!isPaired, await flow.IsLiveAsync(first.Token)); // refused, and what there was still works
        Assert.Single(await flow.LiveTokensAsync());
    }

    [Theory]
    [InlineData(-1, false)]
    [InlineData(0, true)]
    public async Task An_expired_token_does_not_count(int milliseconds, bool isPaired)
    {
        var flow = new TestFlow(options => (options.MaxTokensPerUser, options.TokenLifetime) = (1, TimeSpan.FromHours(1)));
        await flow.PairAsync();
        flow.Clock.Advance(TimeSpan.FromHours(1) + TimeSpan.FromMilliseconds(milliseconds));
        var codes = await flow.StartAsync();
        Assert.Equal(isPaired, await flow.DecideAsync(codes) is ApproverResult.Approved);
        Assert.Equal(isPaired, await flow.PollAsync(codes) is PollResult.Paired);
    }

    [Fact]
    public async Task No_number_is_asked_for_what_cannot_be_approved()
    {
        var flow = new TestFlow(options => (options.MaxTokensPerUser, options.NumberMatching) = (1, NumberMatching.Always));
        await MakeAsync(flow);
        var codes = Assert.IsType<StartResult.Started>(await flow.TryStartAsync(canShowNumber: true));
        Assert.Equal(new ApproverResult.Refused(ApproverRefusal.TokenLimitReached), await flow.Approver.ApproveAsync(
            codes.UserCode, new Approver("alice"), new Approval { Scopes = ["read"], SupportsNumberMatching = true }));
    }

    [Fact]
    public async Task A_device_whose_place_was_taken_after_its_approval_waits_until_there_is_room()
    {
        var flow = new TestFlow(options => options.MaxTokensPerUser = 1);
        var codes = await flow.StartAsync();
        await flow.ApproveAsync(codes);
        var taken = await MakeAsync(flow);
        Assert.Equal(new PollResult.NotPaired(PairingError.AuthorizationPending), await flow.PollAsync(codes, "key"));
        Assert.Equal(PairingError.AuthorizationPending, await flow.RefusedAsync(codes, "key"));
        Assert.Equal(PairingStatus.Approved, (await flow.StoredAsync(codes)).Status);
        Assert.True(await flow.Devices.RevokeAsync("alice", taken.Id, flow.Clock.GetUtcNow()));
        await flow.RedeemAsync(codes, "key");
    }

    [Fact]
    public async Task It_waits_no_longer_than_its_pairing_lives()
    {
        var flow = new TestFlow(options => options.MaxTokensPerUser = 1);
        var codes = await flow.StartAsync();
        await flow.ApproveAsync(codes);
        await MakeAsync(flow);
        flow.Clock.Advance(codes.ExpiresIn - TimeSpan.FromMilliseconds(1));
        Assert.Equal(PairingError.AuthorizationPending, await flow.RefusedAsync(codes));
        flow.Clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(PairingError.ExpiredToken, await flow.RefusedAsync(codes));
    }

    [Fact]
    public async Task A_lost_answer_is_repeated_at_the_limit()
    {
        var flow = new TestFlow(options => options.MaxTokensPerUser = 1);
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
        var flow = new TestFlow(options => options.MaxTokensPerUser = 3);
        flow.Store.Interleaves = flow.Devices.Interleaves = true;
        var started = new List<StartResult.Started>();
        for (var i = 0; i < 16; i++)
        {
            started.Add(await flow.StartAsync());
            await flow.ApproveAsync(started[^1]);
        }

        var results = await Task.WhenAll(started.Select(codes => Task.Run(() => flow.PollAsync(codes))));
        Assert.Equal(3, results.OfType<PollResult.Paired>().Count());
        Assert.Equal(13, results.Count(result => result is PollResult.NotPaired { Error: PairingError.AuthorizationPending }));
        Assert.Equal(3, (await flow.LiveTokensAsync()).Count);
    }

    [Fact]
    public async Task By_JSON_the_look_up_says_so_and_the_approval_is_400_in_RomMs_words()
    {
        await using var host = await TestHost.StartAsync(options => options.MaxTokensPerUser = 1);
        var codes = await host.Device().StartAsync();
        var alice = await host.SignInAsync("alice");
        Assert.False((await LookUpAsync()).GetProperty("token_limit_reached").GetBoolean());
        await host.PairAsync();
        Assert.True((await LookUpAsync()).GetProperty("token_limit_reached").GetBoolean());
        using var answer = await alice.ApproveAsync(codes.UserCode);
        Assert.Equal((HttpStatusCode.BadRequest, "Maximum of 1 tokens per user reached"), (answer.StatusCode, await answer.DetailAsync()));
        Assert.Equal("authorization_pending", await (await host.Device().PollAsync(codes.DeviceCode)).ErrorAsync());

        async Task<System.Text.Json.JsonElement> LookUpAsync()
        {
            using var look = await alice.GetAsync($"{Wire.Prefix}/pending/{codes.UserCode}");
            return await look.JsonAsync();
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_page_says_so_before_the_decision_and_leads_to_where_room_is_made(bool hasDevicesPage)
    {
        await using var host = await TestHost.StartAsync(
            options => options.MaxTokensPerUser = 1, map: app => _ = hasDevicesPage ? app.MapDevicesPage() : null, pathBase: "/app");
        var token = await host.PairAsync();
        var codes = await host.Device().StartAsync();
        var alice = await host.SignInAsync("alice");
        using var shown = await alice.EnterCodeAsync(codes.UserCode, "/app" + Browser.Page);
        Assert.Equal(HttpStatusCode.OK, shown.StatusCode);
        var review = await shown.HtmlAsync();
        using var refused = await alice.PostDecisionAsync(review, "approve");
        Assert.Equal((HttpStatusCode.BadRequest, "Approve this device?"), (refused.StatusCode, await refused.TitleAsync()));
        foreach (var html in new[] { review, await refused.HtmlAsync() })
        {
            Assert.Contains("role=\"alert\">You cannot approve another device yet: you already have as many access tokens as allowed", html, StringComparison.Ordinal);
            Assert.Equal(hasDevicesPage, html.Contains("first. <a href=\"/app/pair/devices\">Your devices</a></p>", StringComparison.Ordinal));
        }

        Assert.Equal("authorization_pending", await (await host.Device().PollAsync(codes.DeviceCode)).ErrorAsync());
        Assert.True(DeviceToken.TryParse(token, "da_", out var parsed));
        var repository = host.Services.GetRequiredService<IDeviceRepository>();
        Assert.True(await repository.RevokeAsync("alice", (await repository.FindTokenAsync(parsed.Hash(), default))!.Token.Id, TestHost.Epoch));
        var again = await alice.GetStringAsync("/app" + Browser.Review); // back from there
        Assert.DoesNotContain("role=\"alert\"", again, StringComparison.Ordinal);
        using var approved = await alice.PostDecisionAsync(again, "approve");
        Assert.Equal("Device approved", await approved.TitleAsync());
    }

    [Fact]
    public async Task The_page_says_so_too_when_only_adding_a_new_device_meets_the_limit()
    {
        await using var host = await TestHost.StartAsync(options => options.MaxTokensPerUser = 1);
        var alice = await host.SignInAsync("alice");
        var first = await host.Device().StartJsonAsync("id-1");
        (await alice.ApproveAsync(first.UserCode)).EnsureSuccessStatusCode();
        (await host.Device().PollJsonAsync(first.DeviceCode)).EnsureSuccessStatusCode();
        var review = await alice.ReviewAsync((await host.Device().StartJsonAsync("id-1")).UserCode);
        Assert.DoesNotContain("You cannot approve", review, StringComparison.Ordinal);
        using var asNew = await alice.PostDecisionAsync(
            review.Replace("name=\"as_new_device\" value=\"yes\"", "name=\"as_new_device\" value=\"yes\" checked", StringComparison.Ordinal), "approve");
        Assert.Contains("You cannot approve another device yet", await asNew.HtmlAsync(), StringComparison.Ordinal);
        using var known = await alice.PostDecisionAsync(review, "approve");
        Assert.Equal("Device approved", await known.TitleAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_device_that_waits_for_room_is_logged_once_however_often_it_polls(bool json)
    {
        await using var host = await TestHost.StartAsync(options => options.MaxTokensPerUser = 1);
        var alice = await host.SignInAsync("alice");
        var (first, second) = (await StartAsync(), await StartAsync());
        (await alice.ApproveAsync(first.UserCode)).EnsureSuccessStatusCode();
        (await alice.ApproveAsync(second.UserCode)).EnsureSuccessStatusCode();
        (await PollAsync(first)).EnsureSuccessStatusCode();
        for (var poll = 0; poll < 3; poll++)
        {
            using var answer = await PollAsync(second);
            Assert.Equal((HttpStatusCode.BadRequest, "authorization_pending"), (answer.StatusCode, await answer.ErrorAsync()));
            host.Clock.Advance(TimeSpan.FromSeconds(5));
        }

        Assert.Single(host.Logs.GetSnapshot(), IsTokenLimit);

        Task<StartedCodes> StartAsync() => json ? host.Device().StartJsonAsync($"{Guid.NewGuid()}") : host.Device().StartAsync();

        Task<HttpResponseMessage> PollAsync(StartedCodes codes) => json ? host.Device().PollJsonAsync(codes.DeviceCode) : host.Device().PollAsync(codes.DeviceCode);
    }

    private static async Task<AccessToken> MakeAsync(TestFlow flow)
    {
        var token = TestData.NewUnboundToken();
        Assert.NotNull((await flow.Devices.TryIssueTokenAsync(token, new TokenIssueConditions(TestData.Start, 1, ReplacesEarlier: false), default)).Token);
        return token;
    }

    private static bool IsTokenLimit(FakeLogRecord record) =>
        record.Category?.StartsWith("DeviceAuthorization.", StringComparison.Ordinal) == true && record.Level == Microsoft.Extensions.Logging.LogLevel.Warning
        && record.Message.Contains("alice", StringComparison.Ordinal) && record.Message.Contains(" 1 ", StringComparison.Ordinal);
}
