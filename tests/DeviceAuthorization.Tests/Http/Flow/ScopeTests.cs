using System.Net;

namespace DeviceAuthorization.Tests;

/// <summary>Which scopes a device may ask for, and which it gets (RFC 6749 §3.3, rows P-57, P-65 and ADV-24).</summary>
public sealed class ScopeTests
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
    public async Task A_malformed_scope_is_told_apart_from_an_unknown_one()
    {
        var longest = new string('a', 128);
        await using var host = await TestHost.StartAsync();
        foreach (var (scope, isMalformed) in new[]
        {
            ("nobody", false), ("nobody \"else\"", true), ("!#[]~", false),
            (longest, false), (longest + "a", true),
            (string.Join(' ', Enumerable.Repeat("a", 50)), false), (string.Join(' ', Enumerable.Repeat("a", 51)), true),
            ("a".PadLeft(1024), false), ("a".PadLeft(1025), true),
        })
        {
            using var response = await host.Device().PostFormAsync("init", ("client_id", "tv"), ("scope", scope));
            Assert.Equal(
                isMalformed ? "The parameter scope is malformed." : "A requested scope is unknown.",
                (await response.JsonAsync()).GetProperty("error_description").GetString());
        }
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
