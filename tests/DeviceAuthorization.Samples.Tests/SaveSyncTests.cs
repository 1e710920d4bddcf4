using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Tests.Samples;

/// <summary>The sync of saves as RomM 5.4 speaks it. <c>Row</c> is the row of its checklist that a test shows.</summary>
public sealed class SaveSyncTests
{
    private const string Negotiate = "/api/sync/negotiate";

    [Fact]
    [Trait("RomM 5.4", "27")]
    [Trait("RomM 5.4", "28")]
    [Trait("RomM 5.4", "134")]
    [Trait("RomM", "negotiate_without_device_id_uses_bound_device")]
    [Trait("RomM", "negotiate_without_bound_or_payload_device_id_is_400")]
    [Trait("RomM", "sync_disabled")]
    [Trait("Weakness", "D7")]
    public async Task A_sync_is_of_the_device_that_is_named_or_else_of_the_one_that_calls()
    {
        await using var server = new PairingHostServer();
        var (client, id) = await server.PairAsync();
        var (_, others) = await server.PairAsync("bob");
        async Task<(HttpStatusCode Status, string? Says)> NegotiateAsync(HttpClient from, string deviceId = "")
        {
            var answer = await from.CallAsync("POST", Negotiate, $$"""{ {{deviceId}} "saves": [] }""");
            return (answer.Status, answer.Status == HttpStatusCode.OK
                ? (await client.CallAsync("GET", $"/api/sync/sessions/{answer.Body.GetProperty("session_id")}")).Body.String("device_id")
                : answer.Body.String("detail"));
        }

        Assert.Equal((HttpStatusCode.OK, id), await NegotiateAsync(client));
        Assert.Equal((HttpStatusCode.OK, id), await NegotiateAsync(client, "\"device_id\": \"\","));
        Assert.Equal((HttpStatusCode.OK, id), await NegotiateAsync(await server.UnboundAsync(), $"\"device_id\": \"{id}\","));
        Assert.Equal(
            (HttpStatusCode.BadRequest, "device_id is required (either in the request payload or implicit via a device-bound client token)"),
            await NegotiateAsync(await server.UnboundAsync()));
        Assert.Equal((HttpStatusCode.NotFound, "Device not found"), await NegotiateAsync(client, "\"device_id\": \"unknown\","));
        Assert.Equal((HttpStatusCode.NotFound, "Device not found"), await NegotiateAsync(client, $"\"device_id\": \"{others}\","));
        await client.CallAsync("PUT", $"/api/devices/{id}", """{ "sync_enabled": false }""");
        Assert.Equal((HttpStatusCode.BadRequest, "Sync is disabled for this device"), await NegotiateAsync(client));
        Assert.Equal(HttpStatusCode.Forbidden, (await (await server.UnboundAsync("assets.read")).CallAsync("POST", Negotiate, """{ "saves": [] }""")).Status); // needs devices.read, too
    }

    [Fact]
    [Trait("RomM 5.4", "26")]
    [Trait("RomM 5.4", "136")]
    public async Task The_answer_says_what_to_do_and_how_often()
    {
        await using var server = new PairingHostServer();
        var (client, _) = await server.PairAsync();
        Assert.Equal(
            """{"session_id":1,"operations":[],"total_upload":0,"total_download":0,"total_conflict":0,"total_no_op":0,"total_delete":0}""",
            (await client.CallAsync("POST", Negotiate, """{ "saves": [] }""")).Text);
        Assert.Equal(
            """{"session_id":2,"operations":[{"action":"upload","rom_id":7,"save_id":null,"file_name":"zelda.srm","slot":"autosave","emulator":null,"reason":"The server does not have this save","server_updated_at":null,"server_content_hash":null}],"total_upload":1,"total_download":0,"total_conflict":0,"total_no_op":0,"total_delete":0}""",
            (await client.CallAsync("POST", Negotiate, $$"""{ "saves": [{{Listed("one")}}] }""")).Text);
    }

