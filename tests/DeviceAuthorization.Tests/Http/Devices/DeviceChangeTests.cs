using System.Net;
using System.Text.Json;
using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Tests;

/// <summary><c>PUT</c> and <c>PATCH /api/devices/{id}</c>: partial by presence. The two differ in settings only.</summary>
public sealed class DeviceChangeTests
{
    private const string Everything = """
        {
          "name": "New", "platform": "Android", "client": "argosy", "client_version": "2.0", "ip_address": "2001:db8::7",
          "mac_address": "11:22:33:44:55:66", "hostname": "new", "sync_enabled": false, "sync_mode": "file_transfer", "sync_config": { "host": "new" },
          "capabilities": { "remote_install": true, "x": false }
        }
        """;

    [Theory]
    [Trait("RomM", "update_device")]
    [InlineData("PUT")]
    [InlineData("PATCH")]
    public async Task Everything_that_can_change_changes_and_is_answered(string method)
    {
        await using var host = await RegistryHost.StartAsync();
        var (_, id) = await host.PairJsonAsync();
        var alice = await host.SignInAsync("alice");
        var before = await host.StoredAsync(id);
        host.Clock.Advance(TimeSpan.FromSeconds(7));
        var answer = await alice.CallAsync(method, $"{RegistryHost.Devices}/{id}", Everything);
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(answer.Text, (await alice.CallAsync("GET", $"{RegistryHost.Devices}/{id}")).Text);
        var stored = await host.StoredAsync(id);
        Assert.Equal(
            before with
            {
                Name = "New",
                Platform = "Android",
                Client = "argosy",
                ClientVersion = "2.0",
                IpAddress = "2001:db8::7",
                MacAddress = "11:22:33:44:55:66",
                Hostname = "new",
                SyncEnabled = false,
                SyncMode = SyncMode.FileTransfer,
                SyncConfig = """{"host":"new"}""".Document(),
                Capabilities = stored.Capabilities, // compared by reference
                Fingerprint = "mac:112233445566",
                UpdatedAt = TestHost.Epoch.AddSeconds(7),
                Version = stored.Version,
            },
            stored);
        Assert.Equal([("remote_install", true), ("x", false)], stored.Capabilities!.Select(has => (has.Key, has.Value)));
        if (method == "PUT")
        {
            await Verifier.VerifyJson(answer.Body);
        }
    }

    [Theory]
    [InlineData("name", "\"x\"")]
    [InlineData("platform", "\"x\"")]
    [InlineData("client", "\"x\"")]
    [InlineData("client_version", "\"x\"")]
    [InlineData("ip_address", "\"x\"")]
    [InlineData("mac_address", "\"x\"")]
    [InlineData("hostname", "\"x\"")]
    [InlineData("sync_enabled", "true")]
    [InlineData("sync_mode", "\"push_pull\"")]
    [InlineData("sync_config", """{"x":1}""")]
    [InlineData("capabilities", """{"x":true}""")]
    public async Task What_is_absent_is_left_alone(string member, string value)
    {
        foreach (var method in new[] { "PUT", "PATCH" })
        {
            await using var host = await RegistryHost.StartAsync();
            var alice = await host.SignInAsync("alice");
            var before = await alice.ShowAsync(await alice.AddAsync("""{ "name": "n", "client": "c" }"""));
            var answer = await alice.CallAsync(method, $"{RegistryHost.Devices}/{before.String("id")}", $$"""{ "{{member}}": {{value}} }""");
            Assert.Equal(value, answer.Body.GetProperty(member).GetRawText());
            foreach (var other in before.EnumerateObject().Where(other => other.Name != member))
            {
                Assert.Equal(other.Value.GetRawText(), answer.Body.GetProperty(other.Name).GetRawText());
            }
        }
    }

    [Theory]
    [InlineData("name")]
    [InlineData("platform")]
    [InlineData("client")]
    [InlineData("client_version")]
    [InlineData("ip_address")]
    [InlineData("mac_address")]
    [InlineData("hostname")]
    [InlineData("sync_config")]
    [InlineData("capabilities")]
    public async Task An_explicit_null_clears(string member)
    {
        foreach (var method in new[] { "PUT", "PATCH" })
        {
            await using var host = await RegistryHost.StartAsync();
            var alice = await host.SignInAsync("alice");
            var id = await alice.AddAsync(Everything);
            var answer = await alice.CallAsync(method, $"{RegistryHost.Devices}/{id}", $$"""{ "{{member}}": null }""");
            Assert.Equal((HttpStatusCode.OK, "null"), (answer.Status, answer.Body.GetProperty(member).GetRawText()));
            Assert.Equal(1, answer.Body.EnumerateObject().Count(other => other.Value.ValueKind == System.Text.Json.JsonValueKind.Null && other.Name != "client_device_identifier"));
        }
    }

