using System.Net;
using System.Text.Json;
using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Tests.Samples;

/// <summary>The sample: the story of a device, who it is, and what it is about.</summary>
public sealed class PairingHostTests
{
    [Fact]
    [Trait("RomM", "grout_pairs_ingests_play_session")]
    public async Task A_device_pairs_plays_pairs_again_and_is_deleted()
    {
        await using var server = new PairingHostServer();
        var device = server.CreateClient();
        var init = await InitAsync(device);
        Assert.Equal("authorization_pending", (await PollAsync(device, init)).Body.String("detail"));
        var approved = await server.ApproveAsync(init.String("user_code")!, deviceName: "Kitchen handheld", expiresIn: "30d");
        Assert.Equal("Kitchen handheld", approved.String("device_name"));
        var paired = (await PollAsync(device, init)).Body;
        var (id, first) = (paired.String("device_id")!, server.Bearer(paired.String("access_token")!));
        Assert.Equal(server.Clock.GetUtcNow().AddDays(30), paired.GetProperty("expires_at").GetDateTimeOffset());

        var played = await first.CallAsync("POST", "/api/play-sessions", PlaySessionTests.Report());
        Assert.Equal((HttpStatusCode.Created, 1), (played.Status, played.Body.GetProperty("created_count").GetInt32()));
        var shown = await first.ShowAsync(id);
        Assert.Equal(
            ("Kitchen handheld", "grout", "muOS", "1.2.3", "story-1", JsonValueKind.Number),
            (shown.String("name"), shown.String("client"), shown.String("platform"), shown.String("client_version"), shown.String("client_device_identifier"), shown.GetProperty("user_id").ValueKind));

        var again = await InitAsync(device);
        await server.ApproveAsync(again.String("user_code")!);
        var renewed = (await PollAsync(device, again)).Body;
        var second = server.Bearer(renewed.String("access_token")!);
        Assert.Equal(id, renewed.String("device_id"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await first.CallAsync("GET", "/api/users/me")).Status);
        Assert.Equal(id, (await second.CallAsync("GET", "/api/play-sessions")).Body[0].String("device_id"));

        Assert.Equal(HttpStatusCode.NoContent, (await server.Basic("alice").CallAsync("DELETE", $"/api/devices/{id}")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await second.CallAsync("GET", "/api/users/me")).Status);
    }

    [Fact]
    [Trait("RomM", "bound_token_me_returns_current_device_id")]
    [Trait("RomM", "unbound_legacy_token_me_returns_null_device_id")]
    public async Task Who_am_I_names_the_device_that_asks()
    {
        await using var server = new PairingHostServer();
        var (client, id) = await server.PairAsync();
        Assert.Equal(id, (await client.CallAsync("GET", "/api/users/me")).Body.String("current_device_id"));
        Assert.Null((await (await server.UnboundAsync()).CallAsync("GET", "/api/users/me")).Body.String("current_device_id"));
        var me = await server.Basic("alice").CallAsync("GET", "/api/users/me");
        Assert.Equal(["id", "username", "enabled", "role", "oauth_scopes", "current_device_id"], me.Body.Names());
        Assert.Equal((1, "alice", "admin"), (me.Body.GetProperty("id").GetInt32(), me.Body.String("username"), me.Body.String("role")));
    }

    [Fact]
    public async Task People_sign_in_with_JSON_and_scripts_with_their_password()
    {
        await using var server = new PairingHostServer();
        var browser = server.CreateClient();
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.CallAsync("POST", "/api/login", """{ "username": "alice", "password": "wrong" }""")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.CallAsync("GET", "/api/devices")).Status);
        Assert.Equal(HttpStatusCode.OK, (await browser.CallAsync("POST", "/api/login", """{ "username": "bob", "password": "demo" }""")).Status);
        Assert.Equal("bob", (await browser.CallAsync("GET", "/api/users/me")).Body.String("username"));
        await browser.AddAsync("{}");
        Assert.Equal(HttpStatusCode.OK, (await browser.CallAsync("POST", "/api/logout")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.CallAsync("GET", "/api/devices")).Status);
        Assert.Single(await server.Basic("bob").IdsAsync());
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.Basic("mallory").CallAsync("GET", "/api/devices")).Status);
    }

    [Fact]
    public async Task Bob_cannot_grant_what_he_lacks()
    {
        await using var server = new PairingHostServer();
        var init = await InitAsync(server.CreateClient());
        var bob = server.Basic("bob");
        var pending = (await bob.CallAsync("GET", $"{PairingHostServer.Auth}/pending/{init.String("user_code")}")).Body;
        Assert.Contains("firmware.write", pending.Strings("requested_scopes"), StringComparer.Ordinal);
        Assert.DoesNotContain("firmware.write", pending.Strings("allowed_scopes"), StringComparer.Ordinal);
        var refused = await bob.CallAsync("POST", $"{PairingHostServer.Auth}/approve", JsonSerializer.Serialize(new { user_code = init.String("user_code"), approved_scopes = PairingHostServer.AllScopes }));
        Assert.Equal((HttpStatusCode.Forbidden, "Approved scopes exceed what's allowed for this user"), (refused.Status, refused.Body.String("detail")));
        Assert.Equal(HttpStatusCode.Forbidden, (await bob.CallAsync("POST", "/api/client-tokens", """{ "name": "x", "scopes": ["firmware.write"] }""")).Status);
    }

    private static async Task<JsonElement> InitAsync(HttpClient device, string identifier = "story-1")
    {
        var init = await device.CallAsync("POST", $"{PairingHostServer.Auth}/init", JsonSerializer.Serialize(new
        {
            client_device_identifier = identifier,
            name = "Handheld",
            client = "grout",
            platform = "muOS",
            client_version = "1.2.3",
            requested_scopes = PairingHostServer.AllScopes,
        }));
        Assert.Equal(HttpStatusCode.Created, init.Status);
        return init.Body;
    }

    private static Task<Answer> PollAsync(HttpClient device, JsonElement init) =>
        device.CallAsync("POST", $"{PairingHostServer.Auth}/token", JsonSerializer.Serialize(new { device_code = init.String("device_code") }));
}
