using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Tests.Samples;

/// <summary>Each client of RomM against the sample: what it sends, and what it reads of the answers. Written from their behaviour, not from their code.</summary>
public sealed class RomMClientTests
{
    private const string Auth = PairingHostServer.Auth;

    private static readonly string[] LastWords = ["expired_token", "access_denied"];

    private static readonly string[] GravitonScopes =
    [
        "me.read", "me.write", "roms.read", "roms.user.read", "roms.user.write", "platforms.read", "assets.read", "assets.write", "firmware.read", "collections.read",
        "collections.write", "devices.read", "devices.write",
    ];

    private const string GroutInit = """
        {
          "client_device_identifier": "5f2b0c9d8e7a4f6b9c1d2e3f4a5b6c7d", "name": "grout", "client": "grout", "platform": "muOS", "client_version": "v5.0.0",
          "requested_scopes": ["me.read", "platforms.read", "roms.read", "collections.read", "firmware.read", "assets.read", "assets.write", "devices.read", "devices.write"]
        }
        """;

    // Reads optional members leniently, accepts any 2xx, finds the error in "detail" whatever the status, waits one interval before it polls.
    [Fact]
    [Trait("RomM 5.4", "145")]
    public async Task Grout_pairs_and_calls_the_API()
    {
        await using var server = new PairingHostServer();
        var device = server.CreateClient();
        Assert.True(Major(await VersionAsync(device)) >= 5);
        var init = await device.CallAsync("POST", $"{Auth}/init", GroutInit);
        Assert.InRange((int)init.Status, 200, 299);
        var path = init.Body.String("verification_path_complete")!;
        Assert.Equal("http://romm.local/pair/device?user_code=" + init.Body.String("user_code"), "http://romm.local" + path); // plain concatenation
        var poll = JsonSerializer.Serialize(new { device_code = init.Body.String("device_code") });

        server.Clock.Advance(TimeSpan.FromSeconds(init.Body.GetProperty("interval").GetInt32()));
        Assert.Equal("authorization_pending", (await device.CallAsync("POST", $"{Auth}/token", poll)).Body.String("detail"));
        var slowed = await device.CallAsync("POST", $"{Auth}/token", poll);
        Assert.Equal("slow_down", slowed.Body.String("detail")); // it adds five seconds for good
        await server.ApproveAsync(init.Body.String("user_code")!, expiresIn: "never");
        server.Clock.Advance(TimeSpan.FromSeconds(10));
        var paired = await device.CallAsync("POST", $"{Auth}/token", poll);
        Assert.Equal(HttpStatusCode.OK, paired.Status);
        Assert.Equal(JsonValueKind.Null, paired.Body.GetProperty("expires_at").ValueKind); // becomes ""
        Assert.NotEmpty(paired.Body.String("device_id")!);

        // Up to six times 0.7 s apart, because a fresh token was refused at times elsewhere: here the first call passes.
        var client = server.Bearer(paired.Body.String("access_token")!);
        Assert.Equal(HttpStatusCode.OK, (await client.CallAsync("GET", "/api/platforms")).Status);
        Assert.Equal("alice", (await client.CallAsync("GET", "/api/users/me")).Body.String("username"));
        Assert.Equal(HttpStatusCode.OK, (await client.CallAsync("PUT", $"/api/devices/{paired.Body.String("device_id")}", """{ "client_version": "v5.1.0" }""")).Status);

        // Each sync: what it has on its card; empty members are left out.
        var id = paired.Body.String("device_id");
        await VersionAsync(client);
        var negotiated = await client.CallAsync("POST", "/api/sync/negotiate", $$"""{ "device_id": "{{id}}", "saves": [{{SaveSyncTests.Listed("one")}}] }""");
        Assert.Equal("upload", negotiated.Body.GetProperty("operations")[0].String("action"));
        Assert.Equal(HttpStatusCode.OK, (await SaveSyncTests.UploadAsync(client, "one", $"&device_id={id}")).Status);
        var completed = await client.CallAsync(
            "POST", $"/api/sync/sessions/{negotiated.Body.GetProperty("session_id")}/complete", """{ "operations_completed": 1, "operations_failed": 0 }""");
        Assert.Equal((HttpStatusCode.OK, "completed"), (completed.Status, completed.Body.GetProperty("session").String("status")));
    }

