using System.Net;
using System.Text.Json;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Tests;

/// <summary><c>POST token</c> as RomM's clients call it, by JSON.</summary>
public sealed class JsonPollTests
{
    [Fact]
    [Trait("RomM", "pending_returns_authorization_pending")]
    public async Task A_first_poll_at_once_is_pending_and_its_body_holds_no_word_that_ends_a_pairing()
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartJsonAsync();
        using var pending = await device.PollJsonAsync(codes.DeviceCode);
        using var tooSoon = await device.PollJsonAsync(codes.DeviceCode);
        foreach (var (answer, word) in new[] { (pending, "authorization_pending"), (tooSoon, "slow_down") })
        {
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
            var body = await answer.JsonAsync();
            Assert.Equal(word, body.String("detail"));
            Assert.Equal(word, body.String("error"));
            Assert.DoesNotContain("expired_token", body.GetRawText(), StringComparison.Ordinal); // the Playnite plugin searches the whole body
            Assert.DoesNotContain("access_denied", body.GetRawText(), StringComparison.Ordinal);
        }
    }

    [Fact]
    [Trait("RomM", "approved_returns_credentials")]
    public async Task After_the_approval_the_device_gets_its_token()
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartJsonAsync(scopes: ["profile", "library.read"]);
        using var approved = await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode, "profile", "library.read");
        using var answer = await device.PollJsonAsync(codes.DeviceCode);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
        var body = await answer.JsonAsync();
        Assert.Matches("^da_[0-9A-Za-z]{49}$", body.String("access_token"));
        Assert.Equal((await approved.JsonAsync()).String("device_id"), body.String("device_id"));
        Assert.Equal(["library.read", "profile"], body.Strings("scopes"));
        Assert.Equal("2027-02-21T12:00:00+00:00", body.String("expires_at"));
        Assert.Equal("7776000", body.GetProperty("expires_in").GetRawText()); // an integer, not a float
        Assert.Equal(("Bearer", "library.read profile"), (body.String("token_type"), body.String("scope")));
    }

    [Fact]
    [Trait("RomM", "approved_returns_credentials")]
    public async Task A_token_without_an_end_has_no_expires_in_and_a_null_expires_at()
    {
        await using var host = await TestHost.StartAsync(options => options.TokenLifetime = Timeout.InfiniteTimeSpan);
        var body = await PairAsync(host);
        Assert.Equal(JsonValueKind.Null, body.GetProperty("expires_at").ValueKind);
        Assert.False(body.TryGetProperty("expires_in", out _));
        Assert.Equal(JsonValueKind.Array, body.GetProperty("scopes").ValueKind);
    }

    [Fact]
    [Trait("RomM", "one_shot_second_poll_returns_expired_token")]
    public async Task The_token_is_given_once()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartJsonAsync();
        (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        (await host.Device().PollJsonAsync(codes.DeviceCode)).EnsureSuccessStatusCode();
        Assert.Equal("expired_token", await PollAsync(host, codes));
    }

    [Fact]
    [Trait("RomM", "denied_returns_access_denied")]
    public async Task A_denied_device_is_told_so()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartJsonAsync();
        (await (await host.SignInAsync("alice")).DenyAsync(codes.UserCode)).EnsureSuccessStatusCode();
        Assert.Equal("access_denied", await PollAsync(host, codes));
    }

    [Theory]
    [Trait("RomM", "unknown_device_code_returns_expired_token")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")] // one of RomM's own
    [InlineData("x")]
    public async Task An_unknown_code_reads_as_an_expired_one(string deviceCode)
    {
        await using var host = await TestHost.StartAsync();
        using var answer = await host.Device().PollJsonAsync(deviceCode);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("expired_token", await answer.DetailAsync());
    }

    [Fact]
    [Trait("RomM", "slow_down_on_fast_consecutive_polls")]
    public async Task A_poll_too_soon_says_how_much_slower_and_the_device_that_obeys_is_pending_again()
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartJsonAsync();
        Assert.Equal("authorization_pending", await PollAsync(host, codes));
        using var tooSoon = await device.PollJsonAsync(codes.DeviceCode);
        Assert.Equal("10", (await tooSoon.JsonAsync()).GetProperty("interval").GetRawText());
        Assert.Equal(TimeSpan.FromSeconds(10), tooSoon.Headers.RetryAfter?.Delta);
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal("authorization_pending", await PollAsync(host, codes));
    }

    [Fact]
    [Trait("RomM", "per_ip_rate_limit")]
    public async Task Sixty_one_polls_with_a_known_code_are_never_429() // ours: two of RomM's clients give up on 429
    {
        await using var host = await TestHost.StartAsync(options => options.RateLimits.Enabled = true);
        var codes = await host.Device().StartJsonAsync();
        Assert.Equal("authorization_pending", await PollAsync(host, codes));
        for (var i = 0; i < 60; i++)
        {
            Assert.Equal("slow_down", await PollAsync(host, codes));
        }
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("")]
    [InlineData("""{ "device_code": null }""")]
    [InlineData("""{ "device_code": "" }""")]
    [InlineData("""{ "device_code": 5 }""")]
    [InlineData("""{ "Device_Code": "{code}" }""")]
    [InlineData("""{ "device_code": "{code}", "device_code": "{code}" }""")]
    [InlineData("""{ "device_code": "\ud800" }""")]
    [InlineData("""{ "device_code": "{code}{code}{code}" }""")] // 129 characters
    [InlineData("""{ "device_code": "{code}", "client_id": 1 }""")]
    public async Task A_bad_shape_is_422_with_a_sentence_and_costs_the_device_nothing(string body)
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartJsonAsync();
        (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        using var answer = await host.Device().PostRawAsync("token", body.Replace("{code}", codes.DeviceCode, StringComparison.Ordinal), "application/json");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.False(string.IsNullOrEmpty(await answer.DetailAsync()));
        using var good = await host.Device().PollJsonAsync(codes.DeviceCode);
        Assert.Equal(HttpStatusCode.OK, good.StatusCode);
    }

    [Fact]
    public async Task A_pairing_that_a_form_client_started_is_not_redeemed_without_its_client_id()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync(clientId: "tv");
        (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        Assert.Equal("expired_token", await PollAsync(host, codes));
        using var other = await host.Device().PostJsonAsync("token", new { device_code = codes.DeviceCode, client_id = "other" });
        Assert.Equal("expired_token", await other.DetailAsync());
        using var own = await host.Device().PostJsonAsync("token", new { device_code = codes.DeviceCode, client_id = "tv" });
        Assert.Equal(HttpStatusCode.OK, own.StatusCode); // and none of the others consumed it
    }

    [Fact]
    public async Task A_pairing_that_a_JSON_client_started_can_be_polled_by_form_under_its_own_name_only()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartJsonAsync();
        (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        Assert.Equal("invalid_grant", await (await host.Device().PollAsync(codes.DeviceCode, clientId: "tv")).ErrorAsync());
        Assert.Equal(HttpStatusCode.OK, (await host.Device().PollAsync(codes.DeviceCode, clientId: "grout")).StatusCode);
    }

    [Fact]
    public async Task Trouble_in_the_store_is_503_without_a_word_of_OAuth_or_of_the_trouble()
    {
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IPairingStore, BrokenPairingStore>());
        using var answer = await host.Device().PollJsonAsync("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.NotNull(answer.Headers.RetryAfter);
        Assert.Null(await answer.ErrorAsync());
        Assert.DoesNotContain(BrokenPairingStore.Secret, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("RomM", "grout_pairs_ingests_play_session")]
    public async Task Grout_pairs_and_calls_the_API()
    {
        await using var host = await TestHost.StartAsync();
        var token = (await PairAsync(host)).String("access_token")!;
        using var library = await host.WithToken(token).GetAsync("/api/library");
        Assert.Equal("My device", (await library.JsonAsync()).String("name"));
    }

    [Theory]
    [InlineData("51", "{}")]
    [InlineData("51, empty", """{"device_code":""}""")]
    [InlineData("51, null", """{"device_code":null}""")]
    [InlineData("52", """{"device_code":"{code}","device_code":"{code}"}""")]
    [InlineData("54", """{"device_code":["{code}"]}""")]
    [InlineData("P-67", """{"Device_Code":"{code}"}""")]
    public async Task JSON_of_another_shape_is_422_and_consumes_nothing(string row, string body)
    {
        _ = row;
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartJsonAsync();
        using var response = await device.PostRawAsync("token", body.Replace("{code}", codes.DeviceCode, StringComparison.Ordinal), "application/json");
        await OAuthAssert.DetailAsync(response, 422);
        Assert.Equal("authorization_pending", await (await device.PollJsonAsync(codes.DeviceCode)).ErrorAsync());
    }

    private static async Task<string?> PollAsync(TestHost host, StartedCodes codes)
    {
        using var answer = await host.Device().PollJsonAsync(codes.DeviceCode);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        return await answer.DetailAsync();
    }

    private static async Task<JsonElement> PairAsync(TestHost host)
    {
        var codes = await host.Device().StartJsonAsync();
        (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        using var answer = await host.Device().PollJsonAsync(codes.DeviceCode);
        return await answer.JsonAsync();
    }
}
