using System.Net;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Builder;

namespace DeviceAuthorization.Tests;

/// <summary>A registered API asks about a token (RFC 7662): bad inputs 109 and 110, the rows P-92, P-93, T-23 and ADV-33.</summary>
public sealed class IntrospectionTests
{
    private const string Inactive = """{"active":false}""";

    private readonly TestPolicy _policy = new();

    [Fact]
    [Trait("Row", "P-92")]
    public async Task It_is_not_there_unless_the_host_maps_it()
    {
        await using var host = await Clients.StartHostAsync();
        using var answer = await AskAsync(host, "x");
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task A_live_token_is_told_with_whose_it_is_and_what_it_may()
    {
        await using var host = await StartAsync();
        var (token, id) = await PairAsync(host);
        using var answer = await AskAsync(host, token);
        var stored = Assert.Single(await host.Services.GetRequiredService<IDeviceRepository>().ListTokensAsync("alice", default));
        Assert.Equal(
            $$"""{"active":true,"scope":"library.read library.write","client_id":"tv","sub":"alice","exp":{{TestHost.Epoch.AddDays(90).ToUnixTimeSeconds()}},"iat":{{TestHost.Epoch.ToUnixTimeSeconds()}},"token_type":"Bearer","device_id":"{{id}}","jti":"{{stored.Id}}"}""",
            await answer.Content.ReadAsStringAsync());
        Assert.Equal("application/json", answer.Content.Headers.ContentType?.MediaType);
        OAuthAssert.NotCached(answer);
        Assert.Null(stored.LastUsedAt); // asking is no use
    }

    [Fact]
    public async Task A_token_made_by_hand_has_no_client_and_no_device_and_one_for_ever_no_end()
    {
        await using var host = await StartAsync(options => options.TokenLifetime = Timeout.InfiniteTimeSpan);
        var token = await (await host.SignInAsync("alice")).MakeTokenAsync();
        using var answer = await AskAsync(host, token);
        Assert.Equal("active scope sub iat token_type jti", string.Join(' ', (await answer.JsonAsync()).Names()));
    }

    [Fact]
    public async Task The_scopes_are_those_that_the_account_has_now()
    {
        await using var host = await StartAsync();
        var (token, _) = await PairAsync(host);
        _policy.Lacking.Add(("alice", "library.write"));
        using var fewer = await AskAsync(host, token);
        Assert.Equal("library.read", (await fewer.JsonAsync()).String("scope"));
        _policy.Lacking.Add(("alice", "library.read"));
        using var none = await AskAsync(host, token);
        Assert.Equal("active client_id sub exp iat token_type device_id jti", string.Join(' ', (await none.JsonAsync()).Names()));
    }

    public static TheoryData<string> Ends => ["unknown", "no token", "expired", "revoked", "renewed", "device removed", "account locked"];

    [Theory, MemberData(nameof(Ends))]
    [Trait("Row", "110"), Trait("Row", "P-93"), Trait("Row", "T-23"), Trait("Row", "ADV-33")]
    public async Task Whatever_is_not_live_is_inactive_and_nothing_else(string end)
    {
        await using var host = await StartAsync();
        var (token, id) = await PairAsync(host);
        var devices = host.Services.GetRequiredService<IDeviceRepository>();
        var stored = Assert.Single(await devices.ListTokensAsync("alice", default));
        switch (end)
        {
            case "unknown":
                token = DeviceToken.New("da_").Reveal();
                break;
            case "no token":
                token = "x";
                break;
            case "expired":
                host.Clock.Advance(TimeSpan.FromDays(90) - TimeSpan.FromMilliseconds(1));
                using (var last = await AskAsync(host, token))
                {
                    Assert.True((await last.JsonAsync()).GetProperty("active").GetBoolean());
                }

                host.Clock.Advance(TimeSpan.FromMilliseconds(1));
                break;
            case "revoked":
                Assert.True(await devices.RevokeAsync("alice", stored.Id, TestHost.Epoch));
                break;
            case "renewed":
                Assert.True(await devices.TryReplaceTokenAsync(stored with { Hash = TestData.NewHash() }, default));
                break;
            case "device removed":
                Assert.Equal(1, (await devices.DeleteAsync("alice", id, TestHost.Epoch, default)).Devices);
                break;
            default:
                _policy.Locked.Add("alice");
                break;
        }

        using var answer = await AskAsync(host, token);
        Assert.Equal((HttpStatusCode.OK, Inactive), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
        OAuthAssert.NotCached(answer);
    }

    [Theory]
    [Trait("Row", "109"), Trait("Row", "P-92")]
    [InlineData("", null, 401, "invalid_client")]
    [InlineData("client_id=tv", null, 401, "invalid_client")] // public: it names itself, and proves nothing
    [InlineData("client_id=nobody", null, 401, "invalid_client")]
    [InlineData("client_id=api", null, 401, "invalid_client")]
    [InlineData("client_id=api&client_secret=wrong", null, 401, "invalid_client")]
    [InlineData("", "api:wrong", 401, "invalid_client")]
    [InlineData("", "tv:", 401, "invalid_client")]
    [InlineData("", "a:b%", 403, "unauthorized_client")] // who it is, but may not
    public async Task Who_may_not_ask_learns_nothing(string body, string? basic, int status, string error)
    {
        var devices = new ProbingDeviceRepository();
        await using var host = await StartAsync(services: services => services.AddSingleton<IDeviceRepository>(devices));
        var (token, _) = await PairAsync(host);
        var authorization = basic is null ? null
            : basic == "a:b%" ? Clients.Basic("a:b%", Clients.Secret)
            : Clients.Basic(basic.Split(':')[0], basic.Split(':')[1]);
        using var answer = await host.SendFormAsync("introspect", $"token={token}&{body}", authorization);
        await OAuthAssert.ErrorAsync(answer, status, error, token);
        Assert.Equal(0, devices.LookUps);
    }

    [Fact]
    [Trait("Row", "109")]
    public async Task Where_no_client_is_registered_nobody_may_ask()
    {
        await using var host = await TestHost.StartAsync(map: app => app.MapTokenIntrospection());
        using var answer = await host.SendFormAsync("introspect", "client_id=tv&token=x");
        await OAuthAssert.ErrorAsync(answer, 401, "invalid_client");
        using var bearer = await host.SendFormAsync("introspect", "token=x", "Bearer " + await host.PairAsync());
        await OAuthAssert.ErrorAsync(bearer, 401, "invalid_client");
    }

    [Theory]
    [InlineData("")]
    [InlineData("token=")]
    [InlineData("token=a&token=a")]
    [InlineData("token=a&client_secret=x")]
    public async Task A_request_without_one_token_is_malformed(string body)
    {
        await using var host = await StartAsync();
        using var answer = await host.SendFormAsync("introspect", body, Clients.Basic("api", Clients.ApiSecret));
        await OAuthAssert.ErrorAsync(answer, 400, "invalid_request");
    }

    [Fact]
    public async Task Only_POST_of_a_form_is_allowed()
    {
        await using var host = await StartAsync();
        using var get = await host.Device().GetAsync($"{Wire.Prefix}/introspect?token=x");
        await OAuthAssert.ErrorAsync(get, 405, "invalid_request");
        Assert.Equal(["POST"], get.Content.Headers.Allow);
        using var json = await host.Device().PostJsonAsync("introspect", new { token = "x", client_id = "api", client_secret = Clients.ApiSecret });
        await OAuthAssert.ErrorAsync(json, 400, "invalid_request");
    }

    private Task<TestHost> StartAsync(Action<DeviceAuthorizationOptions>? configure = null, Action<IServiceCollection>? services = null) => Clients.StartHostAsync(
        configure,
        added =>
        {
            added.AddSingleton<IPairingPolicy>(_policy);
            services?.Invoke(added);
        },
        app =>
        {
            app.MapTokenIntrospection();
            app.MapDevicesPage();
        });

    private static async Task<(string Token, string DeviceId)> PairAsync(TestHost host)
    {
        var codes = await host.Device().StartAsync(scope: "library.read library.write");
        (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode, "library.read", "library.write")).EnsureSuccessStatusCode();
        using var answer = await host.Device().PollAsync(codes.DeviceCode);
        var body = await answer.JsonAsync();
        return (body.String("access_token")!, body.String("device_id")!);
    }

    private static Task<HttpResponseMessage> AskAsync(TestHost host, string token) =>
        host.SendFormAsync("introspect", "token=" + Uri.EscapeDataString(token), Clients.Basic("api", Clients.ApiSecret));
}
