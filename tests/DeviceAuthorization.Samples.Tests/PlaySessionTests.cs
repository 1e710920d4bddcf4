using System.Net;
using System.Text.Json;
using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Tests.Samples;

/// <summary>Play sessions by the rules of RomM 5.4. <c>Row</c> is the row of its checklist that a test shows.</summary>
public sealed class PlaySessionTests
{
    private const string Path = "/api/play-sessions";

    [Fact]
    [Trait("RomM 5.4", "30")]
    [Trait("RomM 5.4", "137")]
    [Trait("RomM", "play_session_inferred_from_bound_token")]
    [Trait("RomM", "explicit_device_id_wins_over_bound")]
    [Trait("RomM", "unbound_legacy_token_attaches_sessions_with_null_device")]
    [Trait("Weakness", "D6")]
    [Trait("Weakness", "D7")]
    public async Task A_report_is_about_the_device_it_names_or_else_about_the_one_that_calls()
    {
        await using var server = new PairingHostServer();
        var (client, id) = await server.PairAsync();
        var (_, others) = await server.PairAsync("bob");
        var second = await client.AddAsync("""{ "name": "Second" }""");
        var unbound = await server.UnboundAsync();
        var hour = 0;
        async Task<(HttpStatusCode Status, string? Device)> PlayAsync(HttpClient from, string deviceId)
        {
            var answer = await from.CallAsync("POST", Path, Report(deviceId, hour: hour++));
            return answer.Status == HttpStatusCode.Created
                ? (answer.Status, (await unbound.CallAsync("GET", Path)).Body[0].String("device_id"))
                : (answer.Status, answer.Body.String("detail"));
        }

        Assert.Equal((HttpStatusCode.Created, id), await PlayAsync(client, ""));
        Assert.Equal((HttpStatusCode.Created, id), await PlayAsync(client, "\"device_id\": null,"));
        Assert.Equal((HttpStatusCode.Created, id), await PlayAsync(client, "\"device_id\": \"\","));
        Assert.Equal((HttpStatusCode.Created, second), await PlayAsync(client, $"\"device_id\": \"{second}\","));
        Assert.Equal((HttpStatusCode.Created, null), await PlayAsync(unbound, ""));
        Assert.Equal((HttpStatusCode.Created, id), await PlayAsync(unbound, $"\"device_id\": \"{id}\","));
        Assert.Equal((HttpStatusCode.Created, null), await PlayAsync(server.Basic("alice"), ""));

        // RomM stores both of these without a device, and says nothing.
        Assert.Equal((HttpStatusCode.NotFound, "Device not found"), await PlayAsync(client, "\"device_id\": \"unknown\","));
        Assert.Equal((HttpStatusCode.NotFound, "Device not found"), await PlayAsync(client, $"\"device_id\": \"{others}\","));
        Assert.Equal(7, (await unbound.CallAsync("GET", Path)).Body.GetArrayLength());
    }

    [Fact]
    [Trait("RomM 5.4", "33")]
    [Trait("RomM 5.4", "138")]
    [Trait("RomM 5.4", "139")]
    public async Task Reading_never_guesses_the_device()
    {
        await using var server = new PairingHostServer();
        var (reader, id) = await server.PairAsync();
        var (narrow, narrowId) = await server.PairAsync(identifier: "story-2", scopes: ["roms.user.read", "roms.user.write"]);
        var (bob, bobs) = await server.PairAsync("bob");
        foreach (var device in new[] { reader, narrow, bob })
        {
            Assert.Equal(HttpStatusCode.Created, (await device.CallAsync("POST", Path, Report())).Status);
        }

        async Task<(HttpStatusCode Status, string[] Devices)> ReadAsync(HttpClient client, string query)
        {
            var answer = await client.CallAsync("GET", Path + query);
            return (answer.Status, answer.Status == HttpStatusCode.OK ? [.. answer.Body.EnumerateArray().Select(session => session.String("device_id")!)] : []);
        }

        // With devices.read: all devices, or one of them.
        Assert.Equal([narrowId, id], (await ReadAsync(reader, "")).Devices);
        Assert.Equal([narrowId, id], (await ReadAsync(reader, "?device_id=")).Devices);
        Assert.Equal([narrowId], (await ReadAsync(reader, $"?device_id={narrowId}")).Devices);
        Assert.Equal(HttpStatusCode.NotFound, (await ReadAsync(reader, $"?device_id={bobs}")).Status);

        // Without: only its own, by name.
        Assert.Equal([narrowId], (await ReadAsync(narrow, $"?device_id={narrowId}")).Devices);
        foreach (var query in new[] { "", "?device_id=", $"?device_id={id}", $"?device_id={bobs}", "?device_id=unknown" })
        {
            Assert.Equal(HttpStatusCode.Forbidden, (await ReadAsync(narrow, query)).Status);
        }

        var unbound = await server.UnboundAsync("roms.user.read");
        Assert.Equal(HttpStatusCode.Forbidden, (await ReadAsync(unbound, "")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await ReadAsync(unbound, $"?device_id={id}")).Status);
    }

