using System.Net;
using System.Text.Json;
using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Tests;

/// <summary><c>/api/client-tokens</c>: a user makes, sees, renews and revokes tokens.</summary>
public sealed class ClientTokenTests
{
    private const string Never = """{ "name": "Script", "scopes": ["devices.read"], "expires_in": "never" }""";

    [Fact]
    [Trait("RomM", "create")]
    public async Task A_token_is_shown_once_where_it_is_made()
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        var made = await alice.CallAsync("POST", RegistryHost.Tokens, """{ "name": "Script", "scopes": ["me.read", "devices.read", "me.read"], "expires_in": "30d" }""");
        Assert.Equal(HttpStatusCode.Created, made.Status);
        Assert.StartsWith("da_", made.Body.String("raw_token"), StringComparison.Ordinal);
        Assert.Equal(["devices.read", "me.read"], made.Body.Strings("scopes"));
        Assert.Equal(TestHost.Epoch.AddDays(30), made.Body.GetProperty("expires_at").GetDateTimeOffset());
        Assert.Null(made.Body.String("device_id"));
        await Verifier.VerifyJson(made.Body);
        Assert.Empty(await host.WithToken(made.Body.String("raw_token")!).IdsAsync());
    }

    [Fact]
    [Trait("RomM", "list_has_no_raw_token")]
    public async Task The_list_holds_all_live_tokens_the_newest_first_and_no_secret()
    {
        await using var host = await RegistryHost.StartAsync();
        var (alice, bob) = (await host.SignInAsync("alice"), await host.SignInAsync("bob"));
        var (paired, device) = await host.PairJsonAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        var made = await MakeAsync(alice, Never);
        await MakeAsync(bob, Never);
        var list = await alice.CallAsync("GET", RegistryHost.Tokens);
        Assert.Equal(2, list.Body.GetArrayLength());
        Assert.Equal((made.Id, null), (list.Body[0].String("id"), list.Body[0].String("device_id")));
        Assert.Equal(device, list.Body[1].String("device_id"));
        Assert.DoesNotContain(made.Raw, list.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(paired, list.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("raw_token", list.Text, StringComparison.Ordinal);
        await Verifier.VerifyJson(list.Body);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // a token that may revoke one may revoke all, itself included
    public async Task All_tokens_of_the_caller_are_revoked_at_once_and_nobody_elses(bool byToken)
    {
        await using var host = await RegistryHost.StartAsync();
        var (alice, bob) = (await host.SignInAsync("alice"), await host.SignInAsync("bob"));
        var (paired, device) = await host.PairJsonAsync();
        var (made, bobs) = (await MakeAsync(alice, Never), await MakeAsync(bob, Never));
        var answer = await (byToken ? host.WithToken(paired) : alice).CallAsync("POST", $"{RegistryHost.Tokens}/revoke-all");
        Assert.Equal((HttpStatusCode.NoContent, ""), (answer.Status, answer.Text));
        foreach (var token in new[] { paired, made.Raw })
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await host.WithToken(token).GetAsync(RegistryHost.Devices)).StatusCode);
        }

        Assert.Empty(await alice.IdsAsync(RegistryHost.Tokens));
        Assert.Equal([device], await alice.IdsAsync());
        Assert.Equal(HttpStatusCode.OK, (await host.WithToken(bobs.Raw).GetAsync(RegistryHost.Devices)).StatusCode);
    }

    [Theory]
    [Trait("RomM", "minimal_no_expiry")]
    [InlineData("", 90.0)] // RomM's would never expire
    [InlineData(", \"expires_in\": null", 90.0)]
    [InlineData(", \"expires_in\": \"30d\"", 30.0)]
    [InlineData(", \"expires_in\": \"90d\"", 90.0)]
    [InlineData(", \"expires_in\": \"1y\"", 365.0)]
    [InlineData(", \"expires_in\": \"never\"", null)]
    public async Task It_lives_as_long_as_was_chosen(string expiry, double? days)
    {
        await using var host = await RegistryHost.StartAsync();
        var made = await (await host.SignInAsync("alice")).CallAsync("POST", RegistryHost.Tokens, $$"""{ "name": "x", "scopes": ["me.read"]{{expiry}} }""");
        Assert.Equal(days is { } lifetime ? TestHost.Epoch.AddDays(lifetime) : null, made.Body.GetProperty("expires_at").Deserialize<DateTimeOffset?>());
    }

    [Theory]
    [Trait("RomM", "bad_expiry")]
    [Trait("Weakness", "D3")]
    [InlineData("""{ "name": "x", "scopes": ["me.read"], "expires_in": "2d" }""")]
    [InlineData("""{ "name": "x", "scopes": ["me.read"], "expires_in": "" }""")]
    [InlineData("""{ "name": "x", "scopes": ["me.read"], "expires_in": "30D" }""")]
    [InlineData("""{ "name": "x", "scopes": ["me.read"], "expires_in": 30 }""")]
    [InlineData("""{ "name": "x", "scopes": [] }""")]
    [InlineData("""{ "name": "x", "scopes": [null] }""")]
    [InlineData("""{ "name": "x", "scopes": [""] }""")]
    [InlineData("""{ "name": "x", "scopes": ["me.read", ""] }""")]
    [InlineData("""{ "name": "x", "scopes": ["me.read me.write"] }""")]
    [InlineData("""{ "name": "x", "scopes": "me.read" }""")]
    [InlineData("""{ "name": "x" }""")]
    [InlineData("""{ "scopes": ["me.read"] }""")]
    [InlineData("""{ "name": "", "scopes": ["me.read"] }""")]
    [InlineData("""{ "name": " \u200b ", "scopes": ["me.read"] }""")]
    [InlineData("""{ "name": "a\nb", "scopes": ["me.read"] }""")]
    [InlineData("""{ "name": "{256}", "scopes": ["me.read"] }""")]
    [InlineData("""{ "name": "x", "name": "y", "scopes": ["me.read"] }""")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("")]
    public async Task What_cannot_be_a_token_is_422(string json)
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        var answer = await alice.CallAsync("POST", RegistryHost.Tokens, json.Replace("{256}", new string('a', 256), StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.NotEmpty(answer.Body.String("detail")!);
        Assert.Empty(await alice.IdsAsync(RegistryHost.Tokens));
    }

    [Theory]
    [InlineData(50, HttpStatusCode.Created)]
    [InlineData(51, HttpStatusCode.UnprocessableEntity)]
    public async Task A_token_names_at_most_50_scopes(int scopes, HttpStatusCode status)
    {
        await using var host = await RegistryHost.StartAsync();
        var named = string.Join(", ", Enumerable.Repeat("\"me.read\"", scopes));
        var answer = await (await host.SignInAsync("alice")).CallAsync("POST", RegistryHost.Tokens, $$"""{ "name": "x", "scopes": [{{named}}] }""");
        Assert.Equal(status, answer.Status);
    }

    [Fact]
    [Trait("RomM", "scopes_above_own")]
    public async Task Nobody_grants_more_than_the_account_and_the_session_have()
    {
        var policy = new TestPolicy { Lacking = { ("bob", "library.write") } };
        await using var host = await RegistryHost.StartAsync(services: services => services.AddSingleton<IPairingPolicy>(policy));
        foreach (var client in new[] { await host.SignInAsync("bob"), await host.SignInAsync("alice", "me.write me.read library.read") })
        {
            var answer = await client.CallAsync("POST", RegistryHost.Tokens, """{ "name": "x", "scopes": ["library.read", "library.write", "unheard.of"] }""");
            Assert.Equal(
                (HttpStatusCode.Forbidden, """{"detail":"Scopes exceed your permissions: library.write, unheard.of"}"""), (answer.Status, answer.Text));
            Assert.Empty(await client.IdsAsync(RegistryHost.Tokens));
        }
    }

    [Theory]
    [InlineData("me.write", null, "library.read, library.write")]
    [InlineData("me.write library.read", null, "library.write")]
    [InlineData("me.write library.read library.write", null, null)]
    [InlineData(null, "library.write", "library.write")]
    [InlineData(null, null, null)]
    public async Task A_token_is_renewed_only_with_the_rights_that_making_it_takes(string? session, string? lacking, string? beyond)
    {
        var policy = new TestPolicy();
        await using var host = await RegistryHost.StartAsync(services: services => services.AddSingleton<IPairingPolicy>(policy));
        var made = await MakeAsync(await host.SignInAsync("alice"), """{ "name": "x", "scopes": ["library.read", "library.write"] }""");
        policy.Lacking.UnionWith(lacking is null ? [] : [("alice", lacking)]);
        var answer = await (await host.SignInAsync("alice", session)).CallAsync("PUT", $"{RegistryHost.Tokens}/{made.Id}/regenerate");
        Assert.Equal(beyond is null ? HttpStatusCode.OK : HttpStatusCode.Forbidden, answer.Status);
        Assert.Equal(beyond is null ? null : $"Scopes exceed your permissions: {beyond}", beyond is null ? null : answer.Body.String("detail"));
        Assert.Equal(beyond is null, answer.Text.Contains("raw_token", StringComparison.Ordinal));
        using var call = await host.WithToken(made.Raw).GetAsync("/api/admin");
        Assert.Equal(beyond is null, call.StatusCode == HttpStatusCode.Unauthorized); // or else it stays valid
    }

    [Fact]
    [Trait("RomM", "delete")]
    [Trait("RomM", "revoked")]
    public async Task A_revoked_token_is_refused_on_the_next_request()
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        var made = await MakeAsync(alice, Never);
        var script = host.WithToken(made.Raw);
        Assert.Equal(HttpStatusCode.OK, (await script.CallAsync("GET", RegistryHost.Devices)).Status);
        var revoked = await alice.CallAsync("DELETE", $"{RegistryHost.Tokens}/{made.Id}");
        Assert.Equal((HttpStatusCode.OK, "null"), (revoked.Status, revoked.Text));
        Assert.Equal(HttpStatusCode.Unauthorized, (await script.CallAsync("GET", RegistryHost.Devices)).Status);
        Assert.Empty(await alice.IdsAsync(RegistryHost.Tokens));
        Assert.Equal(HttpStatusCode.NotFound, (await alice.CallAsync("DELETE", $"{RegistryHost.Tokens}/{made.Id}")).Status);
    }

    [Fact]
    public async Task Revoking_a_devices_token_leaves_the_device()
    {
        await using var host = await RegistryHost.StartAsync();
        var (token, id) = await host.PairJsonAsync();
        var device = host.WithToken(token);
        await device.CallAsync("DELETE", $"{RegistryHost.Tokens}/{Assert.Single(await device.IdsAsync(RegistryHost.Tokens))}"); // its own token
        Assert.Equal(HttpStatusCode.Unauthorized, (await device.CallAsync("GET", RegistryHost.Devices)).Status);
        Assert.Equal([id], await (await host.SignInAsync("alice")).IdsAsync());
    }

    [Fact]
    [Trait("RomM", "regenerate")]
    public async Task A_renewed_token_keeps_everything_but_its_secret()
    {
        var (repository, probe) = TouchProbe.Create();
        await using var host = await RegistryHost.StartAsync(services: services => services.AddSingleton(repository));
        var alice = await host.SignInAsync("alice");
        var (old, device) = await host.PairJsonAsync();
        await host.WithToken(old).IdsAsync();
        await probe.NextAsync();
        var before = (await alice.CallAsync("GET", RegistryHost.Tokens)).Body[0];
        var renewed = await alice.CallAsync("PUT", $"{RegistryHost.Tokens}/{before.String("id")}/regenerate");
        Assert.Equal(HttpStatusCode.OK, renewed.Status);
        await Verifier.VerifyJson(renewed.Body);
        foreach (var member in before.EnumerateObject().Where(member => member.Name != "last_used_at"))
        {
            Assert.Equal(member.Value.GetRawText(), renewed.Body.GetProperty(member.Name).GetRawText());
        }

        Assert.NotNull(before.String("last_used_at"));
        Assert.Null(renewed.Body.String("last_used_at"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.WithToken(old).CallAsync("GET", RegistryHost.Devices)).Status);
        Assert.Equal([device], await host.WithToken(renewed.Body.String("raw_token")!).IdsAsync());
    }

    [Fact]
    public async Task A_renewed_token_that_had_expired_stays_expired()
    {
        await using var host = await RegistryHost.StartAsync();
        var made = await MakeAsync(await host.SignInAsync("alice"), """{ "name": "x", "scopes": ["devices.read"], "expires_in": "30d" }""");
        host.Clock.Advance(TimeSpan.FromDays(30));
        var renewed = await (await host.SignInAsync("alice")).CallAsync("PUT", $"{RegistryHost.Tokens}/{made.Id}/regenerate");
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.WithToken(renewed.Body.String("raw_token")!).CallAsync("GET", RegistryHost.Devices)).Status);
    }

    [Theory]
    [Trait("RomM", "delete_unknown")]
    [Trait("RomM", "cannot_delete_another_users_token")]
    [Trait("RomM", "cannot_regenerate_another_users_token")]
    [InlineData("DELETE", "")]
    [InlineData("PATCH", "")]
    [InlineData("PUT", "/regenerate")]
    public async Task Another_users_token_is_as_if_it_were_not_there(string method, string action)
    {
        await using var host = await RegistryHost.StartAsync();
        var (alice, bob) = (await host.SignInAsync("alice"), await host.SignInAsync("bob"));
        var made = await MakeAsync(alice, Never);
        foreach (var id in new[] { made.Id, $"{Guid.NewGuid()}" })
        {
            var answer = await bob.CallAsync(method, $"{RegistryHost.Tokens}/{id}{action}", method == "PATCH" ? """{ "name": "Bob's" }""" : null);
            Assert.Equal((HttpStatusCode.NotFound, """{"detail":"Token not found"}"""), (answer.Status, answer.Text));
        }

        Assert.Equal(HttpStatusCode.OK, (await host.WithToken(made.Raw).CallAsync("GET", RegistryHost.Devices)).Status);
        Assert.Equal("Script", (await alice.CallAsync("GET", RegistryHost.Tokens)).Body[0].String("name"));

        // Nor does a small number name one: replayed against another server it would revoke a stranger's (romm-tender #1038).
        Assert.Equal(HttpStatusCode.NotFound, (await alice.CallAsync(method, $"{RegistryHost.Tokens}/1{action}", method == "PATCH" ? "{}" : null)).Status);
    }

    [Fact]
    [Trait("Weakness", "B2")]
    public async Task A_device_lists_and_revokes_tokens_but_makes_renews_and_changes_none()
    {
        await using var host = await RegistryHost.StartAsync();
        var (token, _) = await host.PairJsonAsync();
        var device = host.WithToken(token);
        var other = await MakeAsync(await host.SignInAsync("alice"), Never);
        foreach (var (method, path, json) in new[] { ("POST", "", Never), ("PATCH", $"/{other.Id}", """{ "name": "x" }"""), ("PUT", $"/{other.Id}/regenerate", null) })
        {
            var answer = await device.CallAsync(method, RegistryHost.Tokens + path, json);
            Assert.Equal((HttpStatusCode.Forbidden, """{"detail":"Forbidden"}"""), (answer.Status, answer.Text));
        }

        Assert.Equal(2, (await device.IdsAsync(RegistryHost.Tokens)).Length);
        Assert.Equal(HttpStatusCode.OK, (await device.CallAsync("DELETE", $"{RegistryHost.Tokens}/{other.Id}")).Status);
    }

    [Fact]
    public async Task No_token_and_no_hash_is_logged()
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        var made = await MakeAsync(alice, Never);
        var renewed = (await alice.CallAsync("PUT", $"{RegistryHost.Tokens}/{made.Id}/regenerate")).Body.String("raw_token")!;
        await host.WithToken(renewed).IdsAsync();
        foreach (var raw in new[] { made.Raw, renewed })
        {
            Assert.True(DeviceToken.TryParse(raw, "da_", out var token));
            Assert.DoesNotContain(host.Logs.GetSnapshot(), record => record.Message.Contains(raw, StringComparison.Ordinal) || record.Message.Contains(token.Hash(), StringComparison.Ordinal));
        }
    }

    private static async Task<(string Id, string Raw)> MakeAsync(HttpClient client, string json)
    {
        var made = await client.CallAsync("POST", RegistryHost.Tokens, json);
        Assert.Equal(HttpStatusCode.Created, made.Status);
        return (made.Body.String("id")!, made.Body.String("raw_token")!);
    }
}