    // All six members of init required and typed; unknown ones passed over; device_id kept, and PUT after an upgrade of the app.
    [Fact]
    public async Task Argosy_launcher_pairs_and_renames_itself_when_it_is_upgraded()
    {
        await using var server = new PairingHostServer();
        var device = server.CreateClient();
        Assert.True(Major((await VersionAsync(device)).Split('-')[0]) >= 5);
        var init = await device.CallAsync("POST", $"{Auth}/init", """
            {
              "client_device_identifier": "argosy-1f2e3d4c5b6a7988", "name": "Pixel 9", "client": "argosy-launcher", "platform": "Android", "client_version": "2.7.0",
              "requested_scopes": ["me.read", "me.write", "roms.read", "roms.write", "roms.user.read", "roms.user.write", "platforms.read", "platforms.write",
                "assets.read", "assets.write", "firmware.read", "firmware.write", "collections.read", "collections.write", "devices.read", "devices.write"]
            }
            """);
        AssertAllSix(init);
        var approved = await server.ApproveAsync(init.Body.String("user_code")!, "bob"); // who lacks firmware.write: it pairs with fifteen
        var paired = await device.CallAsync("POST", $"{Auth}/token", JsonSerializer.Serialize(new { device_code = init.Body.String("device_code") }));
        Assert.Equal(approved.String("device_id"), paired.Body.String("device_id"));
        Assert.Equal(15, paired.Body.Strings("scopes").Length);
        Assert.True(DateTimeOffset.TryParse(paired.Body.String("expires_at"), CultureInfo.InvariantCulture, out _));
        var client = server.Bearer(paired.Body.String("access_token")!);
        Assert.Equal("5", (await VersionAsync(client))[..1]);
        var me = (await client.CallAsync("GET", "/api/users/me")).Body;
        Assert.Equal(
            ("bob", "user", true, approved.String("device_id")),
            (me.String("username"), me.String("role"), me.GetProperty("enabled").GetBoolean(), me.String("current_device_id")));

        // It overwrites what pairing recorded. Were that refused, it would register a second device.
        var upgraded = await client.CallAsync("PUT", $"/api/devices/{approved.String("device_id")}", """
            { "name": "Pixel 9", "client": "argosy", "platform": "android", "client_version": "2.8.0", "sync_mode": "api" }
            """);
        Assert.Equal(
            (HttpStatusCode.OK, "argosy", "android", "2.8.0", "Pixel 9"),
            (upgraded.Status, upgraded.Body.String("client"), upgraded.Body.String("platform"), upgraded.Body.String("client_version"), upgraded.Body.String("name")));
        Assert.Equal([approved.String("device_id")!], await client.IdsAsync());
    }

    // From version 5.4 it also says what it can do, and asks what to install: on start, when it comes to the front, and when its socket tells it to.
    [Fact]
    [Trait("RomM 5.4", "146")]
    public async Task A_newer_argosy_launcher_says_what_it_can_do_and_takes_installs()
    {
        await using var server = new PairingHostServer();
        var (client, id) = await server.PairAsync(identifier: "argosy-1f2e3d4c5b6a7988");
        Assert.True(Version.Parse(await VersionAsync(client)) >= new Version(5, 4, 0));
        var named = await client.ShowAsync(id);
        var put = await client.CallAsync("PUT", $"/api/devices/{id}", """{ "capabilities": { "remote_install": true } }""");
        Assert.Equal((HttpStatusCode.OK, true), (put.Status, put.Body.GetProperty("capabilities").GetProperty("remote_install").GetBoolean()));
        Assert.Equal((named.String("name"), named.String("client")), (put.Body.String("name"), put.Body.String("client"))); // nothing else changed

        Assert.Null((await InstallTests.ClaimAsync(client, id)).Request); // 200 and []
        Assert.Equal(HttpStatusCode.Created, (await InstallTests.AskAsync(server.Basic("alice"), id)).Status);
        var (_, request) = await InstallTests.ClaimAsync(client, id);
        var failed = await client.CallAsync("PUT", $"{InstallTests.Path(id)}/{request}", """{ "status": "failed", "reason": "No space left" }""");
        Assert.Equal((HttpStatusCode.OK, "No space left"), (failed.Status, failed.Body.String("reason")));
    }

