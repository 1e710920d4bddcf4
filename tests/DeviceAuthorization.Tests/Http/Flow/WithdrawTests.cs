using System.Net;

namespace DeviceAuthorization.Tests;

/// <summary>A device gives up: <c>POST revoke</c> with its device code (RFC 7009).</summary>
public sealed class WithdrawTests
{
    [Fact]
    public async Task A_device_that_gives_up_can_neither_be_approved_nor_connect()
    {
        var events = new RecordedEvents();
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IPairingEvents>(events));
        var codes = await host.Device().StartAsync();
        Assert.Equal(200, (int)(await WithdrawAsync(host, codes)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode)).StatusCode);
        await OAuthAssert.ErrorAsync(await host.Device().PollAsync(codes.DeviceCode), 400, "invalid_grant");
        Assert.Equal(200, (int)(await WithdrawAsync(host, codes)).StatusCode); // a second time changes nothing
        Assert.Equal(["Started", "Withdrawn", "CodeRefused"], events.Names);
    }

    [Fact]
    public async Task An_approver_who_has_its_page_open_is_told()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        var browser = await host.SignInAsync("alice");
        var review = await browser.ReviewAsync(codes.UserCode);
        Assert.Equal(200, (int)(await WithdrawAsync(host, codes)).StatusCode);
        Assert.Contains("The device gave up", await (await browser.PostDecisionAsync(review, "approve")).TitleAsync(), StringComparison.Ordinal);
        using var json = await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode);
        Assert.Equal((HttpStatusCode.Gone, "The device gave up"), (json.StatusCode, await json.DetailAsync()));
    }

    [Fact]
    public async Task A_held_poll_of_the_same_device_ends()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Wire.Prefix}/token")
        {
            Content = new FormUrlEncodedContent(
                [KeyValuePair.Create("grant_type", Wire.GrantType), KeyValuePair.Create("device_code", codes.DeviceCode), KeyValuePair.Create("client_id", "tv")]),
            Headers = { { "Prefer", "wait=25" } },
        };
        var poll = host.Device().SendAsync(request);
        await host.Clock.TimerAsync(25);
        await WithdrawAsync(host, codes);
        await OAuthAssert.ErrorAsync(await poll, 400, "invalid_grant");
    }

    [Fact]
    public async Task Another_client_cannot_withdraw_it()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        await OAuthAssert.ErrorAsync(await WithdrawAsync(host, codes, "other"), 400, "invalid_grant", codes.DeviceCode);
        await OAuthAssert.ErrorAsync(await host.Device().PollAsync(codes.DeviceCode), 400, "authorization_pending");
    }

    [Fact]
    public async Task An_unknown_device_code_is_as_good_as_withdrawn()
    {
        await using var host = await TestHost.StartAsync();
        Assert.Equal(200, (int)(await host.Device().PostFormAsync("revoke", ("token", DeviceCode.New().Reveal()), ("client_id", "tv"))).StatusCode);
    }

    [Fact]
    public async Task A_token_that_the_device_has_fetched_stays()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        using var paired = await host.Device().PollAsync(codes.DeviceCode);
        var token = (await paired.JsonAsync()).GetProperty("access_token").GetString()!;
        Assert.Equal(200, (int)(await WithdrawAsync(host, codes)).StatusCode);
        Assert.Equal(200, (int)(await host.WithToken(token).GetAsync("/api/library")).StatusCode);
    }

    [Fact]
    public async Task RomMs_devices_withdraw_by_the_same_form()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartJsonAsync();
        Assert.Equal(200, (int)(await WithdrawAsync(host, codes, "grout")).StatusCode);
        Assert.Equal("expired_token", await (await host.Device().PollJsonAsync(codes.DeviceCode)).DetailAsync());
    }

    private static Task<HttpResponseMessage> WithdrawAsync(TestHost host, StartedCodes codes, string clientId = "tv") =>
        host.Device().PostFormAsync("revoke", ("token", codes.DeviceCode), ("token_type_hint", "device_code"), ("client_id", clientId));
}
