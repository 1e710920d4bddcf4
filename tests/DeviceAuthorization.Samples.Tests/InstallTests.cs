using System.Globalization;
using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Tests.Samples;

/// <summary>A person asks a device to install a game, as in RomM 5.4. <c>Row</c> is the row of its checklist that a test shows.</summary>
public sealed class InstallTests
{
    [Fact]
    [Trait("RomM 5.4", "148")]
    public async Task A_device_takes_what_its_owner_asks_for_until_it_reports_the_end()
    {
        await using var server = new PairingHostServer();
        var (client, id) = await PairAsync(server);
        var alice = server.Basic("alice");
        var queued = await AskAsync(alice, id);
        Assert.Equal(HttpStatusCode.Created, queued.Status);
        var request = queued.Body.String("id");
        Assert.Equal(
            $$"""{"id":"{{request}}","user_id":1,"device_id":"{{id}}","rom_id":7,"file_ids":[71,72],"status":"pending","reason":null,"created_at":"2026-11-23T12:00:00+00:00","updated_at":"2026-11-23T12:00:00+00:00"}""",
            queued.Text);
        var again = await AskAsync(alice, id);
        Assert.Equal((HttpStatusCode.OK, request), (again.Status, again.Body.String("id")));

        // A report before the claim is too early.
        var early = await client.CallAsync("PUT", $"{Path(id)}/{request}", """{ "status": "done" }""");
        Assert.Equal((HttpStatusCode.Conflict, "Cannot move a pending request to done"), (early.Status, early.Body.String("detail")));

        // Claims repeat what was taken: the answer may have been lost.
        for (var claim = 0; claim < 2; claim++)
        {
            Assert.Equal(("taken", request), await ClaimAsync(client, id));
        }

        var done = await client.CallAsync("PUT", $"{Path(id)}/{request}", """{ "status": "done" }""");
        Assert.Equal((HttpStatusCode.OK, "done"), (done.Status, done.Body.String("status")));
        Assert.Null((await ClaimAsync(client, id)).Request);
        var second = await client.CallAsync("PUT", $"{Path(id)}/{request}", """{ "status": "done" }""");
        Assert.Equal((HttpStatusCode.NotFound, $"Install request {request} not found"), (second.Status, second.Body.String("detail")));
        Assert.Equal(HttpStatusCode.Created, (await AskAsync(alice, id)).Status); // and it can be asked for again
    }

    [Theory]
    [InlineData("done", null, 200)]
    [InlineData("already_installed", null, 200)]
    [InlineData("failed", "disk full", 200)]
    [InlineData("cancelled", null, 422)]
    [InlineData("taken", null, 422)]
    [InlineData(null, null, 422)]
    public async Task A_report_says_how_it_ended(string? status, string? reason, int expected)
    {
        await using var server = new PairingHostServer();
        var (client, id) = await PairAsync(server);
        var request = (await AskAsync(client, id)).Body.String("id");
        await ClaimAsync(client, id);
        var answer = await client.CallAsync("PUT", $"{Path(id)}/{request}", JsonSerializer.Serialize(new { status, reason }));
        Assert.Equal(expected, (int)answer.Status);
        if (expected == 200)
        {
            Assert.Equal((status, reason), (answer.Body.String("status"), answer.Body.String("reason")));
        }
    }