    // Searches whole bodies for two words, gives up on the first 429 or 5xx, pays slow_down no heed.
    [Fact]
    public async Task The_Playnite_plugin_finds_its_two_words_only_where_they_are_meant()
    {
        await using var server = new PairingHostServer();
        var device = server.CreateClient();
        Assert.True(Version.Parse(await VersionAsync(device)) >= new Version(5, 0, 0));
        const string Init = """
            {
              "client_device_identifier": "Playnite-expired_token", "name": "access_denied", "client": "Playnite Plugin", "platform": "Windows", "client_version": "1.0",
              "requested_scopes": ["me.read", "me.write", "roms.read", "roms.user.read", "roms.user.write", "platforms.read", "assets.read", "assets.write",
                "firmware.read", "collections.read", "collections.write", "devices.read", "devices.write"]
            }
            """;
        foreach (var (decision, word) in new[] { ("approve", ""), ("deny", "access_denied"), ("", "expired_token") })
        {
            var init = await device.CallAsync("POST", $"{Auth}/init", Init);
            var poll = JsonSerializer.Serialize(new { device_code = init.Body.String("device_code") });
            for (var second = 0; second < 120; second++)
            {
                var answer = await device.CallAsync("POST", $"{Auth}/token", poll); // every second, whatever it is told
                Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
                Assert.DoesNotContain("expired_token", answer.Text, StringComparison.Ordinal);
                Assert.DoesNotContain("access_denied", answer.Text, StringComparison.Ordinal);
                server.Clock.Advance(TimeSpan.FromSeconds(1));
            }

            switch (decision)
            {
                case "approve":
                    await server.ApproveAsync(init.Body.String("user_code")!);
                    break;
                case "deny":
                    await server.Basic("alice").CallAsync("POST", $"{Auth}/deny", JsonSerializer.Serialize(new { user_code = init.Body.String("user_code") }));
                    break;
                default:
                    server.Clock.Advance(TimeSpan.FromMinutes(10));
                    break;
            }

            var last = await device.CallAsync("POST", $"{Auth}/token", poll);
            Assert.Equal(decision == "approve" ? HttpStatusCode.OK : HttpStatusCode.BadRequest, last.Status);
            Assert.Equal(word, LastWords.FirstOrDefault(known => last.Text.Contains(known, StringComparison.Ordinal)) ?? "");
        }
    }

    // The plugin for RomM 5.0 to 5.3. It syncs as a device that it registers itself, although it has paired: by nothing that the paired device could be recognised by.
    [Fact]
    public async Task The_older_Playnite_plugin_syncs_as_a_second_device()
    {
        await using var server = new PairingHostServer();
        var (client, paired) = await server.PairAsync(identifier: "Playnite-DESKTOP");
        var registered = await client.CallAsync("POST", "/api/devices", """
            { "name": "DESKTOP", "platform": "Windows", "client": "playnite", "client_version": "0.9.0", "sync_mode": "api", "allow_existing": true }
            """);
        Assert.Equal(HttpStatusCode.Created, registered.Status); // as in RomM
        var own = registered.Body.String("device_id");
        Assert.Equal(new[] { own, paired }.Order(StringComparer.Ordinal), (await client.IdsAsync()).Order(StringComparer.Ordinal));

        async Task<JsonElement> NegotiateAsync(string content) => (await client.CallAsync(
            "POST", "/api/sync/negotiate", $$"""{ "device_id": "{{own}}", "saves": [{{SaveSyncTests.Listed(content)}}] }""")).Body;
        var first = await NegotiateAsync("one");
        Assert.Equal(("upload", JsonValueKind.Null), (first.GetProperty("operations")[0].String("action"), first.GetProperty("operations")[0].GetProperty("save_id").ValueKind));
        Assert.Equal(HttpStatusCode.OK, (await SaveSyncTests.UploadAsync(client, "one", $"&emulator=retroarch&device_id={own}&session_id={first.GetProperty("session_id")}")).Status);
        Assert.Equal(
            HttpStatusCode.OK,
            (await client.CallAsync("POST", $"/api/sync/sessions/{first.GetProperty("session_id")}/complete", """{ "operations_completed": 1, "operations_failed": 0 }""")).Status);

        // Another device uploads, this one has played on: the later save wins, by PUT of the save that the operation names.
        var (other, _) = await server.PairAsync(identifier: "other");
        await SaveSyncTests.UploadAsync(other, "two", "&overwrite=true");
        var conflict = (await NegotiateAsync("three")).GetProperty("operations")[0];
        Assert.Equal("conflict", conflict.String("action"));
        var save = $"/api/saves/{conflict.GetProperty("save_id")}";
        using var form = new MultipartFormDataContent { { new StringContent("three"), "saveFile", "zelda.srm" } };
        using var put = await client.PutAsync($"{save}?device_id={own}", form);
        Assert.Equal(HttpStatusCode.OK, put.StatusCode);
        Assert.Equal("no_op", (await NegotiateAsync("three")).GetProperty("operations")[0].String("action"));
        Assert.Equal("three", (await client.CallAsync("GET", $"{save}/content?device_id={own}&session_id=2")).Text);
        Assert.Equal(HttpStatusCode.OK, (await client.CallAsync("POST", $"{save}/downloaded", $$"""{ "device_id": "{{own}}" }""")).Status);
    }