    [Theory]
    [Trait("Weakness", "D2")]
    [InlineData("""{ "sync_mode": null }""")]
    [InlineData("""{ "sync_enabled": null }""")]
    [InlineData("""{ "name": "changed", "sync_mode": null }""")]
    [InlineData("""{ "sync_mode": "API" }""")]
    [InlineData("""{ "sync_mode": "Api" }""")]
    [InlineData("""{ "sync_mode": "" }""")]
    [InlineData("""{ "sync_mode": 0 }""")]
    [InlineData("""{ "sync_enabled": "true" }""")]
    [InlineData("""{ "sync_enabled": 1 }""")]
    [InlineData("""{ "name": 5 }""")]
    [InlineData("""{ "name": ["a"] }""")]
    [InlineData("""{ "name": "a\u0007b" }""")]
    [InlineData("""{ "name": "a\nb" }""")]
    [InlineData("""{ "name": "\ud800" }""")]
    [InlineData("""{ "sync_config": [] }""")]
    [InlineData("""{ "sync_config": "{}" }""")]
    [InlineData("""{ "sync_config": { "a": 1, "a": 2 } }""")]
    [InlineData("""{ "name": "changed", "name": "twice" }""")]
    [InlineData("""{ "\ud800": 1 }""")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("\"x\"")]
    [InlineData("{")]
    [InlineData("{} {}")]
    [InlineData("")]
    public async Task What_cannot_be_is_422_and_changes_nothing(string json)
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        var id = await alice.AddAsync(Everything);
        var before = await host.StoredAsync(id);
        foreach (var (method, path) in new[] { ("PUT", $"/{id}"), ("PATCH", $"/{id}"), ("POST", "") })
        {
            var answer = await alice.CallAsync(method, RegistryHost.Devices + path, json);
            Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
            Assert.NotEmpty(answer.Body.String("detail")!);
        }