    // The life of a slot that two devices share.
    [Fact]
    [Trait("RomM 5.4", "26")]
    public async Task Who_changed_a_save_wins_and_if_both_did_a_person_decides()
    {
        await using var server = new PairingHostServer();
        var (first, _) = await server.PairAsync();
        var (second, secondId) = await server.PairAsync(identifier: "story-2");

        Assert.Equal("upload", await AskAsync(first, "one"));
        var save = await UploadAsync(first, "one");
        Assert.Equal((HttpStatusCode.OK, "zelda.srm", "autosave", Md5("one")), (save.Status, save.Body.String("file_name"), save.Body.String("slot"), save.Body.String("content_hash")));
        Assert.Equal("no_op", await AskAsync(first, "one"));

        Assert.Equal("download", await AskAsync(second));
        Assert.Equal("one", (await second.CallAsync("GET", $"/api/saves/{save.Body.GetProperty("id")}/content?device_id={secondId}")).Text);
        Assert.Equal("no_op", await AskAsync(second, "one"));

        Assert.Equal("upload", await AskAsync(second, "two"));
        await UploadAsync(second, "two");
        Assert.Equal("download", await AskAsync(first, "one")); // the first still has what both had
        Assert.Equal("conflict", await AskAsync(first, "three")); // or it has played on meanwhile
        Assert.Equal(HttpStatusCode.Conflict, (await UploadAsync(first, "three")).Status);
        Assert.Equal(HttpStatusCode.OK, (await UploadAsync(first, "three", "&overwrite=true")).Status);
        Assert.Equal("download", await AskAsync(second, "two"));
    }

    [Fact]
    [Trait("RomM 5.4", "26")]
    public async Task A_save_that_was_deleted_on_the_server_is_deleted_on_devices_that_did_not_change_it()
    {
        await using var server = new PairingHostServer();
        var (client, _) = await server.PairAsync();
        var id = (await UploadAsync(client, "one")).Body.GetProperty("id");
        Assert.Equal(HttpStatusCode.OK, (await client.CallAsync("POST", "/api/saves/delete", $$"""{ "saves": [{{id}}] }""")).Status);
        var negotiated = await client.CallAsync("POST", Negotiate, $$"""{ "saves": [{{Listed("one")}}] }""");
        Assert.Equal(1, negotiated.Body.GetProperty("total_delete").GetInt32());
        var operation = negotiated.Body.GetProperty("operations")[0];
        Assert.Equal(("delete", "autosave", JsonValueKind.Null), (operation.String("action"), operation.String("slot"), operation.GetProperty("save_id").ValueKind));
        Assert.Equal("upload", await AskAsync(client, "two")); // what was played since is not lost
        Assert.Equal(HttpStatusCode.NotFound, (await client.CallAsync("POST", "/api/saves/delete", $$"""{ "saves": [{{id}}] }""")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await client.CallAsync("POST", "/api/saves/delete", "{}")).Status);
    }

    [Fact]
    public async Task A_save_that_was_deleted_on_the_device_is_offered_again_only_on_demand()
    {
        await using var server = new PairingHostServer();
        var (client, _) = await server.PairAsync();
        await UploadAsync(client, "one");
        Assert.Equal("", await AskAsync(client));
        Assert.Equal("download", await AskAsync(client, scope: ", \"restore_unlisted\": true"));
    }