    [Fact]
    public async Task An_owner_cancels_what_has_not_ended()
    {
        await using var server = new PairingHostServer();
        var (client, id) = await PairAsync(server);
        var alice = server.Basic("alice");
        var request = (await AskAsync(alice, id)).Body.String("id");
        Assert.Equal(request, (await alice.CallAsync("GET", Path(id))).Body[0].String("id"));
        await ClaimAsync(client, id);
        var cancelled = await alice.CallAsync("DELETE", $"{Path(id)}/{request}");
        Assert.Equal((HttpStatusCode.OK, "cancelled"), (cancelled.Status, cancelled.Body.String("status")));
        Assert.Equal("[]", (await alice.CallAsync("GET", Path(id))).Text);
        Assert.Equal(HttpStatusCode.NotFound, (await alice.CallAsync("DELETE", $"{Path(id)}/{request}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await client.CallAsync("PUT", $"{Path(id)}/{request}", """{ "status": "done" }""")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await alice.CallAsync("DELETE", $"{Path(id)}/nonsense")).Status);
    }

    [Fact]
    public async Task A_request_that_nothing_happens_to_is_forgotten_after_two_days()
    {
        await using var server = new PairingHostServer();
        var (client, id) = await PairAsync(server);
        await AskAsync(client, id);
        server.Clock.Advance(TimeSpan.FromDays(2) - TimeSpan.FromSeconds(1));
        Assert.Equal("taken", (await ClaimAsync(client, id)).Status); // which begins the two days again
        server.Clock.Advance(TimeSpan.FromDays(2) - TimeSpan.FromSeconds(1));
        Assert.Equal("taken", (await ClaimAsync(client, id)).Status);
        server.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null((await ClaimAsync(client, id)).Request);
    }

    [Theory]
    [InlineData("""{ "rom_id": 7 }""", HttpStatusCode.BadRequest, "Device {0} does not accept remote installs", """{}""")]
    [InlineData("""{ "rom_id": 7 }""", HttpStatusCode.BadRequest, "Device {0} does not accept remote installs", """{ "remote_install": false, "x": true }""")]
    [InlineData("""{ "rom_id": 99 }""", HttpStatusCode.NotFound, "Rom with id '99' not found", """{ "remote_install": true }""")]
    [InlineData("""{ "rom_id": 9 }""", HttpStatusCode.BadRequest, "Roms for browser cannot be installed on a device", """{ "remote_install": true }""")]
    [InlineData("""{ "rom_id": 8 }""", HttpStatusCode.BadRequest, "This rom has no installable files", """{ "remote_install": true }""")]
    [InlineData("""{}""", HttpStatusCode.UnprocessableEntity, "rom_id must be at least 1", """{ "remote_install": true }""")]
    public async Task What_cannot_be_installed_is_refused(string request, HttpStatusCode status, string says, string capabilities)
    {
        await using var server = new PairingHostServer();
        var (client, id) = await PairAsync(server, capabilities: capabilities);
        var refused = await client.CallAsync("POST", Path(id), request);
        Assert.Equal((status, string.Format(CultureInfo.InvariantCulture, says, id)), (refused.Status, refused.Body.String("detail")));
    }

    [Fact]
    [Trait("RomM 5.4", "18")]
    [Trait("RomM 5.4", "19")]
    [Trait("RomM 5.4", "20")]
    [Trait("RomM 5.4", "21")]
    [Trait("RomM 5.4", "119")]
    [Trait("RomM 5.4", "120")]
    public async Task Only_the_device_itself_takes_and_reports()
    {
        await using var server = new PairingHostServer();
        var (client, id) = await PairAsync(server);
        var (sibling, _) = await PairAsync(server, identifier: "sibling");
        var (bob, _) = await PairAsync(server, user: "bob");
        var (narrow, narrowId) = await server.PairAsync(identifier: "narrow", scopes: ["devices.read"]);
        var (unbound, alice) = (await server.UnboundAsync(), server.Basic("alice"));
        var request = (await AskAsync(alice, id)).Body.String("id");
        async Task AssertAsync(HttpClient caller, HttpStatusCode owner, HttpStatusCode deviceOnly)
        {
            var report = await caller.CallAsync("PUT", $"{Path(id)}/{request}", """{ "status": "done" }""");
            Assert.Equal((deviceOnly, deviceOnly), ((await caller.CallAsync("POST", $"{Path(id)}/claim")).Status, report.Status));
            Assert.Equal(owner, (await caller.CallAsync("GET", Path(id))).Status);
            Assert.Equal(owner, (await AskAsync(caller, id)).Status);
        }

        await AssertAsync(sibling, HttpStatusCode.NotFound, HttpStatusCode.NotFound);
        await AssertAsync(bob, HttpStatusCode.NotFound, HttpStatusCode.NotFound);
        await AssertAsync(unbound, HttpStatusCode.OK, HttpStatusCode.Forbidden);
        await AssertAsync(alice, HttpStatusCode.OK, HttpStatusCode.Forbidden);
        Assert.Equal(HttpStatusCode.NotFound, (await alice.CallAsync("POST", $"{Path("unknown")}/claim")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await sibling.CallAsync("DELETE", $"{Path(id)}/{request}")).Status);
        Assert.Equal("pending", (await alice.CallAsync("GET", Path(id))).Body[0].String("status")); // nothing changed

        Assert.Equal(HttpStatusCode.Forbidden, (await narrow.CallAsync("POST", $"{Path(narrowId)}/claim")).Status); // its scopes come first
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.CreateClient().CallAsync("POST", $"{Path(id)}/claim")).Status);
        Assert.Equal("taken", (await ClaimAsync(client, id)).Status);
    }

    [Fact]
    [Trait("RomM 5.4", "117")]
    public async Task A_claim_makes_a_device_count_as_online_for_ninety_seconds()
    {
        await using var server = new PairingHostServer();
        var (client, id) = await PairAsync(server);
        var alice = server.Basic("alice");
        server.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal("[]", (await alice.CallAsync("GET", "/api/devices/online")).Text);
        await ClaimAsync(client, id);
        await SeenAsync(alice, id, server.Clock.GetUtcNow());
        server.Clock.Advance(TimeSpan.FromSeconds(89));
        Assert.Equal($"""["{id}"]""", (await alice.CallAsync("GET", "/api/devices/online")).Text);
        server.Clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("[]", (await alice.CallAsync("GET", "/api/devices/online")).Text);
    }

    [Fact]
    [Trait("RomM 5.4", "126")]
    public async Task A_device_hears_of_installs_over_its_socket_until_its_token_ends()
    {
        await using var server = new PairingHostServer();
        var (client, id) = await PairAsync(server);
        var alice = server.Basic("alice");
        using var socket = await ConnectAsync(server, client.DefaultRequestHeaders.Authorization!.Parameter!);
        Assert.Equal("""{"type":"connected"}""", await HearAsync(socket));
        var request = (await AskAsync(alice, id)).Body.String("id");
        Assert.Equal($$"""{"type":"install:queued","id":"{{request}}","rom_id":7}""", await HearAsync(socket));
        await AskAsync(alice, id); // nothing new
        await alice.CallAsync("DELETE", $"{Path(id)}/{request}");
        Assert.Equal($$"""{"type":"install:cancelled","id":"{{request}}","rom_id":7}""", await HearAsync(socket));

        var token = Assert.Single(await alice.IdsAsync("/api/client-tokens"));
        await alice.CallAsync("DELETE", $"/api/client-tokens/{token}");
        Assert.Equal("unauthorized", await HearAsync(socket));
    }

    [Fact]
    [Trait("RomM 5.4", "123")]
    [Trait("RomM 5.4", "124")]
    public async Task Only_a_device_that_may_read_devices_gets_a_socket()
    {
        await using var server = new PairingHostServer();
        var unbound = await server.UnboundAsync();
        var (narrow, _) = await server.PairAsync(scopes: ["me.read"]);
        foreach (var token in new[] { unbound.DefaultRequestHeaders.Authorization!.Parameter!, narrow.DefaultRequestHeaders.Authorization!.Parameter!, "nonsense" })
        {
            using var socket = await ConnectAsync(server, token);
            Assert.Equal("unauthorized", await HearAsync(socket));
        }
    }

    internal static string Path(string id) => $"/api/devices/{id}/installs";

    internal static Task<Answer> AskAsync(HttpClient caller, string id) => caller.CallAsync("POST", Path(id), """{ "rom_id": 7 }""");

    /// <summary>What the device gets of one claim, which has no body and no type.</summary>
    internal static async Task<(string? Status, string? Request)> ClaimAsync(HttpClient client, string id)
    {
        using var empty = new ByteArrayContent([]);
        Assert.Equal((0, null), (empty.Headers.ContentLength, empty.Headers.ContentType));
        using var response = await client.PostAsync($"{Path(id)}/claim", empty);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var claimed = JsonElement.Parse(await response.Content.ReadAsStringAsync());
        return claimed.EnumerateArray().ToArray() is [var only] ? (only.String("status"), only.String("id")) : (null, null);
    }

    /// <summary>A device that lets itself be told to install games.</summary>
    private static async Task<(HttpClient Client, string Id)> PairAsync(
        PairingHostServer server, string user = "alice", string identifier = "story-1", string capabilities = """{ "remote_install": true }""")
    {
        var (client, id) = await server.PairAsync(user, identifier);
        Assert.Equal(HttpStatusCode.OK, (await client.CallAsync("PUT", $"/api/devices/{id}", $$"""{ "capabilities": {{capabilities}} }""")).Status);
        return (client, id);
    }

    private static async Task<WebSocket> ConnectAsync(PairingHostServer server, string token)
    {
        var socket = await server.Server.CreateWebSocketClient().ConnectAsync(new Uri("ws://localhost/ws/devices"), default);
        await socket.SendAsync(Encoding.UTF8.GetBytes(token), WebSocketMessageType.Text, endOfMessage: true, default);
        return socket;
    }

    /// <summary>The next message, or why the socket was closed.</summary>
    private static async Task<string?> HearAsync(WebSocket socket)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var buffer = new byte[512];
        var message = await socket.ReceiveAsync(buffer, patience.Token);
        if (message.MessageType != WebSocketMessageType.Close)
        {
            return Encoding.UTF8.GetString(buffer, 0, message.Count);
        }

        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, patience.Token);
        return message.CloseStatusDescription;
    }

    /// <summary>The time of a device's last call is written after the answer.</summary>
    private static async Task SeenAsync(HttpClient owner, string id, DateTimeOffset at)
    {
        async Task<DateTimeOffset> LastSeenAsync() => (await owner.ShowAsync(id)).GetProperty("last_seen").GetDateTimeOffset();
        for (var reads = 0; reads < 1000 && await LastSeenAsync() != at; reads++)
        {
            await Task.Yield();
        }

        Assert.Equal(at, await LastSeenAsync());
    }
}