    [Fact]
    [Trait("RomM 5.4", "31")]
    [Trait("RomM 5.4", "32")]
    public async Task A_report_has_one_to_a_hundred_sessions_that_end_after_they_start()
    {
        await using var server = new PairingHostServer();
        var (client, _) = await server.PairAsync();
        async Task<(HttpStatusCode Status, string? Says)> ReportAsync(string sessions)
        {
            var answer = await client.CallAsync("POST", Path, $$"""{ "sessions": [{{sessions}}] }""");
            return (answer.Status, answer.Status == HttpStatusCode.Created ? null : answer.Body.String("detail"));
        }

        static string Sessions(int count) => string.Join(',', Enumerable.Range(0, count).Select(n =>
            $$"""{ "rom_id": {{n}}, "start_time": "2026-11-23T12:00:00Z", "end_time": "2026-11-23T12:00:01Z", "duration_ms": 0 }"""));
        Assert.Equal((HttpStatusCode.BadRequest, "Payload must contain at least one session"), await ReportAsync(Sessions(0)));
        Assert.Equal((HttpStatusCode.Created, null), await ReportAsync(Sessions(1)));
        Assert.Equal((HttpStatusCode.Created, null), await ReportAsync(Sessions(100)));
        Assert.Equal((HttpStatusCode.BadRequest, "Batch size exceeds maximum of 100"), await ReportAsync(Sessions(101)));
        foreach (var (start, end, duration) in new[] { ("00:02Z", "00:01Z", 0), ("00:01Z", "00:01Z", 0), ("00:01.1Z", "00:01.9Z", 0), ("00:01Z", "00:02Z", -1) })
        {
            var session = $$"""{ "start_time": "2026-11-23T12:{{start}}", "end_time": "2026-11-23T12:{{end}}", "duration_ms": {{duration}} }""";
            Assert.Equal(HttpStatusCode.UnprocessableEntity, (await ReportAsync(session)).Status);
        }

        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await ReportAsync("null")).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await client.CallAsync("POST", Path, "{}")).Status);
    }

    [Fact]
    [Trait("RomM 5.4", "140")]
    public async Task A_report_is_answered_session_by_session_and_may_be_sent_again()
    {
        await using var server = new PairingHostServer();
        var (client, id) = await server.PairAsync();
        var first = await client.CallAsync("POST", Path, Report());
        Assert.Equal("""{"results":[{"index":0,"status":"created","id":1,"detail":null}],"created_count":1,"skipped_count":0}""", first.Text);
        var again = await client.CallAsync("POST", Path, Report());
        Assert.Equal((HttpStatusCode.Created, 0, 1), (again.Status, again.Body.GetProperty("created_count").GetInt32(), again.Body.GetProperty("skipped_count").GetInt32()));
        Assert.Equal(
            $$"""[{"id":1,"user_id":1,"device_id":"{{id}}","rom_id":7,"save_slot":null,"start_time":"2026-11-23T00:00:00+00:00","end_time":"2026-11-23T00:30:00+00:00","duration_ms":1800000,"created_at":"2026-11-23T12:00:00+00:00","updated_at":"2026-11-23T12:00:00+00:00"}]""",
            (await client.CallAsync("GET", Path)).Text);
    }

    [Fact]
    public async Task The_list_is_filtered_by_game_and_time_and_comes_in_pages()
    {
        await using var server = new PairingHostServer();
        var (client, _) = await server.PairAsync();
        foreach (var hour in Enumerable.Range(0, 4))
        {
            await client.CallAsync("POST", Path, Report(hour: hour));
        }

        async Task<string> HoursAsync(string query) => string.Join(
            ' ', (await client.CallAsync("GET", Path + query)).Body.EnumerateArray().Select(session => session.GetProperty("start_time").GetDateTimeOffset().Hour));
        Assert.Equal("3 2 1 0", await HoursAsync(""));
        Assert.Equal("2 1", await HoursAsync("?limit=2&offset=1"));
        Assert.Equal("3 2", await HoursAsync("?start_after=2026-11-23T01:00:00Z&limit=1")); // a range of time has no pages
        Assert.Equal("1 0", await HoursAsync("?end_before=2026-11-23T02:00:00Z"));
        Assert.Equal(("3 2 1 0", ""), (await HoursAsync("?rom_id=7"), await HoursAsync("?rom_id=8")));
        foreach (var query in new[] { "?limit=0", "?limit=10001", "?offset=-1" })
        {
            Assert.Equal(HttpStatusCode.UnprocessableEntity, (await client.CallAsync("GET", Path + query)).Status);
        }
    }

    /// <summary>A report of one session of half an hour.</summary>
    /// <param name="deviceId">The member, with a comma after it.</param>
    internal static string Report(string deviceId = "", int hour = 0) => $$"""
        { {{deviceId}} "sessions": [{ "rom_id": 7, "start_time": "2026-11-23T{{hour:D2}}:00:00Z", "end_time": "2026-11-23T{{hour:D2}}:30:00Z", "duration_ms": 1800000 }] }
        """;
}