    [Fact]
    [Trait("RomM 5.4", "135")]
    public async Task A_device_can_limit_what_is_offered_to_its_games_and_emulators()
    {
        await using var server = new PairingHostServer();
        var (first, _) = await server.PairAsync();
        var (second, _) = await server.PairAsync(identifier: "story-2");
        await UploadAsync(first, "one", "&emulator=mgba");
        Assert.Equal("download", await AskAsync(second));
        Assert.Equal("download", await AskAsync(second, scope: ", \"rom_ids\": null, \"emulators\": null"));
        Assert.Equal("download", await AskAsync(second, scope: ", \"rom_ids\": [7, 8]"));
        Assert.Equal("", await AskAsync(second, scope: ", \"rom_ids\": []"));
        Assert.Equal("upload download", await AskAsync(second, "two", ", \"rom_ids\": []", slot: "other")); // a game that it has a save of counts
        Assert.Equal(("download", ""), (await AskAsync(second, scope: ", \"emulators\": [\"mgba\"]"), await AskAsync(second, scope: ", \"emulators\": [\"snes9x\"]")));
        async Task<HttpStatusCode> ScopeAsync(int ids) =>
            (await second.CallAsync("POST", Negotiate, JsonSerializer.Serialize(new { saves = Array.Empty<object>(), rom_ids = Enumerable.Range(1, ids) }))).Status;
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.UnprocessableEntity), (await ScopeAsync(500), await ScopeAsync(501)));
    }

    // Clients of 5.0 to 5.3: no rom_ids, at times no hash, and no slot in the oldest.
    [Fact]
    public async Task Old_clients_are_compared_by_time_and_a_save_without_a_slot_is_only_kept()
    {
        await using var server = new PairingHostServer();
        var (client, _) = await server.PairAsync();
        await UploadAsync(client, "one");
        async Task<string> AskAsync(string member) => Actions(await client.CallAsync("POST", Negotiate, $$"""
            { "saves": [{ "rom_id": 7, "file_name": "zelda.srm", "file_size_bytes": 3, {{member}} }] }
            """));
        Assert.Equal("no_op", await AskAsync("\"slot\": \"autosave\", \"updated_at\": \"2026-11-23T11:59:00Z\""));
        Assert.Equal("upload", await AskAsync("\"slot\": \"autosave\", \"updated_at\": \"2026-11-23T12:00:01Z\""));
        Assert.Equal("upload", await AskAsync($"\"content_hash\": \"{Md5("one")}\", \"updated_at\": \"2026-11-23T11:59:00Z\""));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await client.CallAsync("POST", Negotiate, "{}")).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await client.CallAsync("POST", Negotiate, """{ "saves": [null] }""")).Status);
    }

    [Fact]
    public async Task A_device_that_does_not_trust_its_download_confirms_it()
    {
        await using var server = new PairingHostServer();
        var (first, _) = await server.PairAsync();
        var (second, secondId) = await server.PairAsync(identifier: "story-2");
        var id = (await UploadAsync(first, "one")).Body.GetProperty("id");
        await second.CallAsync("GET", $"/api/saves/{id}/content?optimistic=false");
        Assert.Equal("download", await AskAsync(second));
        Assert.Equal(HttpStatusCode.OK, (await second.CallAsync("POST", $"/api/saves/{id}/downloaded", $$"""{ "device_id": "{{secondId}}" }""")).Status);
        Assert.Equal("", await AskAsync(second));
        Assert.Equal(HttpStatusCode.NotFound, (await second.CallAsync("GET", "/api/saves/99/content")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await second.CallAsync("POST", "/api/saves/99/downloaded", "{}")).Status);
    }

    [Fact]
    public async Task Another_users_saves_are_not_there()
    {
        await using var server = new PairingHostServer();
        var (alice, _) = await server.PairAsync();
        var (bob, bobs) = await server.PairAsync("bob");
        var id = (await UploadAsync(alice, "one")).Body.GetProperty("id");
        Assert.Equal("", await AskAsync(bob));
        Assert.Equal("[]", (await bob.CallAsync("GET", "/api/saves")).Text);
        Assert.Equal(HttpStatusCode.NotFound, (await bob.CallAsync("GET", $"/api/saves/{id}/content")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await bob.CallAsync("POST", "/api/saves/delete", $$"""{ "saves": [{{id}}] }""")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await UploadAsync(alice, "two", $"&device_id={bobs}")).Status);
        Assert.Equal(1, (await alice.CallAsync("GET", "/api/saves?rom_id=7")).Body.GetArrayLength());
    }

    [Fact]
    [Trait("RomM 5.4", "29")]
    public async Task A_session_is_completed_once_with_what_was_played()
    {
        await using var server = new PairingHostServer();
        var (client, id) = await server.PairAsync();
        await client.CallAsync("POST", Negotiate, $$"""{ "saves": [{{Listed("one")}}] }""");
        server.Clock.Advance(TimeSpan.FromSeconds(5));
        const string Report = """
            { "operations_completed": 1, "operations_failed": 0,
              "play_sessions": [{ "rom_id": 7, "start_time": "2026-11-23T11:00:00Z", "end_time": "2026-11-23T11:30:00Z", "duration_ms": 1800000 }] }
            """;
        var session = $$"""{"id":1,"device_id":"{{id}}","user_id":1,"status":"completed","initiated_at":"2026-11-23T12:00:00+00:00","completed_at":"2026-11-23T12:00:05+00:00","operations_planned":1,"operations_completed":1,"operations_failed":0,"error_message":null,"created_at":"2026-11-23T12:00:00+00:00","updated_at":"2026-11-23T12:00:05+00:00"}""";
        Assert.Equal(
            $$$"""{"session":{{{session}}},"play_session_ingest":{"results":[{"index":0,"status":"created","id":1,"detail":null}],"created_count":1,"skipped_count":0}}""",
            (await client.CallAsync("POST", "/api/sync/sessions/1/complete", Report)).Text);
        Assert.Equal(session, (await client.CallAsync("GET", "/api/sync/sessions/1")).Text);
        Assert.Equal(id, (await client.CallAsync("GET", $"/api/play-sessions?device_id={id}")).Body[0].String("device_id"));

        var again = await client.CallAsync("POST", "/api/sync/sessions/1/complete", Report);
        Assert.Equal((HttpStatusCode.BadRequest, "Session is already completed"), (again.Status, again.Body.String("detail")));
        var unknown = await client.CallAsync("POST", "/api/sync/sessions/99/complete", Report);
        Assert.Equal((HttpStatusCode.NotFound, "Sync session with ID 99 not found"), (unknown.Status, unknown.Body.String("detail")));
        var (bob, _) = await server.PairAsync("bob");
        Assert.Equal(HttpStatusCode.NotFound, (await bob.CallAsync("GET", "/api/sync/sessions/1")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await bob.CallAsync("POST", "/api/sync/sessions/1/complete", Report)).Status);
    }

    [Fact]
    [Trait("RomM 5.4", "134")]
    public async Task A_device_has_a_session_for_each_negotiation()
    {
        await using var server = new PairingHostServer();
        var (client, id) = await server.PairAsync();
        var (second, secondId) = await server.PairAsync(identifier: "story-2");
        await client.CallAsync("POST", Negotiate, """{ "saves": [] }""");
        await client.CallAsync("POST", Negotiate, """{ "saves": [] }""");
        await second.CallAsync("POST", Negotiate, """{ "saves": [] }""");
        async Task<string[]> SessionsAsync(string query) =>
            [.. (await client.CallAsync("GET", "/api/sync/sessions" + query)).Body.EnumerateArray().Select(session => $"{session.GetProperty("id")} {session.String("status")}")];
        Assert.Equal(["3 in_progress", "2 in_progress", "1 in_progress"], await SessionsAsync(""));
        Assert.Equal(["2 in_progress", "1 in_progress"], await SessionsAsync($"?device_id={id}"));
        Assert.Equal(["3 in_progress"], await SessionsAsync($"?device_id={secondId}&limit=1"));

        var completed = await client.CallAsync("POST", "/api/sync/sessions/1/complete", "{}");
        Assert.Equal((HttpStatusCode.OK, JsonValueKind.Null), (completed.Status, completed.Body.GetProperty("play_session_ingest").ValueKind));
        Assert.Equal(["2 in_progress", "1 completed"], await SessionsAsync($"?device_id={id}"));
        var reversed = """{ "play_sessions": [{ "start_time": "2026-11-23T11:00:00Z", "end_time": "2026-11-23T10:00:00Z", "duration_ms": 0 }] }""";
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await client.CallAsync("POST", "/api/sync/sessions/2/complete", reversed)).Status);
        Assert.Equal(["2 in_progress", "1 completed"], await SessionsAsync($"?device_id={id}")); // nothing was done
    }

    [SuppressMessage("Security", "CA5351", Justification = "RomM's clients send MD5.")]
    internal static string Md5(string content) => Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(content)));

    internal static string Listed(string content, string slot = "autosave") => $$"""
        { "rom_id": 7, "file_name": "zelda.srm", "slot": "{{slot}}", "content_hash": "{{Md5(content)}}", "updated_at": "2026-11-23T11:00:00Z", "file_size_bytes": {{content.Length}} }
        """;

    internal static async Task<Answer> UploadAsync(HttpClient client, string content, string query = "")
    {
        using var form = new MultipartFormDataContent { { new StringContent(content), "saveFile", "zelda.srm" } };
        using var response = await client.PostAsync("/api/saves?rom_id=7&slot=autosave" + query, form);
        return new(response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>What a device with this save, or with none, is to do.</summary>
    private static async Task<string> AskAsync(HttpClient client, string? content = null, string scope = "", string slot = "autosave") =>
        Actions(await client.CallAsync("POST", Negotiate, $$"""{ "saves": [{{(content is null ? "" : Listed(content, slot))}}]{{scope}} }"""));

    private static string Actions(Answer negotiated) =>
        string.Join(' ', negotiated.Body.GetProperty("operations").EnumerateArray().Select(operation => operation.String("action")));
}
