using System.Net;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Logging;

namespace DeviceAuthorization.Tests;

/// <summary>Which claims limit a sign-in to some scopes, and what people and operators are told.</summary>
public sealed class ApproverScopeTests
{
    private const int Limited = 41;
    private static readonly string[] All = ["library.read", "library.write"];

    public static TheoryData<string?, string, string> Claims => new()
    {
        // ApproverScopeClaim, the claims of the token, what can be granted
        { null, "", "library.read library.write" },
        { null, """ "scope": "library.read other" """, "library.read" },
        { null, """ "scope": ["library.read", "other"] """, "library.read" },
        { null, """ "scope": ["other library.read", "library.write"] """, "library.read library.write" },
        { null, """ "scp": "library.read" """, "library.read" },
        { null, """ "scp": ["library.read"] """, "library.read" },
        { null, """ "scope": "library.read", "scp": "library.write" """, "library.read library.write" },
        { null, """ "scope": "openid email offline_access" """, "library.read library.write" }, // the provider's own
        { null, """ "scope": "openid", "scp": "email" """, "library.read library.write" },
        { null, """ "scope": "openid library.read" """, "library.read" },
        { null, """ "scope": "openid profile" """, "" }, // this host has a scope of that name
        { null, """ "scope": "other" """, "" },
        { null, """ "permissions": "library.read" """, "library.read library.write" },
        { "permissions", """ "permissions": ["library.read"], "scope": "other" """, "library.read" },
        { "permissions", """ "scope": "library.read" """, "library.read library.write" },
        { null, """ "scope": "" """, "" },
        { "scope", """ "scope": "" """, "" },
        { "scope", """ "scope": "openid email" """, "" }, // the host says that this claim limits
        { "scp", """ "scp": "library.read", "scope": "other" """, "library.read" },
        { "", """ "scope": "library.read", "scp": "other" """, "library.read library.write" },
    };

    [Theory, MemberData(nameof(Claims))]
    public async Task A_sign_in_grants_what_its_scopes_allow(string? setting, string claims, string grantable)
    {
        await using var host = await StartAsync(setting);
        var codes = await host.Device().StartJsonAsync(scopes: All);
        var alice = With(host, claims);
        using var pending = await alice.GetAsync($"{Wire.Prefix}/pending/{codes.UserCode}");
        Assert.Equal(grantable, string.Join(' ', (await pending.JsonAsync()).Strings("allowed_scopes")));
        using var approved = await alice.ApproveAsync(codes.UserCode, All);
        Assert.Equal(grantable == "library.read library.write" ? HttpStatusCode.OK : HttpStatusCode.Forbidden, approved.StatusCode);
    }

    [Fact]
    public async Task Who_cannot_grant_for_lack_of_a_scope_hears_so_and_the_log_says_once_which_setting_decides()
    {
        await using var host = await StartAsync(null);
        var alice = With(host, """ "scope": "library.read" """);
        for (var device = 0; device < 3; device++)
        {
            var codes = await host.Device().StartJsonAsync($"id-{device}", scopes: All);
            using var refused = await alice.ApproveAsync(codes.UserCode, All);
            Assert.Equal((HttpStatusCode.Forbidden, "Your sign-in lacks the scopes for this."), (refused.StatusCode, await refused.DetailAsync()));
            using var approved = await alice.ApproveAsync(codes.UserCode, "library.read");
            Assert.Equal(HttpStatusCode.OK, approved.StatusCode);
        }

        var entry = Assert.Single(host.Logs.GetSnapshot(), entry => entry.Id.Id == Limited);
        Assert.Equal(LogLevel.Warning, entry.Level);
        Assert.Contains("lacks the scopes library.write, because its claim scope or scp limits it.", entry.Message, StringComparison.Ordinal);
        Assert.Contains("set DeviceAuthorization:ApproverScopeClaim", entry.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_the_account_lacks_it_the_sign_in_is_not_blamed()
    {
        await using var host = await StartAsync(null, new TestPolicy { Lacking = { ("alice", "library.write") } });
        foreach (var claims in new[] { "", """ "scope": "library.read" """ })
        {
            using var refused = await With(host, claims).ApproveAsync((await host.Device().StartJsonAsync(scopes: All)).UserCode, All);
            Assert.Equal("Approved scopes exceed what's allowed for this user", await refused.DetailAsync());
            Assert.Equal(["detail"], (await refused.JsonAsync()).EnumerateObject().Select(member => member.Name), StringComparer.Ordinal);
        }

        Assert.DoesNotContain(host.Logs.GetSnapshot(), entry => entry.Id.Id == Limited);
    }

    [Fact]
    public async Task The_page_says_that_it_is_the_sign_in_that_does_not_allow_it()
    {
        const string Text = "The way you signed in does not allow all of this.";
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync(scope: "library.read library.write");
        var limited = await host.SignInAsync("alice", "library.read");
        var review = await limited.ReviewAsync(codes.UserCode);
        Assert.Contains(Text, review, StringComparison.Ordinal);
        Assert.Single(host.Logs.GetSnapshot(), entry => entry.Id.Id == Limited);
        using var decided = await limited.PostDecisionAsync(review, "approve", untick: "library.read");
        Assert.Contains(Text, await decided.HtmlAsync(), StringComparison.Ordinal);

        var whole = await (await host.SignInAsync("bob")).ReviewAsync((await host.Device().StartAsync()).UserCode);
        Assert.DoesNotContain(Text, whole, StringComparison.Ordinal);
    }

    private static HttpClient With(TestHost host, string claims)
    {
        using var json = System.Text.Json.JsonDocument.Parse($"{{{claims}}}");
        return host.WithJwt(null, [.. json.RootElement.EnumerateObject().Select(claim => (claim.Name, (object)claim.Value.Clone()))]);
    }

    private static Task<TestHost> StartAsync(string? setting, IPairingPolicy? policy = null) => TestHost.StartAsync(
        options => (options.ApproverScheme, options.ApproverScopeClaim) = (JwtBearerDefaults.AuthenticationScheme, setting),
        services =>
        {
            services.AddAuthentication().AddTestBearer();
            services.AddSingleton(policy ?? new TestPolicy());
        });
}
