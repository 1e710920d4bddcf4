using System.Net;

namespace DeviceAuthorization.Tests;

/// <summary>
/// RFC 6749: the rows P-57 to P-76 of the checklist, as far as they are not in <see cref="Rfc8628TokenTests"/> (P-58 to P-62),
/// <see cref="BadCredentialsTests"/> (P-63, P-64, P-68, P-69), <see cref="BadPollTests"/> (P-65) and <see cref="SecretsTests"/> (P-73);
/// P-66 is part of every refusal that <see cref="OAuthAssert"/> sees.
/// </summary>
public sealed class Rfc6749Tests
{
    [Theory]
    [Trait("Row", "P-57")]
    [InlineData("profile library.read", "library.read profile")]
    [InlineData("library.read profile", "library.read profile")]
    [InlineData("  profile   library.read ", "library.read profile")] // forgiven, as decided
    [InlineData("profile profile", "profile")]
    [InlineData("profile openid offline_access", "profile")]
    public async Task Scopes_are_a_set(string scope, string asked)
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync(scope: scope);
        using var pending = await (await host.SignInAsync("alice")).GetAsync($"{Wire.Prefix}/pending/{codes.UserCode}");
        Assert.Equal(asked, string.Join(' ', (await pending.JsonAsync()).GetProperty("requested_scopes").EnumerateArray().Select(s => s.GetString())));
    }

    [Theory]
    [Trait("Row", "P-57")]
    [InlineData("profile\tlibrary.read")]
    [InlineData("profile\u00A0library.read")]
    [InlineData("\"profile\"")]
    [InlineData("pro\\file")]
    [InlineData("profilé")]
    [InlineData("Profile")]
    [InlineData("nobody")]
    [InlineData("OpenId")]
    public async Task A_malformed_or_unknown_scope_is_refused(string scope)
    {
        await using var host = await TestHost.StartAsync();
        using var response = await host.Device().PostFormAsync("init", ("client_id", "tv"), ("scope", scope));
        await OAuthAssert.ErrorAsync(response, 400, "invalid_scope", scope);
    }

    [Fact]
    [Trait("Row", "P-57")]
    public async Task Openid_is_a_scope_like_any_other_where_the_host_knows_it()
    {
        await using var host = await TestHost.StartAsync(options => options.Scopes.Add("openid", "Know who you are"));
        var device = host.Device();
        var codes = await device.StartAsync(scope: "openid");
        (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode, "openid")).EnsureSuccessStatusCode();
        Assert.Equal("openid", (await (await device.PollAsync(codes.DeviceCode)).JsonAsync()).GetProperty("scope").GetString());
    }

    [Fact]
    [Trait("Row", "P-57"), Trait("Row", "ADV-24")]
    public async Task Without_a_scope_the_default_ones_are_shown_granted_and_named_in_the_answer()
    {
        await using var host = await TestHost.StartAsync(options => options.DefaultScopes = ["library.read", "profile"]);
        var device = host.Device();
        var codes = await device.StartAsync(scope: null);
        var alice = await host.SignInAsync("alice");
        var review = await alice.ReviewAsync(codes.UserCode);
        Assert.Contains("See your library", review, StringComparison.Ordinal);
        Assert.DoesNotContain("Change your library", review, StringComparison.Ordinal);
        (await alice.PostDecisionAsync(review, "approve")).EnsureSuccessStatusCode();
        Assert.Equal("library.read profile", (await (await device.PollAsync(codes.DeviceCode)).JsonAsync()).GetProperty("scope").GetString());
    }

    [Theory]
    [Trait("Row", "P-67")]
    [InlineData("init", "CLIENT_ID=tv")]
    [InlineData("init", "Client_Id=tv&scope=profile")]
    [InlineData("token", "GRANT_TYPE=urn:ietf:params:oauth:grant-type:device_code&device_code=x&client_id=tv")]
    [InlineData("token", "grant_type=urn:ietf:params:oauth:grant-type:device_code&DEVICE_CODE=x&client_id=tv")]
    public async Task Names_are_compared_by_case(string endpoint, string body)
    {
        await using var host = await TestHost.StartAsync();
        using var response = await host.Device().PostRawAsync(endpoint, body);
        await OAuthAssert.ErrorAsync(response, 400, "invalid_request");
    }

    [Theory]
    [Trait("Row", "P-70"), Trait("Row", "P-06"), Trait("Row", "P-07"), Trait("Row", "P-08")]
    [InlineData("&foo=1&foo=2&scope=", "authorization_pending")]
    [InlineData("&client_secret=", "authorization_pending")]
    [InlineData("&grant_type=x", "invalid_request")]
    [InlineData("&grant_type=", "invalid_request")]
    [InlineData("&client_id=tv", "invalid_request")]
    [InlineData("&device_code=", "invalid_request")]
    public async Task The_token_endpoint_has_the_same_rules_for_parameters(string rest, string error)
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        using var response = await host.Device().PostRawAsync(
            "token", $"grant_type={Wire.GrantType}&device_code={codes.DeviceCode}&client_id=tv{rest}");
        await OAuthAssert.ErrorAsync(response, 400, error);
    }

    [Fact]
    [Trait("Row", "P-56"), Trait("Row", "P-72")]
    public async Task An_earlier_approval_approves_no_new_code_not_even_of_the_same_device()
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var alice = await host.SignInAsync("alice");
        for (var i = 0; i < 2; i++)
        {
            using var start = await device.PostFormAsync("init", ("client_id", "tv"), ("client_device_identifier", "living-room"));
            var codes = StartedCodes.From(await start.JsonAsync());
            Assert.Equal("authorization_pending", await (await device.PollAsync(codes.DeviceCode)).ErrorAsync());
            (await alice.ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
            Assert.Equal(HttpStatusCode.OK, (await device.PollAsync(codes.DeviceCode)).StatusCode);
        }
    }

    [Theory]
    [Trait("Row", "P-65")]
    [InlineData("admin", HttpStatusCode.Forbidden)]
    [InlineData("library.write", HttpStatusCode.Forbidden)]
    [InlineData("LIBRARY.READ", HttpStatusCode.Forbidden)]
    public async Task Nothing_is_granted_that_was_not_asked_for(string scope, HttpStatusCode status)
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartAsync(scope: "library.read");
        Assert.Equal(status, (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode, "library.read", scope)).StatusCode);
        Assert.Equal("authorization_pending", await (await device.PollAsync(codes.DeviceCode)).ErrorAsync());
    }
}