        Assert.Equal(before, await host.StoredAsync(id));
        Assert.Single(await alice.IdsAsync());
    }

    [Theory]
    [InlineData("""{ "allow_existing": null }""")]
    [InlineData("""{ "allow_duplicate": "true" }""")]
    [InlineData("""{ "reset_syncs": 1 }""")]
    public async Task A_flag_of_a_registration_is_true_or_false(string json)
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await alice.RegisterAsync(json)).Status);
        Assert.Empty(await alice.IdsAsync());
    }

    [Theory]
    [Trait("Weakness", "D3")]
    [InlineData("name", 255)]
    [InlineData("platform", 50)]
    [InlineData("client", 50)]
    [InlineData("client_version", 50)]
    [InlineData("ip_address", 45)]
    [InlineData("mac_address", 17)]
    [InlineData("hostname", 255)]
    public async Task Texts_are_as_long_as_the_columns_of_RomM(string member, int longest)
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        var id = await alice.AddAsync("{}");
        var fits = new string('a', longest);
        foreach (var (method, path) in new[] { ("PUT", $"/{id}"), ("PATCH", $"/{id}"), ("POST", "") })
        {
            var kept = await alice.CallAsync(method, RegistryHost.Devices + path, $$"""{ "{{member}}": "{{fits}}" }""");
            Assert.Equal(fits, (await alice.ShowAsync(kept.Id)).String(member));
            Assert.Equal(HttpStatusCode.UnprocessableEntity, (await alice.CallAsync(method, RegistryHost.Devices + path, $$"""{ "{{member}}": "{{fits}}a" }""")).Status);
        }
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{ "id": "x", "user_id": 5, "client_device_identifier": "x", "last_seen": null, "created_at": 1, "updated_at": 1, "Name": "x" }""")]
    [InlineData("""{ "name": "New" }""")]
    public async Task What_changes_nothing_writes_nothing(string json)
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        var id = await alice.AddAsync(Everything);
        var before = await host.StoredAsync(id);
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        foreach (var method in new[] { "PUT", "PATCH" })
        {
            Assert.Equal(HttpStatusCode.OK, (await alice.CallAsync(method, $"{RegistryHost.Devices}/{id}", json)).Status);
        }

        Assert.Equal(before, await host.StoredAsync(id));
    }

    [Theory]
    [Trait("Weakness", "D5")]
    [InlineData("""{ "name": "changed", "mac_address": "11-22-33-44-55-66" }""")]
    [InlineData("""{ "hostname": "LIVING", "platform": "room" }""")]
    public async Task A_device_cannot_become_another_ones_double(string json)
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        await alice.AddAsync(Everything);
        await alice.AddAsync("""{ "hostname": "living", "platform": "room" }""");
        var id = await alice.AddAsync("{}");
        var before = await host.StoredAsync(id);
        var answer = await alice.CallAsync("PUT", $"{RegistryHost.Devices}/{id}", json);
        Assert.Equal((HttpStatusCode.Conflict, "device_exists"), (answer.Status, answer.Body.GetProperty("detail").String("error")));
        Assert.Equal(before, await host.StoredAsync(id));

        var bob = await host.SignInAsync("bob"); // another user's device does not count
        Assert.Equal(HttpStatusCode.OK, (await bob.CallAsync("PUT", $"{RegistryHost.Devices}/{await bob.AddAsync("{}")}", json)).Status);
    }

    [Fact]
    public async Task A_device_is_recognised_by_what_it_is_now()
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        var id = await alice.AddAsync("""{ "mac_address": "AA:BB:CC:DD:EE:FF", "hostname": "h", "platform": "p" }""");
        await alice.CallAsync("PUT", $"{RegistryHost.Devices}/{id}", """{ "mac_address": null }""");
        Assert.Equal(id, (await alice.RegisterAsync("""{ "hostname": "h", "platform": "p" }""")).Id);
        var other = await alice.AddAsync("""{ "mac_address": "AA:BB:CC:DD:EE:FF" }""");
        Assert.True(other != id);
    }

    [Fact]
    [Trait("Weakness", "D4")]
    public async Task Pairing_again_keeps_the_owners_name_and_settings_and_refreshes_what_the_device_reports()
    {
        await using var host = await RegistryHost.StartAsync();
        var (_, id) = await host.PairJsonAsync();
        var alice = await host.SignInAsync("alice");
        await alice.CallAsync("PUT", $"{RegistryHost.Devices}/{id}", """{ "name": "Kitchen", "client": "old", "platform": "old", "client_version": "0", "sync_mode": "push_pull" }""");
        Assert.Equal(id, (await host.PairJsonAsync()).DeviceId);
        var shown = await alice.ShowAsync(id);
        Assert.Equal(
            ("Kitchen", "grout", "muOS", "1.2.3", "push_pull"),
            (shown.String("name"), shown.String("client"), shown.String("platform"), shown.String("client_version"), shown.String("sync_mode")));
    }

    [Fact]
    [Trait("Weakness", "B6")]
    public async Task Claiming_a_known_identifier_takes_over_no_name_and_no_other_users_device_and_is_noticed()
    {
        await using var host = await RegistryHost.StartAsync();
        var (genuine, id) = await host.PairJsonAsync(identifier: "Playnite-DESKTOP");
        var alice = await host.SignInAsync("alice");
        await alice.CallAsync("PUT", $"{RegistryHost.Devices}/{id}", """{ "name": "Desk", "sync_config": { "ssh_password": "s" } }""");
        var (_, bobs) = await host.PairJsonAsync("bob", "Playnite-DESKTOP");
        Assert.True(bobs != id);
        Assert.Equal(HttpStatusCode.OK, (await host.WithToken(genuine).CallAsync("GET", RegistryHost.Devices)).Status);

        Assert.Equal(id, (await host.PairJsonAsync(identifier: "Playnite-DESKTOP")).DeviceId); // alice herself approved this one
        Assert.Equal("Desk", (await alice.ShowAsync(id)).String("name"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.WithToken(genuine).CallAsync("GET", RegistryHost.Devices)).Status);
    }

    [Fact]
    [Trait("Weakness", "B6")]
    public async Task The_approver_is_told_which_device_is_replaced_and_can_add_a_new_one_instead()
    {
        await using var host = await RegistryHost.StartAsync();
        var (genuine, id) = await host.PairJsonAsync(identifier: "Playnite-DESKTOP");
        var alice = await host.SignInAsync("alice");
        var device = host.Device();
        var codes = await device.StartJsonAsync("Playnite-DESKTOP", "Stranger", "devices.read");

        using var pending = await alice.GetAsync($"{Wire.Prefix}/pending/{codes.UserCode}");
        Assert.Equal(id, (await pending.JsonAsync()).GetProperty("replaces_device").String("device_id"));
        using var bobs = await (await host.SignInAsync("bob")).GetAsync($"{Wire.Prefix}/pending/{codes.UserCode}");
        Assert.Equal(JsonValueKind.Null, (await bobs.JsonAsync()).GetProperty("replaces_device").ValueKind);

        string[] scopes = ["devices.read"];
        using var approved = await alice.PostJsonAsync("approve", new { user_code = codes.UserCode, approved_scopes = scopes, as_new_device = true });
        Assert.False((await approved.JsonAsync()).String("device_id") == id);
        using var paired = await device.PollJsonAsync(codes.DeviceCode);
        Assert.Equal(HttpStatusCode.OK, paired.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await host.WithToken(genuine).CallAsync("GET", RegistryHost.Devices)).Status);
    }
}
