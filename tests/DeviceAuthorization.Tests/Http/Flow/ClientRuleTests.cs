using System.Text.Json;
using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Tests;

/// <summary>What a registered client may ask for, and for how long: bad input 25, the rows T-28 and M-09.</summary>
public sealed class ClientRuleTests
{
    [Theory]
    [Trait("Row", "25"), Trait("Row", "T-28")]
    [InlineData("library.write")]
    [InlineData("profile library.write")]
    [InlineData("nobody.knows.it")]
    public async Task A_scope_that_is_not_for_the_client_is_as_unknown(string scope)
    {
        await using var host = await StartAsync(new DeviceClient { AllowedScopes = ["profile", "library.read"] });
        using var form = await host.Device().PostFormAsync("init", ("client_id", "tv"), ("scope", scope));
        await OAuthAssert.ErrorAsync(form, 400, "invalid_scope");
        using var json = await host.Device().PostJsonAsync("init", Json(scope.Split(' ')));
        await OAuthAssert.DetailAsync(json, 422);
        Assert.Equal($"Unknown scopes: {scope.Split(' ')[^1]}", await json.DetailAsync());
    }

    [Theory]
    [InlineData(null, "profile library.read", "library.read profile")]
    [InlineData(null, null, "library.read library.write profile")]
    [InlineData("library.write", "profile library.write", "library.write")]
    [InlineData("library.write profile", "profile", "profile")]
    public async Task Who_asks_for_no_scope_asks_for_those_of_the_defaults_that_the_client_may_have(string? defaults, string? allowed, string expected)
    {
        await using var host = await StartAsync(new DeviceClient { AllowedScopes = allowed?.Split(' ') }, options => options.DefaultScopes = defaults?.Split(' '));
        var codes = await host.Device().StartAsync(scope: null);
        using var pending = await (await host.SignInAsync("alice")).GetAsync($"{Wire.Prefix}/pending/{codes.UserCode}");
        Assert.Equal(expected, string.Join(' ', (await pending.JsonAsync()).Strings("requested_scopes")));
    }

    [Fact]
    public async Task What_oidc_agent_always_adds_is_passed_over_unless_it_is_for_the_client()
    {
        await using var host = await StartAsync(new DeviceClient { AllowedScopes = ["library.read"] }, options => options.Scopes.Add("openid", "Know who you are"));
        var codes = await host.Device().StartAsync(scope: "library.read openid");
        using var pending = await (await host.SignInAsync("alice")).GetAsync($"{Wire.Prefix}/pending/{codes.UserCode}");
        Assert.Equal(["library.read"], (await pending.JsonAsync()).Strings("requested_scopes"));
    }

    [Fact]
    public async Task A_client_can_have_a_lifetime_of_its_own()
    {
        await using var host = await StartAsync(new DeviceClient { PairingLifetime = TimeSpan.FromMinutes(2) }, options => options.Clients["cli"] = new DeviceClient());
        var (brief, usual) = (await host.Device().StartAsync(), await host.Device().StartAsync("cli"));
        Assert.Equal((120, 600), (brief.Body.GetProperty("expires_in").GetInt32(), usual.Body.GetProperty("expires_in").GetInt32()));
        host.Clock.Advance(TimeSpan.FromSeconds(120));
        Assert.Equal("expired_token", await (await host.Device().PollAsync(brief.DeviceCode)).ErrorAsync());
        Assert.Equal("authorization_pending", await (await host.Device().PollAsync(usual.DeviceCode, "cli")).ErrorAsync());
    }

    [Fact]
    public async Task A_client_whose_codes_are_typed_gets_no_link_in_either_dialect()
    {
        await using var host = await StartAsync(new DeviceClient { AllowLink = false });
        using var form = await host.Device().PostFormAsync("init", ("client_id", "tv"));
        using var json = await host.Device().PostJsonAsync("init", Json(["library.read"]));
        foreach (var body in (JsonElement[])[await form.JsonAsync(), await json.JsonAsync()])
        {
            Assert.DoesNotContain(body.Names(), name => name.EndsWith("_complete", StringComparison.Ordinal));
            Assert.Equal(("https://tv.example.com/pair/device", "/pair/device"), (body.String("verification_uri"), body.String("verification_path")));
            Assert.DoesNotContain("user_code=", body.GetRawText(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_host_that_starts_a_pairing_itself_learns_whether_it_may_draw_a_QR_code()
    {
        await using var host = await StartAsync(new DeviceClient { AllowLink = false });
        using var scope = host.Services.CreateScope();
        var pairings = scope.ServiceProvider.GetRequiredService<DeviceFlow>();
        var request = new PairingRequest { ClientId = "tv", Device = new ReportedDevice { Name = "TV" } };
        Assert.False(Assert.IsType<StartResult.Started>(await pairings.StartAsync(request)).AllowsLink);
        Assert.True(Assert.IsType<StartResult.Started>(await pairings.StartAsync(request with { ClientId = "the host's own" })).AllowsLink);
    }

    private static Task<TestHost> StartAsync(DeviceClient tv, Action<DeviceAuthorizationOptions>? configure = null) => TestHost.StartAsync(options =>
    {
        options.Clients["tv"] = tv;
        configure?.Invoke(options);
    });

    private static object Json(string[] scopes) => new { client_device_identifier = "id", name = "TV", client = "tv", requested_scopes = scopes };
}
