using System.Net;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Tests;

/// <summary>RFC 8628 §3.4 and §3.5: the rows P-32 to P-47 of the checklist, and the table of answers by state.</summary>
public sealed class Rfc8628TokenTests
{
    [Theory]
    [Trait("Row", "P-32")]
    [InlineData("urn:ietf:params:oauth:grant-type:device_code", "authorization_pending")]
    [InlineData("urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code", "authorization_pending")]
    [InlineData("URN:IETF:PARAMS:OAUTH:GRANT-TYPE:DEVICE_CODE", "unsupported_grant_type")]
    [InlineData("urn:ietf:params:oauth:grant-type:device_code%20", "unsupported_grant_type")]
    [InlineData("device_code", "unsupported_grant_type")]
    [InlineData("refresh_token", "unsupported_grant_type")]
    [InlineData("", "invalid_request")]
    public async Task The_grant_type_is_compared_by_case(string grantType, string error)
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartAsync();
        using var response = await device.PostRawAsync("token", $"grant_type={grantType}&device_code={codes.DeviceCode}&client_id=tv");
        await OAuthAssert.ErrorAsync(response, 400, error);
    }

    [Theory]
    [Trait("Row", "P-33"), Trait("Row", "P-34")]
    [InlineData("device_code=&client_id=tv", "invalid_request")]
    [InlineData("client_id=tv", "invalid_request")]
    [InlineData("device_code={code}", "invalid_request")]
    [InlineData("device_code={code}&client_id=", "invalid_request")]
    [InlineData("device_code={code}&client_id=other", "invalid_grant")]
    [InlineData("device_code={code}&client_id=TV", "invalid_grant")]
    public async Task Code_and_client_are_required_and_belong_together(string rest, string error)
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartAsync();
        using var response = await device.PostRawAsync(
            "token", $"grant_type={Wire.GrantType}&{rest.Replace("{code}", codes.DeviceCode, StringComparison.Ordinal)}");
        await OAuthAssert.ErrorAsync(response, 400, error);
    }

    [Fact]
    [Trait("Row", "P-36"), Trait("Row", "P-38")]
    public async Task The_first_poll_is_free_and_polls_at_the_interval_stay_pending()
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartAsync();
        for (var i = 0; i < 20; i++)
        {
            using var response = await device.PollAsync(codes.DeviceCode);
            await OAuthAssert.ErrorAsync(response, 400, "authorization_pending");
            host.Clock.Advance(TimeSpan.FromSeconds(5));
        }
    }

    [Fact]
    [Trait("Row", "P-37"), Trait("Row", "P-58"), Trait("Row", "P-59"), Trait("Row", "P-60"), Trait("Row", "P-61"), Trait("Row", "P-62")]
    public async Task An_approved_device_gets_a_bearer_token()
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartAsync(scope: "profile library.read");
        (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode, "library.read", "profile")).EnsureSuccessStatusCode();
        using var response = await device.PollAsync(codes.DeviceCode);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        OAuthAssert.NotCached(response);
        var json = await response.JsonAsync();
        Assert.Matches(@"^[A-Za-z0-9._~+/-]+=*\z", json.GetProperty("access_token").GetString());
        Assert.Equal("Bearer", json.GetProperty("token_type").GetString());
        Assert.Equal($"{90 * 24 * 60 * 60}", json.GetProperty("expires_in").GetRawText());
        Assert.Equal("library.read profile", json.GetProperty("scope").GetString());
        Assert.False(json.TryGetProperty("refresh_token", out _));
    }

    [Fact]
    [Trait("Row", "P-59")]
    public async Task A_token_that_never_expires_has_no_expires_in()
    {
        await using var host = await TestHost.StartAsync(options => options.TokenLifetime = Timeout.InfiniteTimeSpan);
        var device = host.Device();
        var codes = await device.StartAsync();
        (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        using var response = await device.PollAsync(codes.DeviceCode);
        Assert.False((await response.JsonAsync()).TryGetProperty("expires_in", out _));
    }

    [Fact]
    [Trait("Row", "P-40")]
    public async Task Each_slow_down_adds_five_seconds_up_to_a_minute_for_good()
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartAsync();
        var interval = 5;
        while (interval < 60)
        {
            Assert.Equal("authorization_pending", await (await device.PollAsync(codes.DeviceCode)).ErrorAsync());
            interval += 5;
            for (var again = 0; again < 3; again++) // a burst raises it once
            {
                using var early = await device.PollAsync(codes.DeviceCode);
                await OAuthAssert.ErrorAsync(early, 400, "slow_down");
                Assert.Equal($"{interval}", (await early.JsonAsync()).GetProperty("interval").GetRawText());
                Assert.Equal($"{interval}", Assert.Single(early.Headers.GetValues("Retry-After")));
            }

            host.Clock.Advance(TimeSpan.FromSeconds(interval)); // a client that waits old + 5 is on time
        }

        Assert.Equal("authorization_pending", await (await device.PollAsync(codes.DeviceCode)).ErrorAsync());
        using var capped = await device.PollAsync(codes.DeviceCode);
        Assert.Equal("60", (await capped.JsonAsync()).GetProperty("interval").GetRawText());
    }

    [Theory]
    [Trait("Row", "P-40")]
    [InlineData(3.999, "slow_down")]
    [InlineData(4, "authorization_pending")] // a second of tolerance: timers and networks are not exact
    public async Task A_poll_a_second_early_is_forgiven(double seconds, string error)
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartAsync();
        await device.PollAsync(codes.DeviceCode);
        host.Clock.Advance(TimeSpan.FromSeconds(seconds));
        Assert.Equal(error, await (await device.PollAsync(codes.DeviceCode)).ErrorAsync());
    }

    [Fact]
    [Trait("Row", "P-40")]
    public async Task A_slow_down_of_one_node_holds_on_the_other()
    {
        await using var first = await TestHost.StartAsync();
        await using var second = await TestHost.StartAsync(services: services => services.AddSingleton(first.Services.GetRequiredService<IPairingStore>()));
        var codes = await first.Device().StartAsync();
        Assert.Equal("authorization_pending", await (await first.Device().PollAsync(codes.DeviceCode)).ErrorAsync());
        Assert.Equal("slow_down", await (await second.Device().PollAsync(codes.DeviceCode)).ErrorAsync());
        first.Clock.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal("slow_down", await (await first.Device().PollAsync(codes.DeviceCode)).ErrorAsync());
    }

    /// <summary>The table of §1.11: what each state answers, on time or not, and to another client.</summary>
    [Theory]
    [Trait("Row", "P-38"), Trait("Row", "P-40"), Trait("Row", "P-41"), Trait("Row", "P-42"), Trait("Row", "P-65")]
    [InlineData("pending", "authorization_pending", "slow_down")]
    [InlineData("approved", null, "invalid_grant")]
    [InlineData("denied", "access_denied", "access_denied")]
    [InlineData("expired", "expired_token", "expired_token")]
    [InlineData("approved, expired", "expired_token", "expired_token")]
    [InlineData("denied, expired", "expired_token", "expired_token")]
    [InlineData("redeemed", "invalid_grant", "invalid_grant")]
    [InlineData("unknown", "invalid_grant", "invalid_grant")]
    [InlineData("purged", "invalid_grant", "invalid_grant")]
    public async Task Each_state_has_its_answer(string state, string? first, string? second)
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var alice = await host.SignInAsync("alice");
        var codes = await device.StartAsync();
        if (state.StartsWith("approved", StringComparison.Ordinal) || state == "redeemed")
        {
            (await alice.ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        }

        if (state == "redeemed")
        {
            (await device.PollAsync(codes.DeviceCode)).EnsureSuccessStatusCode();
        }

        if (state.StartsWith("denied", StringComparison.Ordinal))
        {
            (await alice.DenyAsync(codes.UserCode)).EnsureSuccessStatusCode();
        }

        if (state.EndsWith("expired", StringComparison.Ordinal) || state == "purged")
        {
            host.Clock.Advance(TimeSpan.FromMinutes(10));
        }

        if (state == "purged")
        {
            host.Clock.Advance(Pairing.Retention + TimeSpan.FromMinutes(2));
        }

        var code = state == "unknown" ? new string('a', 43) : codes.DeviceCode;
        using var other = await device.PollAsync(code, "other");
        await OAuthAssert.ErrorAsync(other, 400, "invalid_grant");
        foreach (var error in (string?[])[first, second])
        {
            using var response = await device.PollAsync(code);
            if (error is null)
            {
                Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            }
            else
            {
                await OAuthAssert.ErrorAsync(response, 400, error);
            }
        }
    }

    [Theory]
    [Trait("Row", "T-23")]
    [InlineData("pending")]
    [InlineData("approved")]
    [InlineData("redeemed")]
    public async Task Another_clients_code_is_answered_byte_by_byte_as_an_unknown_one(string state)
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartAsync();
        if (state != "pending")
        {
            (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        }

        if (state == "redeemed")
        {
            (await device.PollAsync(codes.DeviceCode)).EnsureSuccessStatusCode();
        }

        Assert.Equal(await SpellAsync(new string('a', 43)), await SpellAsync(codes.DeviceCode));

        async Task<string> SpellAsync(string code)
        {
            using var answer = await device.PollAsync(code, "other");
            var headers = answer.Headers.Concat(answer.Content.Headers).Where(header => header.Key != "Date").Select(header => $"{header.Key}: {string.Join(", ", header.Value)}");
            return $"{(int)answer.StatusCode}\n{string.Join('\n', headers)}\n\n{await answer.Content.ReadAsStringAsync()}";
        }
    }

    [Theory]
    [Trait("Row", "P-42")]
    [InlineData(599.999, "authorization_pending")]
    [InlineData(600, "expired_token")]
    public async Task A_code_lives_exactly_as_long_as_announced(double seconds, string error)
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(seconds));
        Assert.Equal(error, await (await device.PollAsync(codes.DeviceCode)).ErrorAsync());
    }

    [Theory]
    [Trait("Row", "P-42")]
    [InlineData(590, 29.9, null)]
    [InlineData(590, 30, "expired_token")]
    [InlineData(100, 499.9, null)]
    [InlineData(100, 500, "expired_token")]
    public async Task However_late_the_approval_the_device_has_half_a_minute(double approvedAt, double polledAfter, string? error)
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartAsync();
        var alice = await host.SignInAsync("alice");
        host.Clock.Advance(TimeSpan.FromSeconds(approvedAt));
        (await alice.ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        host.Clock.Advance(TimeSpan.FromSeconds(polledAfter));
        Assert.Equal(error, await (await device.PollAsync(codes.DeviceCode)).ErrorAsync());
    }

    [Theory]
    [Trait("Row", "P-44"), Trait("Row", "P-83")]
    [InlineData(nameof(IPairingStore.TryAcceptPollAsync))]
    [InlineData(nameof(IPairingStore.TrySlowDownAsync))]
    [InlineData(nameof(IPairingStore.TryReplaceAsync))]
    public async Task Trouble_is_no_OAuth_error_and_passes(string broken)
    {
        var store = new PairingStoreWrapper();
        await using var host = await TestHost.StartAsync(services: store.Use);
        var device = host.Device();
        var codes = await device.StartAsync();
        if (broken == nameof(IPairingStore.TrySlowDownAsync))
        {
            await device.PollAsync(codes.DeviceCode);
        }
        else
        {
            (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        }

        store.Broken.Add(broken);
        using var response = await device.PollAsync(codes.DeviceCode);
        await OAuthAssert.ErrorAsync(response, 503, null);
        Assert.Equal("5", Assert.Single(response.Headers.GetValues("Retry-After")));

        store.Broken.Clear();
        Assert.Equal(
            broken == nameof(IPairingStore.TrySlowDownAsync) ? "slow_down" : null, await (await device.PollAsync(codes.DeviceCode)).ErrorAsync());
    }
}
