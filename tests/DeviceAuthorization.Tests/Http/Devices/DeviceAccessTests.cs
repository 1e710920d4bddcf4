using System.Net;
using System.Text;
using CsCheck;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Tests;

/// <summary>Who may call the API of devices and tokens, and what anybody may send it.</summary>
public sealed class DeviceAccessTests
{
    public static readonly TheoryData<string, string, string> Calls = new()
    {
        { "GET", "/api/devices", "devices.read" },
        { "GET", "/api/devices/{device}", "devices.read" },
        { "POST", "/api/devices", "devices.write" },
        { "PUT", "/api/devices/{device}", "devices.write" },
        { "PATCH", "/api/devices/{device}", "devices.write" },
        { "DELETE", "/api/devices/{device}", "devices.write" },
        { "GET", "/api/client-tokens", "me.read" },
        { "DELETE", "/api/client-tokens/{token}", "me.write" },
        { "POST", "/api/client-tokens", "me.write" },
        { "POST", "/api/client-tokens/revoke-all", "me.write" },
        { "PATCH", "/api/client-tokens/{token}", "me.write" },
        { "PUT", "/api/client-tokens/{token}/regenerate", "me.write" },
    };

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task Nobody_in_particular_is_401(string method, string path, string scope)
    {
        await using var host = await RegistryHost.StartAsync();
        foreach (var client in new[] { host.Device(), host.WithToken("da_" + new string('x', 49)) })
        {
            var answer = await client.CallAsync(method, await FillAsync(host, path), Json(method));
            Assert.Equal((HttpStatusCode.Unauthorized, """{"detail":"Not authenticated"}"""), (answer.Status, answer.Text));
        }

        Assert.NotEmpty(scope);
    }

