using System.Net;
using System.Text.Json;
using DeviceAuthorization.RomM;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Tests;

/// <summary><c>GET</c> and <c>DELETE /api/devices</c>: what an owner, and only the owner, sees and removes.</summary>
public sealed class DeviceReadTests
{
    [Fact]
    [Trait("RomM", "list_devices")]
    [Trait("RomM", "list_only_own")]
    public async Task The_list_holds_ones_own_devices_the_oldest_first()
    {
        await using var host = await RegistryHost.StartAsync();
        var (alice, bob) = (await host.SignInAsync("alice"), await host.SignInAsync("bob"));
        Assert.Equal("[]", (await alice.CallAsync("GET", RegistryHost.Devices)).Text);
        var ids = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            ids.Add(await alice.AddAsync("{}"));
            await bob.AddAsync("{}");
            host.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        var listed = await alice.IdsAsync();
        Assert.Equal([.. ids], listed);
        Assert.Equal(3, (await bob.IdsAsync()).Except(ids, StringComparer.Ordinal).Count());
    }

    [Fact]
    [Trait("RomM", "get_device")]
    [Trait("RomM", "get_device_exposes_client_device_identifier")]
    public async Task A_paired_device_is_shown_with_what_it_reported()
    {
        await using var host = await RegistryHost.StartAsync();
        var (_, id) = await host.PairJsonAsync(identifier: "id-9");
        var alice = await host.SignInAsync("alice");
        var shown = await alice.ShowAsync(id);
        Assert.Equal(("id-9", "grout", "muOS"), (shown.String("client_device_identifier"), shown.String("client"), shown.String("platform")));
        Assert.Equal(
            [
                "id", "user_id", "name", "platform", "client", "client_version", "ip_address", "mac_address", "hostname", "client_device_identifier",
                "sync_mode", "sync_enabled", "sync_config", "capabilities", "last_seen", "created_at", "updated_at",
            ],
            shown.Names());
        await Verifier.VerifyJson(shown);
    }

