using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace DeviceAuthorization.Tests.Samples;

/// <summary>The library under Native AOT: nothing that it needs was trimmed away. What is only found at run time is asked for here once.</summary>
public sealed class AotHostTests(AotHostServer server) : IClassFixture<AotHostServer>
{
    [Fact]
    public async Task A_device_pairs_and_calls_the_host_until_its_token_is_revoked()
    {
        var device = server.Client();
        var codes = await device.StartAsync();
        Assert.Equal((7, "XXXXX-XXXXX".Length), (codes.Body.GetProperty("interval").GetInt32(), codes.UserCode.Length));
        Assert.Equal("authorization_pending", await ErrorAsync(device, codes));
        Assert.Equal("slow_down", await ErrorAsync(device, codes));
        Assert.Contains("native:p:", await server.Redis.CliAsync("--scan"), StringComparison.Ordinal);

        var alice = await server.SignInAsync("alice");
        using (var approved = await alice.DecideOnPageAsync(codes.UserCode, "approve"))
        {
            Assert.Contains("Device approved", await approved.HtmlAsync(), StringComparison.Ordinal);
        }

        using var answer = await device.PollAsync(codes.DeviceCode);
        var token = (await answer.JsonAsync()).String("access_token")!;
        var paired = Bearer(token);
        Assert.Equal("""{"user":"alice","device":"tv","games":["Pong","Tetris"]}""", await paired.GetStringAsync("/api/library"));
        Assert.Equal("invalid_grant", await ErrorAsync(device, codes));

        var backend = server.Client();
        backend.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"backend:{Uri.EscapeDataString(AotHostServer.BackendSecret)}")));
        using var asked = await backend.PostFormAsync("introspect", ("token", token));
        Assert.Equal((true, "tv"), ((await asked.JsonAsync()).GetProperty("active").GetBoolean(), (await asked.JsonAsync()).String("client_id")));

        using var revoked = await device.PostFormAsync("revoke", ("client_id", "tv"), ("token", token));
        Assert.Equal(HttpStatusCode.OK, revoked.StatusCode);
        using var refused = await paired.GetAsync("/api/library");
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Contains("invalid_token", refused.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_device_pairs_in_the_dialect_of_RomM_and_has_settings()
    {
        var device = server.Client();
        var bob = await server.SignInAsync("bob");
        var codes = await device.StartJsonAsync("id-1", "Kitchen handheld");
        Assert.Equal("authorization_pending", await (await device.PollJsonAsync(codes.DeviceCode)).DetailAsync());
        var pending = await bob.CallAsync("GET", $"{Wire.Prefix}/pending/{codes.UserCode}");
        Assert.Equal(["library.read"], pending.Body.Strings("allowed_scopes"));
        var approved = await bob.CallAsync("POST", $"{Wire.Prefix}/approve", $$"""{ "user_code": "{{codes.UserCode}}", "approved_scopes": ["library.read"], "expires_in": "week" }""");
        Assert.Equal((HttpStatusCode.OK, "Kitchen handheld"), (approved.Status, approved.Body.String("device_name")));
        using var answer = await device.PollJsonAsync(codes.DeviceCode);
        var paired = await answer.JsonAsync();
        Assert.Contains("Kitchen handheld", await Bearer(paired.String("access_token")!).GetStringAsync("/api/library"), StringComparison.Ordinal);

        var id = paired.String("device_id")!;
        var changed = await bob.CallAsync("PUT", $"{DeviceCalls.Devices}/{id}", """{ "sync_mode": "file_transfer", "sync_config": { "host": "nas", "password": "hidden" } }""");
        Assert.Equal(
            ("file_transfer", """{"host":"nas","password":"********"}"""),
            (changed.Body.String("sync_mode"), changed.Body.GetProperty("sync_config").GetRawText().Replace(" ", "", StringComparison.Ordinal)));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await bob.CallAsync("PATCH", $"{DeviceCalls.Devices}/{id}", """{ "sync_mode": "none" }""")).Status);
        var other = await bob.AddAsync("""{ "name": "Other", "mac_address": "00:00:5e:00:53:01" }""");
        Assert.Equal(HttpStatusCode.Conflict, (await bob.RegisterAsync("""{ "mac_address": "00:00:5e:00:53:01", "allow_existing": false }""")).Status);
        Assert.Superset(new HashSet<string>([id, other], StringComparer.Ordinal), new HashSet<string>(await bob.IdsAsync(), StringComparer.Ordinal));
        Assert.Equal(HttpStatusCode.NoContent, (await bob.CallAsync("DELETE", $"{DeviceCalls.Devices}/{other}")).Status);

        var denied = await device.StartJsonAsync("id-2");
        Assert.Equal(HttpStatusCode.OK, (await bob.CallAsync("POST", $"{Wire.Prefix}/deny", $$"""{ "user_code": "{{denied.UserCode}}" }""")).Status);
        Assert.Equal("access_denied", await (await device.PollJsonAsync(denied.DeviceCode)).DetailAsync());
    }

    [Fact]
    public async Task A_person_makes_changes_and_revokes_tokens()
    {
        const string Tokens = "/api/client-tokens";
        var alice = await server.SignInAsync("alice");
        var made = await alice.CallAsync("POST", Tokens, """{ "name": "Script", "scopes": ["library.read", "devices.read"], "expires_in": "30d" }""");
        Assert.Equal(HttpStatusCode.Created, made.Status);
        var id = made.Body.String("id")!;
        Assert.Contains(id, await alice.IdsAsync(Tokens), StringComparer.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await Bearer(made.Body.String("raw_token")!).CallAsync("GET", DeviceCalls.Devices)).Status);
        var narrowed = await alice.CallAsync("PATCH", $"{Tokens}/{id}", """{ "scopes": ["library.read"] }""");
        Assert.Equal(["library.read"], narrowed.Body.Strings("scopes"));
        var renewed = await alice.CallAsync("PUT", $"{Tokens}/{id}/regenerate");
        Assert.Equal(HttpStatusCode.Forbidden, (await Bearer(renewed.Body.String("raw_token")!).CallAsync("GET", DeviceCalls.Devices)).Status);
        Assert.Equal(HttpStatusCode.OK, (await alice.CallAsync("DELETE", $"{Tokens}/{id}")).Status);
    }

    [Fact]
    public async Task A_person_uses_the_forms_of_the_page_of_devices()
    {
        var alice = await server.SignInAsync("alice");
        var id = await alice.AddAsync("""{ "name": "Attic TV" }""");
        Assert.Contains("Attic screen", await SentAsync("rename", id, "Attic screen"), StringComparison.Ordinal);
        Assert.Contains("<textarea", await SentAsync("token", name: "Backup script", scope: "library.read"), StringComparison.Ordinal);
        Assert.DoesNotContain("Backup script", await SentAsync("delete"), StringComparison.Ordinal);
        Assert.Contains("<textarea", await SentAsync("token", name: "Second script", scope: "library.read"), StringComparison.Ordinal);
        Assert.DoesNotContain("Second script", await SentAsync("sign-out"), StringComparison.Ordinal);
        Assert.DoesNotContain("Attic screen", await SentAsync("remove", id), StringComparison.Ordinal);
        Assert.Contains("Continue", await SentAsync("switch"), StringComparison.Ordinal);

        async Task<string> SentAsync(string form, string containing = "", string? name = null, string? scope = null)
        {
            using var answer = await alice.SendFormAsync(
                form, containing, name, change: scope is null ? null : fields => [.. fields.Select(field => (field.Name, field.Value)), ("scope0", scope)]);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            return await answer.Content.ReadAsStringAsync();
        }
    }

    [Fact]
    public async Task Pages_have_their_languages_and_the_screen_its_QR_code()
    {
        var alice = await server.SignInAsync("alice");
        using var chosen = await alice.PostPageAsync(
            "/pair/device/language", ("__RequestVerificationToken", Browser.Antiforgery(await alice.GetStringAsync("/pair/device"))), ("language", "ar"), ("page", "/pair/device"));
        var page = await alice.GetStringAsync("/pair/device");
        Assert.Contains("<html lang=\"ar\" dir=\"rtl\">", page, StringComparison.Ordinal);
        Assert.Contains("– Cartridge</title>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<path", await alice.GetStringAsync("/tv"), StringComparison.Ordinal);
        using var screen = await alice.PostAsync("/tv", null);
        Assert.Contains("<path", await screen.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    /// <summary>The same bytes as without AOT, where the JSON schemas come from reflection.</summary>
    [Fact]
    public async Task OpenAPI_describes_the_endpoints_as_it_does_in_PairingHost()
    {
        var native = JsonNode.Parse(await server.Client().GetStringAsync("/openapi/v1.json"))!;
        var usual = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "tests", "DeviceAuthorization.Samples.Tests", "OpenApiTests.The_document.verified.json")))!;
        var ours = usual["paths"]!.AsObject().Where(path => path.Key is not ("/" or "/login") && native["paths"]![path.Key] is not null).ToArray();
        Assert.Equal(15, ours.Length);
        Assert.All(ours, path => Assert.Equal(path.Value!.ToJsonString(), native["paths"]![path.Key]!.ToJsonString()));
        Assert.All(native["components"]!["schemas"]!.AsObject().Where(schema => schema.Key != "Library"), schema =>
            Assert.Equal(usual["components"]!["schemas"]![schema.Key]?.ToJsonString(), schema.Value!.ToJsonString()));
    }

    [Fact]
    public async Task Every_endpoint_answers_a_wrong_request_as_it_is_described()
    {
        var alice = await server.SignInAsync("alice");
        using var document = JsonDocument.Parse(await alice.GetStringAsync("/openapi/v1.json"));
        foreach (var path in document.RootElement.GetProperty("paths").EnumerateObject().Where(path => path.Value.GetRawText().Contains("503", StringComparison.Ordinal)))
        {
            foreach (var operation in path.Value.EnumerateObject())
            {
                var address = path.Name.Replace("{id}", $"{Guid.NewGuid()}", StringComparison.Ordinal).Replace("{code}", "BCDF", StringComparison.Ordinal);
                var answer = await alice.CallAsync(operation.Name.ToUpperInvariant(), address, operation.Value.TryGetProperty("requestBody", out _) ? "[]" : null);
                Assert.True(
                    (int)answer.Status < 500 && operation.Value.GetProperty("responses").TryGetProperty($"{(int)answer.Status}", out _),
                    $"{operation.Name} {path.Name}: {answer.Status} {answer.Text}");
            }
        }
    }

    [Fact]
    public async Task The_host_says_what_it_is_and_that_it_is_well()
    {
        Assert.Equal("Healthy", await server.Client().GetStringAsync("/health"));
        using var metadata = JsonDocument.Parse(await server.Client().GetStringAsync("/.well-known/oauth-authorization-server"));
        Assert.EndsWith("/api/auth/device/introspect", metadata.RootElement.String("introspection_endpoint"), StringComparison.Ordinal);
        Assert.Contains("The configuration has DeviceAuthorization:Securty, which is no setting", server.Log, StringComparison.Ordinal);
        Assert.Contains("Pairings are kept in Redis, devices and tokens in memory; limits are counted in Redis.", server.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_that_are_out_of_range_stop_the_start()
    {
        var (exitCode, output) = await server.RefuseAsync("--DeviceAuthorization:PollingInterval=00:00:00.5");
        Assert.NotEqual(0, exitCode);
        Assert.Contains("PollingInterval", output, StringComparison.Ordinal);
    }

    private static async Task<string?> ErrorAsync(HttpClient device, StartedCodes codes)
    {
        using var answer = await device.PollAsync(codes.DeviceCode);
        return await answer.ErrorAsync();
    }

    private HttpClient Bearer(string token)
    {
        var client = server.Client();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }
}
