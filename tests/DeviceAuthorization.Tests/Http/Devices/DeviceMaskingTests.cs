using System.Net;
using System.Text.Json;
using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Tests;

/// <summary>Secrets in <c>sync_config</c>: kept, and never shown.</summary>
public sealed class DeviceMaskingTests
{
    private const string Config = """
        {
          "host": "nas.local", "port": 22, "user": "me", "save_directories": ["/a", "/b"],
          "ssh_password": "hunter2-top", "ssh_key_path": "hunter2-path",
          "servers": [{ "SSH-Password": "hunter2-array", "host": "b" }],
          "nested": { "deep": { "apiKey": "hunter2-deep", "empty_password": "", "null_password": null } },
          "text": "{\"private_key\":\"hunter2-text\",\"host\":\"c\"}"
        }
        """;

    [Fact]
    [Trait("RomM", "masks_ssh_password_and_key_path")]
    [Trait("Weakness", "D1")]
    public async Task Secrets_are_masked_wherever_they_stand_and_nothing_else_is()
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        var id = await alice.AddAsync($$"""{ "name": "NAS", "sync_mode": "push_pull", "sync_config": {{Config}} }""");
        var shown = await alice.ShowAsync(id);
        Assert.DoesNotContain("hunter2", shown.GetRawText(), StringComparison.Ordinal);
        await Verifier.VerifyJson(shown);
        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(Config), JsonElement.Parse((await host.StoredAsync(id)).SyncConfig!.Reveal())));
    }

    [Theory]
    [Trait("RomM", "null_config_stays_null")]
    [Trait("RomM", "config_without_secrets_unchanged")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"host":"nas","port":22,"user":"me","save_directories":["/a"],"ratio":1.50,"password_required":true}""")]
    public async Task Settings_without_secrets_are_shown_as_they_are(string config)
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        var shown = await alice.ShowAsync(await alice.AddAsync($$"""{ "sync_config": {{config}} }"""));
        Assert.Equal(config, shown.GetProperty("sync_config").GetRawText());
    }

    [Theory]
    [Trait("Weakness", "D1")]
    [InlineData("PUT")]
    [InlineData("PATCH")]
    public async Task What_was_shown_can_be_sent_back_and_the_secrets_stay(string method)
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        var config = method == "PUT" ? Config : Config.Replace(", \"null_password\": null", "", StringComparison.Ordinal); // null in a PATCH removes (RFC 7396)
        var id = await alice.AddAsync($$"""{ "sync_config": {{config}} }""");
        var before = await host.StoredAsync(id);
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        var shown = (await alice.CallAsync("GET", $"{RegistryHost.Devices}/{id}")).Text;
        var answer = await alice.CallAsync(method, $"{RegistryHost.Devices}/{id}", shown); // the whole device, as a settings page does it
        Assert.Equal((HttpStatusCode.OK, shown), (answer.Status, answer.Text));
        Assert.Equal(before, await host.StoredAsync(id));
    }

    [Fact]
    public async Task PUT_replaces_the_settings_and_keeps_the_secrets_whose_masks_it_sends()
    {
        Assert.Equal(
            """{"host":"new","ssh_password":"kept","nested":{"apiKey":"kept too"}}""",
            await EditAsync(
                "PUT",
                """{ "host": "old", "ssh_password": "kept", "pin": "gone", "nested": { "apiKey": "kept too", "pin": "gone" } }""",
                """{ "host": "new", "ssh_password": "********", "nested": { "apiKey": "********" } }"""));
    }

    [Fact]
    public async Task PATCH_changes_one_secret_and_leaves_the_others()
    {
        Assert.Equal(
            """{"host":"old","ssh_password":"new","nested":{"apiKey":"kept","pin":"kept"}}""",
            await EditAsync(
                "PATCH",
                """{ "host": "old", "ssh_password": "old", "nested": { "apiKey": "kept", "pin": "kept" } }""",
                """{ "ssh_password": "new", "nested": { "apiKey": "********" } }"""));
    }

    [Theory]
    [InlineData("PATCH", """{ "ssh_password": null }""", """{"host":"old","pin":"1"}""")]
    [InlineData("PATCH", "{}", """{"host":"old","ssh_password":"secret","pin":"1"}""")]
    [InlineData("PUT", """{ "host": "old", "ssh_password": null, "pin": "********" }""", """{"host":"old","ssh_password":null,"pin":"1"}""")]
    [InlineData("PUT", """{ "host": "old" }""", """{"host":"old"}""")]
    [InlineData("PUT", "{}", "{}")]
    [InlineData("PUT", "null", null)]
    [InlineData("PATCH", "null", null)]
    public async Task An_explicit_null_clears_a_secret_and_absence_differs_by_method(string method, string edit, string? stored) =>
        Assert.Equal(stored, await EditAsync(method, """{ "host": "old", "ssh_password": "secret", "pin": "1" }""", edit));

    [Fact]
    public async Task A_mask_where_nothing_stands_is_no_secret()
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        var id = await alice.AddAsync("""{ "sync_config": { "host": "nas", "ssh_password": "********", "list": [{ "pin": "********" }] } }""");
        Assert.Equal("""{"host":"nas","list":[{}]}""", (await host.StoredAsync(id)).SyncConfig!.Reveal());
        Assert.Equal("""{"host":"nas"}""", await EditAsync("PUT", "{}", """{ "host": "nas", "pin": "********" }"""));
        Assert.Equal("""{"host":"nas"}""", await EditAsync("PATCH", """{ "host": "nas" }""", """{ "pin": "********" }"""));
        Assert.Equal("""{"pin":"x"}""", await EditAsync("PUT", """{ "pin": null }""", """{ "pin": "x" }"""));
    }

    [Theory]
    [InlineData("PUT")]
    [InlineData("PATCH")]
    public async Task A_secret_cannot_be_moved_to_where_it_shows(string method)
    {
        var stored = await EditAsync(method, """{ "ssh_password": "hunter2", "host": "nas" }""", """{ "host": "********", "note": "********", "ssh_password": "********" }""");
        Assert.DoesNotContain("hunter2\",\"note", stored!, StringComparison.Ordinal);
        Assert.DoesNotContain("\"host\":\"hunter2", stored!, StringComparison.Ordinal);
        Assert.DoesNotContain("\"note\":\"hunter2", stored!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_has_secret_keys_of_its_own()
    {
        await using var host = await RegistryHost.StartAsync(options => options.SecretKeys.Add("tailnet_name"));
        var alice = await host.SignInAsync("alice");
        var id = await alice.AddAsync("""{ "sync_config": { "Tailnet-Name": "hunter2", "ssh_password": "hunter2" } }""");
        var masked = """{"Tailnet-Name":"********","ssh_password":"********"}""";
        Assert.Equal(masked, (await alice.ShowAsync(id)).GetProperty("sync_config").GetRawText());

        // Both kinds also when the settings were empty before.
        var later = await alice.AddAsync("{}");
        foreach (var method in new[] { "PUT", "PATCH" })
        {
            var answer = await alice.CallAsync(method, $"{RegistryHost.Devices}/{later}", """{ "sync_config": { "Tailnet-Name": "hunter2", "ssh_password": "hunter2" } }""");
            Assert.Equal(masked, answer.Body.GetProperty("sync_config").GetRawText());
        }
    }

    [Fact]
    public async Task Settings_that_grow_too_large_by_a_patch_are_refused_and_stay()
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        var id = await alice.AddAsync($$"""{ "sync_config": { "a": "{{new string('a', 10_000)}}" } }""");
        var before = await host.StoredAsync(id);
        var answer = await alice.CallAsync("PATCH", $"{RegistryHost.Devices}/{id}", $$"""{ "name": "x", "sync_config": { "b": "{{new string('b', 10_000)}}" } }""");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.Equal(before, await host.StoredAsync(id));
    }

    [Fact]
    public async Task A_problem_with_the_settings_is_told_without_them()
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        foreach (var json in new[]
        {
            """{ "sync_config": "hunter2" }""", """{ "sync_config": { "pin": "hunter2", "pin": "hunter2" } }""", """{ "sync_config": { "pin": "hunter2" """,
            """{ "sync_config": { "pin": "hunter2" }, "name": 5 }""", """{ "name": { "pin": "hunter2" } }""",
        })
        {
            Assert.DoesNotContain("hunter2", (await alice.RegisterAsync(json)).Text, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(host.Logs.GetSnapshot(), record => $"{record.Message}{record.Exception}".Contains("hunter2", StringComparison.Ordinal));
    }

    [Fact]
    public void No_snapshot_holds_a_secret_of_these_tests() =>
        Assert.All(
            Directory.EnumerateFiles(Path.Combine(Repository.Root, "tests", "DeviceAuthorization.Tests"), "*.verified.*", SearchOption.AllDirectories),
            file => Assert.DoesNotContain("hunter2", File.ReadAllText(file), StringComparison.Ordinal));

    /// <summary>What is stored after an edit of settings.</summary>
    private static async Task<string?> EditAsync(string method, string config, string edit)
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        var id = await alice.AddAsync($$"""{ "sync_config": {{config}} }""");
        Assert.Equal(HttpStatusCode.OK, (await alice.CallAsync(method, $"{RegistryHost.Devices}/{id}", $$"""{ "sync_config": {{edit}} }""")).Status);
        return (await host.StoredAsync(id)).SyncConfig?.Reveal();
    }
}