    // Its HTTP client sends JSON in chunks, and every member that it has no value for as null.
    [Fact]
    [Trait("RomM 5.4", "147")]
    public async Task The_Playnite_plugin_Graviton_finds_its_device_and_reports_itself()
    {
        await using var server = new PairingHostServer();
        var device = server.CreateClient();
        using var started = await device.PostAsJsonAsync($"{Auth}/init", new
        {
            client_device_identifier = "Graviton-DESKTOP",
            name = "Graviton-DESKTOP",
            client = "Graviton (Playnite Plugin)",
            platform = "Windows",
            client_version = "0.4.0",
            requested_scopes = GravitonScopes,
        });
        var init = await started.Content.ReadFromJsonAsync<JsonElement>();
        await server.ApproveAsync(init.String("user_code")!);
        server.Clock.Advance(TimeSpan.FromSeconds(5));
        using var polled = await device.PostAsJsonAsync($"{Auth}/token", new { device_code = init.String("device_code") });
        Assert.Equal(HttpStatusCode.OK, polled.StatusCode); // anything but 200 and 400 ends its pairing
        var paired = await polled.Content.ReadFromJsonAsync<JsonElement>();
        var (id, client) = (paired.String("device_id")!, server.Bearer(paired.String("access_token")!));

        // It logs in after pairing, and each time it starts.
        for (var login = 0; login < 2; login++)
        {
            Assert.True(Version.Parse(await VersionAsync(client)) >= new Version(5, 4));
            var known = Assert.Single((await client.CallAsync("GET", "/api/devices")).Body.EnumerateArray(), shown => shown.String("id") == id);
            Assert.Equal(JsonValueKind.String, known.GetProperty("last_seen").ValueKind); // it cannot read null there
            using var put = await client.PutAsJsonAsync($"/api/devices/{id}", new
            {
                name = (string?)null,
                platform = "Windows",
                client = "Graviton (Playnite Plugin)",
                client_version = "0.4.0",
                mac_address = (string?)null,
                hostname = "DESKTOP",
            });
            Assert.Equal(HttpStatusCode.OK, put.StatusCode);
            Assert.Null((await put.Content.ReadFromJsonAsync<JsonElement>()).String("name")); // the name is lost, as in RomM: null is what it sends
            Assert.Equal("alice", (await client.CallAsync("GET", "/api/users/me")).Body.String("username"));
            Assert.NotEmpty((await client.CallAsync("GET", "/api/platforms")).Body.EnumerateArray());
        }

        // It claims what to install without a body, also while it has no socket. It says nothing of its capabilities, so nobody can ask it yet.
        Assert.Null((await InstallTests.ClaimAsync(client, id)).Request);
        Assert.Equal(HttpStatusCode.BadRequest, (await InstallTests.AskAsync(server.Basic("alice"), id)).Status);

        // Were its device gone, it would register itself, with a hardware address without separators or with none. Now that would find the same device.
        using var again = await client.PostAsJsonAsync("/api/devices", new
        {
            name = "Graviton-DESKTOP",
            platform = "Windows",
            client = "Graviton (Playnite Plugin)",
            client_version = "0.4.0",
            mac_address = (string?)null,
            hostname = "DESKTOP",
        });
        Assert.Equal((HttpStatusCode.OK, id), (again.StatusCode, (await again.Content.ReadFromJsonAsync<JsonElement>()).String("device_id")));
    }

    // 200 or 201 for init, only 200 for the token, an array of exactly the scopes it asked for, a path that begins with one slash.
    [Fact]
    public async Task Skiff_gets_exactly_the_scopes_it_asked_for()
    {
        await using var server = new PairingHostServer();
        var device = server.CreateClient();
        var init = await device.CallAsync("POST", $"{Auth}/init", """
            { "client_device_identifier": "00112233445566778899aabbccddeeff", "name": "PSP", "client": "skiff", "platform": "PSP", "client_version": "1", "requested_scopes": ["roms.read", "platforms.read"] }
            """);
        Assert.True(init.Status is HttpStatusCode.OK or HttpStatusCode.Created);
        AssertAllSix(init);
        var poll = JsonSerializer.Serialize(new { device_code = init.Body.String("device_code") });
        var pending = await device.CallAsync("POST", $"{Auth}/token", poll);
        Assert.Equal((HttpStatusCode.BadRequest, "authorization_pending"), (pending.Status, pending.Body.String("detail")));
        await server.ApproveAsync(init.Body.String("user_code")!);
        var paired = await device.CallAsync("POST", $"{Auth}/token", poll);
        Assert.Equal(HttpStatusCode.OK, paired.Status);
        Assert.Equal(["platforms.read", "roms.read"], paired.Body.Strings("scopes"));
        Assert.Equal(HttpStatusCode.OK, (await server.Bearer(paired.Body.String("access_token")!).CallAsync("GET", "/api/platforms")).Status);
    }