    [Theory]
    [Trait("RomM", "get_device_not_found")]
    [InlineData("GET")]
    [InlineData("PUT")]
    [InlineData("PATCH")]
    [InlineData("DELETE")]
    public async Task A_device_that_is_not_there_is_404(string method)
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        foreach (var id in new[] { Guid.NewGuid().ToString(), "1", "%F0%9F%98%80", new string('x', 300) })
        {
            var answer = await alice.CallAsync(method, $"{RegistryHost.Devices}/{id}", method.StartsWith('P') ? """{ "name": "x" }""" : null);
            Assert.Equal((HttpStatusCode.NotFound, """{"detail":"Device not found"}"""), (answer.Status, answer.Text));
        }
    }

    [Theory]
    [Trait("RomM", "cannot_get_other_users_device")]
    [Trait("RomM", "cannot_update_other_users_device")]
    [Trait("RomM", "cannot_delete_other_users_device")]
    [InlineData("GET", false)]
    [InlineData("PUT", false)]
    [InlineData("PATCH", false)]
    [InlineData("DELETE", false)]
    [InlineData("GET", true)]
    [InlineData("PUT", true)]
    [InlineData("PATCH", true)]
    [InlineData("DELETE", true)]
    public async Task Another_users_device_is_as_if_it_were_not_there(string method, bool byToken)
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        var id = await alice.AddAsync("""{ "name": "Alice's", "mac_address": "AA:BB:CC:DD:EE:FF" }""");
        var before = await host.StoredAsync(id);
        var bob = byToken ? host.WithToken((await host.PairJsonAsync("bob")).Token) : await host.SignInAsync("bob");
        var answer = await bob.CallAsync(method, $"{RegistryHost.Devices}/{id}", method.StartsWith('P') ? """{ "name": "Bob's", "sync_config": { "pin": 1 } }""" : null);
        Assert.Equal((HttpStatusCode.NotFound, """{"detail":"Device not found"}"""), (answer.Status, answer.Text));
        Assert.Equal(before, await host.StoredAsync(id));
        Assert.DoesNotContain(id, await bob.IdsAsync(), StringComparer.Ordinal);
    }

    [Fact]
    [Trait("RomM", "delete_device")]
    public async Task A_deleted_device_is_gone()
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        var id = await alice.AddAsync("""{ "mac_address": "AA:BB:CC:DD:EE:FF" }""");
        var other = await alice.AddAsync("{}");
        Assert.Equal((HttpStatusCode.NoContent, ""), await Plain(alice, "DELETE", id));
        Assert.Equal(HttpStatusCode.NotFound, (await Plain(alice, "DELETE", id)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Plain(alice, "GET", id)).Status);
        Assert.Equal([other], await alice.IdsAsync());
        Assert.True(id != await alice.AddAsync("""{ "mac_address": "AA:BB:CC:DD:EE:FF" }""")); // and not recognised any more
    }

    [Fact]
    [Trait("Weakness", "B8")]
    public async Task The_tokens_of_a_deleted_device_are_refused_at_once()
    {
        await using var host = await RegistryHost.StartAsync(options => options.ReplaceEarlierTokens = false);
        var (first, id) = await host.PairJsonAsync();
        var (second, same) = await host.PairJsonAsync();
        var (other, _) = await host.PairJsonAsync(identifier: "id-2");
        Assert.Equal(id, same);
        Assert.Equal(HttpStatusCode.NoContent, (await Plain(host.WithToken(first), "DELETE", id)).Status); // a device may remove itself
        foreach (var token in new[] { first, second })
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await host.WithToken(token).CallAsync("GET", RegistryHost.Devices)).Status);
        }

        Assert.Equal(HttpStatusCode.OK, (await host.WithToken(other).CallAsync("GET", RegistryHost.Devices)).Status);
        Assert.Single(await (await host.SignInAsync("alice")).IdsAsync(RegistryHost.Tokens));
    }

    [Theory]
    [InlineData("7", "7")]
    [InlineData("-7", "-7")]
    [InlineData("9223372036854775807", "9223372036854775807")]
    [InlineData("9223372036854775808", "\"9223372036854775808\"")]
    [InlineData("007", "\"007\"")]
    [InlineData("+7", "\"\\u002B7\"")]
    [InlineData("1e3", "\"1e3\"")]
    [InlineData("0b9cbd36-32a9-4b8e-a2bd-ba0a1ac5d8a8", "\"0b9cbd36-32a9-4b8e-a2bd-ba0a1ac5d8a8\"")]
    public async Task A_user_id_is_a_number_where_it_is_one(string user, string json)
    {
        await using var host = await RegistryHost.StartAsync();
        var client = await host.SignInAsync(Uri.EscapeDataString(user));
        var shown = await client.ShowAsync(await client.AddAsync("{}"));
        Assert.Equal(json, shown.GetProperty("user_id").GetRawText());
    }

    [Fact]
    public async Task Settings_that_cannot_be_read_are_503_and_no_half_of_an_answer_until_their_owner_gives_them_up()
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        var device = TestData.NewDevice() with { Id = "d", SyncConfig = SecretDocument.Deferred(() => throw new InvalidOperationException("The key is lost.")) };
        await host.Services.GetRequiredService<IDeviceRepository>().AddOrFindAsync(device, CancellationToken.None);
        foreach (var path in new[] { RegistryHost.Devices, $"{RegistryHost.Devices}/d" })
        {
            using var answer = await alice.GetAsync(path);
            Assert.Equal((HttpStatusCode.ServiceUnavailable, true), (answer.StatusCode, answer.Headers.CacheControl?.NoStore));
            Assert.Equal("Temporarily unavailable. Try again later.", await answer.DetailAsync());
        }

        Assert.Equal(HttpStatusCode.OK, (await alice.CallAsync("PUT", $"{RegistryHost.Devices}/d", """{ "sync_config": null }""")).Status);
        Assert.Equal(JsonValueKind.Null, (await alice.ShowAsync("d")).GetProperty("sync_config").ValueKind);
    }

    [Fact]
    public async Task Times_are_UTC_with_an_offset_whatever_the_store_kept()
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        var inIndia = TestHost.Epoch.ToOffset(TimeSpan.FromHours(5.5));
        var device = new Device { Id = "d", UserId = "alice", LastSeenAt = inIndia, CreatedAt = inIndia, UpdatedAt = inIndia };
        await host.Services.GetRequiredService<IDeviceRepository>().AddOrFindAsync(device, CancellationToken.None);
        var shown = await alice.ShowAsync("d");
        foreach (var member in new[] { "last_seen", "created_at", "updated_at" })
        {
            Assert.Equal("2026-11-23T12:00:00+00:00", shown.String(member));
        }
    }

    [Theory]
    [InlineData(-1, false)]
    [InlineData(0, true)]
    public async Task A_device_that_synchronised_since_the_last_change_is_current(int seconds, bool isCurrent)
    {
        var device = new Device { Id = "d", UserId = "alice", Name = "Handheld", CreatedAt = TestHost.Epoch, UpdatedAt = TestHost.Epoch };
        var inIndia = TestHost.Epoch.ToOffset(TimeSpan.FromHours(5.5));
        var json = JsonSerializer.SerializeToElement(DeviceSyncSchema.From(device, inIndia.AddSeconds(seconds), TestHost.Epoch));
        Assert.Equal(isCurrent, json.GetProperty("is_current").GetBoolean());
        Assert.EndsWith("+00:00", json.String("last_synced_at"), StringComparison.Ordinal);
        if (isCurrent)
        {
            await Verifier.VerifyJson(json);
        }
    }

    [Fact]
    public async Task Answers_are_for_nobodys_cache_and_a_trailing_slash_does_not_matter()
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        using var answer = await alice.GetAsync(RegistryHost.Devices + "/");
        Assert.Equal((HttpStatusCode.OK, "no-store"), (answer.StatusCode, answer.Headers.CacheControl?.ToString()));
        Assert.Equal(HttpStatusCode.Created, (await alice.CallAsync("POST", RegistryHost.Devices + "/", "{}")).Status);
    }

    private static async Task<(HttpStatusCode Status, string Text)> Plain(HttpClient client, string method, string id)
    {
        var answer = await client.CallAsync(method, $"{RegistryHost.Devices}/{id}");
        return (answer.Status, answer.Text);
    }
}
