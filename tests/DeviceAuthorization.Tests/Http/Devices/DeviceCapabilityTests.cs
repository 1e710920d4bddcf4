using System.Net;
using System.Text.Json;

namespace DeviceAuthorization.Tests;

/// <summary>The member <c>capabilities</c> of a device: what it says of itself (RomM 5.4). The rows are those of the reference's checklist.</summary>
public sealed class DeviceCapabilityTests
{
    private const string Mac = "AA:BB:CC:DD:EE:FF";

    [Theory]
    [Trait("RomM 5.4", "1, 2, 3, 110")]
    [InlineData(""", "capabilities": {"remote_install":true,"x":false}""", """{"remote_install":true,"x":false}""")]
    [InlineData(""", "capabilities": {}""", "{}")]
    [InlineData(""", "capabilities": null""", "null")]
    [InlineData("", "null")]
    public async Task A_device_that_registers_says_what_it_can_do(string sent, string answered)
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        var created = await alice.CallAsync("POST", RegistryHost.Devices, $$"""{ "name": "d"{{sent}} }""");
        Assert.Equal((HttpStatusCode.Created, "device_id name created_at"), (created.Status, Members(created.Body)));
        var shown = await alice.ShowAsync(created.Body.String("device_id")!);
        Assert.Equal(answered, Capabilities(shown));
        Assert.Contains(" sync_config capabilities last_seen ", Members(shown), StringComparison.Ordinal);
        Assert.Equal(shown.GetRawText(), Assert.Single((await alice.CallAsync("GET", RegistryHost.Devices)).Body.EnumerateArray()).GetRawText());
    }

    public static TheoryData<string> Invalid => new(
    [
        Named(Enumerable.Range(0, 33).Select(i => $"c{i}")),
        Named([new string('k', 65)]),
        Named([""]),
        Named([@"a\u0000b"]),
        Named([@"\ud800"]),
        """{"x":1}""",
        """{"x":"true"}""",
        """{"x":null}""",
        """{"x":{}}""",
        """{"x":true,"x":false}""",
        """["x"]""",
        "\"x\"",
        "1",
        "true",
    ]);

    [Theory]
    [Trait("RomM 5.4", "4, 5, 6, 7, 109")]
    [MemberData(nameof(Invalid))]
    public async Task Bad_capabilities_are_refused_and_change_nothing(string capabilities)
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        var id = await alice.AddAsync("""{ "name": "d", "capabilities": {"a":true} }""");
        var before = await alice.ShowAsync(id);
        foreach (var (method, path) in new[] { ("POST", ""), ("PUT", $"/{id}"), ("PATCH", $"/{id}") })
        {
            if (method != "PATCH" || !capabilities.Contains(":null", StringComparison.Ordinal)) // there it removes
            {
                var refused = await alice.CallAsync(method, RegistryHost.Devices + path, $$"""{ "name": "changed", "capabilities": {{capabilities}} }""");
                Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Status);
                Assert.Equal(JsonValueKind.String, refused.Body.GetProperty("detail").ValueKind);
            }
        }

        Assert.Equal(before.GetRawText(), Assert.Single((await alice.CallAsync("GET", RegistryHost.Devices)).Body.EnumerateArray()).GetRawText());
    }

    [Fact]
    [Trait("RomM 5.4", "108")]
    public async Task The_limits_themselves_are_allowed()
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        var names = Enumerable.Range(0, 29).Select(i => $"c{i}").Concat(["k", new string('k', 64), string.Concat(Enumerable.Repeat("🎮", 64))]);
        var id = await alice.AddAsync($$"""{ "capabilities": {{Named(names)}} }""");
        Assert.Equal(Named(names), Capabilities(await alice.ShowAsync(id)).Replace(@"\uD83C\uDFAE", "🎮", StringComparison.Ordinal));
    }

    [Theory]
    [Trait("RomM 5.4", "8, 9, 104")]
    [InlineData("""{"b":true}""", """{"b":true}""")]
    [InlineData("{}", "{}")]
    [InlineData("null", """{"a":true}""")]
    public async Task A_known_device_that_registers_again_replaces_them_unless_it_says_nothing(string sent, string stored)
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        var id = await alice.AddAsync($$"""{ "name": "d", "mac_address": "{{Mac}}", "capabilities": {"a":true} }""");
        host.Clock.Advance(TimeSpan.FromSeconds(7));
        var again = await alice.CallAsync("POST", RegistryHost.Devices, $$"""{ "name": "other", "mac_address": "{{Mac}}", "capabilities": {{sent}} }""");
        Assert.Equal((HttpStatusCode.OK, id), (again.Status, again.Body.String("device_id")));
        var shown = await alice.ShowAsync(id);
        Assert.Equal(("d", stored), (shown.String("name"), Capabilities(shown)));
        Assert.Equal(TestHost.Epoch.AddSeconds(7), (await host.StoredAsync(id)).LastSeenAt);
    }

    [Fact]
    [Trait("RomM 5.4", "105")]
    public async Task A_known_device_that_must_be_new_changes_nothing()
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        var id = await alice.AddAsync($$"""{ "mac_address": "{{Mac}}", "capabilities": {"a":true} }""");
        var refused = await alice.CallAsync("POST", RegistryHost.Devices, $$"""{ "mac_address": "{{Mac}}", "allow_existing": false, "capabilities": {"b":true} }""");
        Assert.Equal((HttpStatusCode.Conflict, id), (refused.Status, refused.Body.GetProperty("detail").String("device_id")));
        Assert.Equal("""{"a":true}""", Capabilities(await alice.ShowAsync(id)));
    }

    [Theory]
    [Trait("RomM 5.4", "10, 11, 12, 106, 107, 111")]
    [InlineData("PUT", """{"capabilities":null}""", "null")]
    [InlineData("PUT", """{"name":"n"}""", """{"a":true}""")]
    [InlineData("PUT", """{"capabilities":{"b":true}}""", """{"b":true}""")]
    [InlineData("PUT", """{"capabilities":{}}""", "{}")]
    [InlineData("PATCH", """{"capabilities":null}""", "null")]
    [InlineData("PATCH", """{"capabilities":{}}""", """{"a":true}""")]
    [InlineData("PATCH", """{"capabilities":{"b":false}}""", """{"a":true,"b":false}""")]
    [InlineData("PATCH", """{"capabilities":{"a":null}}""", "{}")]
    [InlineData("PATCH", """{"capabilities":{"a":false,"unknown":null}}""", """{"a":false}""")]
    public async Task Put_replaces_all_and_patch_merges(string method, string body, string stored)
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        var id = await alice.AddAsync("""{ "name": "n", "capabilities": {"a":true} }""");
        var before = await alice.ShowAsync(id);
        var changed = await alice.CallAsync(method, $"{RegistryHost.Devices}/{id}", body);
        Assert.Equal((HttpStatusCode.OK, stored), (changed.Status, Capabilities(changed.Body)));
        Assert.Equal(Others(before), Others(changed.Body), StringComparer.Ordinal);
        Assert.Equal(changed.Text, (await alice.CallAsync("GET", $"{RegistryHost.Devices}/{id}")).Text);
    }

    [Fact]
    public async Task A_merge_counts_what_is_left()
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        var id = await alice.AddAsync($$"""{ "capabilities": {{Named(Enumerable.Range(0, 32).Select(i => $"c{i}"))}} }""");
        var path = $"{RegistryHost.Devices}/{id}";
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await alice.CallAsync("PATCH", path, """{"capabilities":{"one_more":true}}""")).Status);
        Assert.Equal(HttpStatusCode.OK, (await alice.CallAsync("PATCH", path, """{"capabilities":{"one_more":true,"c0":null}}""")).Status);
        Assert.Equal(32, (await host.StoredAsync(id)).Capabilities!.Count);
    }

    [Fact]
    public async Task Saying_the_same_again_is_no_change()
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        var id = await alice.AddAsync("""{ "capabilities": {"a":true,"b":false} }""");
        var before = await host.StoredAsync(id);
        host.Clock.Advance(TimeSpan.FromSeconds(7));
        await alice.CallAsync("PUT", $"{RegistryHost.Devices}/{id}", """{"capabilities":{"b":false,"a":true}}""");
        Assert.Equal(before, await host.StoredAsync(id));
    }

    [Fact]
    [Trait("RomM 5.4", "101, 102, 103")]
    public async Task Pairing_neither_sets_nor_clears_them()
    {
        await using var host = await RegistryHost.StartAsync();
        using var started = await host.Device().PostRawAsync(
            "init", """{ "client_device_identifier": "id-2", "name": "n", "client": "c", "requested_scopes": ["me.read"], "capabilities": {"a":true} }""", "application/json");
        Assert.Equal(HttpStatusCode.Created, started.StatusCode);
        var (_, id) = await host.PairJsonAsync();
        var alice = await host.SignInAsync("alice");
        Assert.Equal("null", Capabilities(await alice.ShowAsync(id)));
        await alice.CallAsync("PUT", $"{RegistryHost.Devices}/{id}", """{"capabilities":{"a":true}}""");
        Assert.Equal(id, (await host.PairJsonAsync()).DeviceId);
        Assert.Equal("""{"a":true}""", Capabilities(await alice.ShowAsync(id)));
    }

    [Fact]
    public void A_device_can_do_only_what_it_says()
    {
        var device = new Device { Id = "d", UserId = "u", CreatedAt = default, UpdatedAt = default };
        Assert.False(device.Can("remote_install"));
        device = device with { Capabilities = new Dictionary<string, bool>(StringComparer.Ordinal) { ["remote_install"] = true, ["x"] = false } };
        Assert.Equal((true, false, false, false), (device.Can("remote_install"), device.Can("x"), device.Can("y"), device.Can("Remote_Install")));
    }

    private static string Named(IEnumerable<string> names) => "{" + string.Join(',', names.Select(name => $"\"{name}\":true")) + "}";

    private static string Capabilities(JsonElement device) => device.GetProperty("capabilities").GetRawText();

    private static string Members(JsonElement json) => string.Join(' ', json.EnumerateObject().Select(member => member.Name));

    private static IEnumerable<string> Others(JsonElement device) =>
        device.EnumerateObject().Where(member => member.Name is not "capabilities").Select(member => member.Value.GetRawText());
}