    // Polls at once: the first poll is never too early. All four members of the token, only on 200.
    [Fact]
    public async Task Rommsync_nx_polls_at_once_and_is_not_too_early()
    {
        await using var server = new PairingHostServer();
        var device = server.CreateClient();
        var init = await device.CallAsync("POST", $"{Auth}/init", """
            {
              "client_device_identifier": "nx-9f86d081884c7d65", "name": "Switch", "client": "rommsync-nx", "platform": "switch", "client_version": "0.3.0",
              "requested_scopes": ["me.read", "platforms.read", "roms.read", "roms.user.read", "roms.user.write", "assets.read", "assets.write", "devices.read", "devices.write"]
            }
            """);
        AssertAllSix(init);
        var poll = JsonSerializer.Serialize(new { device_code = init.Body.String("device_code") });
        Assert.Equal("authorization_pending", (await device.CallAsync("POST", $"{Auth}/token", poll)).Body.String("detail"));
        Assert.Equal("slow_down", (await device.CallAsync("POST", $"{Auth}/token", poll)).Body.String("detail"));
        await server.ApproveAsync(init.Body.String("user_code")!, expiresIn: "30d");
        var paired = await device.CallAsync("POST", $"{Auth}/token", poll);
        Assert.Equal(["access_token", "device_id", "scopes", "expires_at"], paired.Body.Names()[..4]);
        var client = server.Bearer(paired.Body.String("access_token")!);
        var negotiated = await client.CallAsync("POST", "/api/sync/negotiate", """{ "device_id": null, "saves": [] }""");
        Assert.Equal((HttpStatusCode.OK, 0), (negotiated.Status, negotiated.Body.GetProperty("operations").GetArrayLength()));
    }

    [Fact]
    public async Task A_client_behind_one_address_is_told_to_wait_after_ten_starts_a_minute()
    {
        await using var server = new PairingHostServer();
        var device = server.CreateClient();
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(HttpStatusCode.Created, (await device.CallAsync("POST", $"{Auth}/init", GroutInit)).Status);
        }

        var refused = await device.CallAsync("POST", $"{Auth}/init", GroutInit);
        Assert.Equal((HttpStatusCode.TooManyRequests, "Too many authorize attempts. Try again later."), (refused.Status, refused.Body.String("detail")));
    }

    [Fact]
    [Trait("RomM 5.4", "34")]
    [Trait("RomM 5.4", "149")]
    public async Task The_heartbeat_says_what_the_server_can_do()
    {
        await using var server = new PairingHostServer();
        Assert.Equal(
            """{"SYSTEM":{"VERSION":"5.4.0","SHOW_SETUP_WIZARD":false},"DEVICE_INSTALL":{"ENABLED":true,"EXCLUDED_PLATFORM_SLUGS":["browser"]}}""",
            (await server.CreateClient().CallAsync("GET", "/api/heartbeat")).Text);
    }

    private static async Task<string> VersionAsync(HttpClient client) =>
        (await client.CallAsync("GET", "/api/heartbeat")).Body.GetProperty("SYSTEM").String("VERSION")!;

    private static int Major(string version) => int.Parse(version.TrimStart('v').Split('.')[0], CultureInfo.InvariantCulture);

    private static void AssertAllSix(Answer init)
    {
        foreach (var member in new[] { "device_code", "user_code", "verification_path", "verification_path_complete" })
        {
            Assert.NotEmpty(init.Body.String(member)!);
        }

        Assert.StartsWith("/", init.Body.String("verification_path"), StringComparison.Ordinal);
        Assert.False(init.Body.String("verification_path")!.StartsWith("//", StringComparison.Ordinal));
        Assert.Equal(("600", "5"), (init.Body.GetProperty("expires_in").GetRawText(), init.Body.GetProperty("interval").GetRawText())); // integers, not 600.0
    }
}