    [Theory]
    [Trait("RomM", "missing_scope")]
    [MemberData(nameof(Calls))]
    public async Task A_token_needs_the_scope_and_its_owner_needs_it_now(string method, string path, string scope)
    {
        var policy = new TestPolicy();
        await using var host = await RegistryHost.StartAsync(services: services => services.AddSingleton<IPairingPolicy>(policy));
        var (without, _) = await host.PairJsonAsync(identifier: "id-2", scopes: [.. RegistryHost.Scopes.Where(other => other != scope), "profile"]);
        var (with, _) = await host.PairJsonAsync(identifier: "id-3", scopes: scope);
        var filled = await FillAsync(host, path);
        await ForbiddenAsync(host.WithToken(without), method, filled);
        policy.Lacking.Add(("alice", scope));
        await ForbiddenAsync(host.WithToken(with), method, filled); // demoted
        policy.Lacking.Clear();
        var forPeople = path.EndsWith("regenerate", StringComparison.Ordinal) || (path.Contains("tokens", StringComparison.Ordinal) && !path.EndsWith("revoke-all", StringComparison.Ordinal) && method is "POST" or "PATCH");
        var answer = await host.WithToken(with).CallAsync(method, filled, Json(method));
        Assert.Equal(forPeople, answer.Status == HttpStatusCode.Forbidden);
        policy.Locked.Add("alice");
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.WithToken(with).CallAsync(method, filled, Json(method))).Status);
    }

    [Fact]
    [Trait("Row", "100"), Trait("Row", "P-81")]
    public async Task A_token_that_lacks_the_scope_is_told_so()
    {
        await using var host = await RegistryHost.StartAsync();
        var (token, _) = await host.PairJsonAsync(identifier: "id-2", scopes: "profile");
        using var answer = await host.WithToken(token).GetAsync(RegistryHost.Devices);
        Assert.Equal(
            (HttpStatusCode.Forbidden, "Bearer realm=\"DeviceAuthorization\", error=\"insufficient_scope\""),
            (answer.StatusCode, answer.Headers.WwwAuthenticate.ToString()));
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task A_person_needs_the_scope_in_the_account_and_in_the_session(string method, string path, string scope)
    {
        var policy = new TestPolicy();
        await using var host = await RegistryHost.StartAsync(services: services => services.AddSingleton<IPairingPolicy>(policy));
        var filled = await FillAsync(host, path);
        var (alice, narrow) = (await host.SignInAsync("alice"), await host.SignInAsync("alice", string.Join(' ', RegistryHost.Scopes.Where(other => other != scope))));
        await ForbiddenAsync(narrow, method, filled, "Your sign-in lacks the scopes for this.");
        policy.Lacking.Add(("alice", scope));
        await ForbiddenAsync(alice, method, filled);
        policy.Lacking.Clear();
        policy.Locked.Add("alice");
        await ForbiddenAsync(alice, method, filled);
        policy.Locked.Clear();
        Assert.True((int)(await (await host.SignInAsync("alice", scope)).CallAsync(method, filled, Json(method))).Status < 300);
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task Another_site_changes_nothing_in_a_persons_name(string method, string path, string scope)
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice", scope);
        var filled = await FillAsync(host, path);
        foreach (var header in new[] { ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site"), ("Origin", "https://evil.example"), ("Origin", "null") })
        {
            // That an Authorization header stands beside proves nothing.
            foreach (var authorization in new[] { "", "Basic x", "Bearer" })
            {
                var answer = await alice.CallAsync(method, filled, Json(method), header, ("Authorization", authorization));
                Assert.Equal(method == "GET" ? HttpStatusCode.OK : HttpStatusCode.Forbidden, answer.Status);
            }
        }

        Assert.True((int)(await alice.CallAsync(method, filled, Json(method), ("Origin", "https://tv.example.com"))).Status < 300);
    }

    [Fact]
    [Trait("Weakness", "B17")]
    public async Task A_token_counts_even_beside_a_session()
    {
        await using var host = await RegistryHost.StartAsync();
        var (token, id) = await host.PairJsonAsync();
        var bob = await host.SignInAsync("bob");
        var answer = await bob.CallAsync("GET", RegistryHost.Devices, null, ("Authorization", $"Bearer {token}"));
        Assert.Equal(id, answer.Body[0].String("id"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await bob.CallAsync("GET", RegistryHost.Devices, null, ("Authorization", "Bearer x"))).Status);
    }

    [Fact]
    public async Task A_host_names_the_scopes()
    {
        await using var host = await RegistryHost.StartAsync(options => options.ManagementScopes = new() { ReadDevices = "profile", WriteDevices = "library.write" });
        var alice = await host.SignInAsync("alice", "profile library.write");
        await alice.AddAsync("{}");
        Assert.Single(await alice.IdsAsync());
        Assert.Equal(HttpStatusCode.Forbidden, (await (await host.SignInAsync("alice", "devices.read")).CallAsync("GET", RegistryHost.Devices)).Status);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("application/merge-patch+xml")]
    public async Task Only_JSON_is_read(string contentType)
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        using var content = new ByteArrayContent("{}"u8.ToArray());
        content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        using var answer = await alice.PostAsync(RegistryHost.Devices, content);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
    }

    [Fact]
    public async Task A_body_too_large_is_413_and_settings_too_large_or_deep_are_422()
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await alice.RegisterAsync($$"""{ "x": "{{new string('x', 40_000)}}" }""")).Status);
        Assert.Equal(HttpStatusCode.Created, (await alice.RegisterAsync($$"""{ "sync_config": { "x": "{{new string('x', 16_000)}}" } }""")).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await alice.RegisterAsync($$"""{ "sync_config": { "x": "{{new string('x', 17_000)}}" } }""")).Status);
        Assert.Equal(HttpStatusCode.Created, (await alice.RegisterAsync($$"""{ "sync_config": {{Documents.Nested(32)}} }""")).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await alice.RegisterAsync($$"""{ "sync_config": {{Documents.Nested(33)}} }""")).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await alice.RegisterAsync($$"""{ "sync_config": {{Documents.Nested(400)}} }""")).Status);
    }

    [Fact]
    public async Task Whatever_is_sent_is_no_server_error()
    {
        await using var host = await RegistryHost.StartAsync(options => options.MaxTokensPerUser = 100_000);
        var alice = await host.SignInAsync("alice");
        var (device, token) = (await alice.AddAsync("{}"), await FillAsync(host, "{token}"));
        var names = Gen.OneOf(
            "name", "platform", "mac_address", "hostname", "sync_mode", "sync_enabled", "sync_config", "allow_existing", "allow_duplicate", "reset_syncs",
            "scopes", "expires_in", "client", "\\ud800", "na\\u006de", "");
        var values = Gen.OneOf(
            "null", "true", "0", "1e999", "-0.0", "\"\"", "\"api\"", "\"\\ud800\"", "\"\\u0000\"", "\"AA:BB:CC:DD:EE:FF\"", "[]", "{}", "[null]", "[\"me.read\"]",
            "\"90d\"", "{\"password\":\"********\"}", "{\"password\":null,\"a\":[{\"pin\":1},\"{\\\"pin\\\":2}\"]}", "{\"a\":1,\"a\":2}", "\"\uFFFD\"", "[[[[[[", "\"");
        var bodies = Gen.OneOf(
            Gen.Select(names, values).Array[0, 4].Select(members => $$"""{{{string.Join(',', members.Select(member => $"\"{member.Item1}\":{member.Item2}"))}}}"""),
            Gen.String[Gen.Char[' ', '\uFFFF'], 0, 30]);
        var paths = Gen.OneOf(
            "/api/devices", $"/api/devices/{device}", "/api/devices/%E2%98%83", "/api/client-tokens", $"/api/client-tokens/{token}", $"/api/client-tokens/{token}/regenerate", "/api/client-tokens/1");
        await Gen.Select(Gen.OneOf("POST", "PUT", "PATCH", "GET"), paths, bodies).SampleAsync(
            async (method, path, body) =>
            {
                using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
                request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
                using var answer = await alice.SendAsync(request);
                Assert.True((int)answer.StatusCode < 500, $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
            },
            iter: 8_000,
            threads: 2);
    }

    private static async Task ForbiddenAsync(HttpClient client, string method, string path, string detail = "Forbidden")
    {
        var answer = await client.CallAsync(method, path, Json(method));
        Assert.Equal((HttpStatusCode.Forbidden, $$"""{"detail":"{{detail}}"}"""), (answer.Status, answer.Text));
    }

    private static string? Json(string method) => method is "GET" or "DELETE" ? null : """{ "name": "x", "scopes": ["me.write"] }""";

    /// <summary>The path with the ids of a device and of a token of alice.</summary>
    private static async Task<string> FillAsync(TestHost host, string path)
    {
        var (token, device) = await host.PairJsonAsync(identifier: "filled", scopes: "me.write");
        var issued = await host.Services.GetRequiredService<IDeviceRepository>().FindTokenAsync(TokenHash(token), CancellationToken.None);
        return path.Replace("{device}", device, StringComparison.Ordinal).Replace("{token}", issued!.Token.Id.ToString(), StringComparison.Ordinal);
    }

    private static string TokenHash(string token)
    {
        Assert.True(DeviceToken.TryParse(token, "da_", out var parsed));
        return parsed.Hash();
    }
}
