using System.Net;
using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Tests;

/// <summary><c>POST /api/devices</c>: a device registers without pairing, and is recognised when it comes again.</summary>
public sealed class DeviceRegisterTests
{
    private const string Full = """
        {
          "name": "Handheld", "platform": "muOS", "client": "grout", "client_version": "1.2.3", "ip_address": "192.0.2.7",
          "mac_address": "AA:BB:CC:DD:EE:FF", "hostname": "handheld", "sync_mode": "push_pull", "sync_config": { "host": "nas" }
        }
        """;

    [Fact]
    [Trait("RomM", "register_device")]
    public async Task A_new_device_is_created_with_what_it_says()
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        var answer = await alice.RegisterAsync(Full);
        Assert.Equal(HttpStatusCode.Created, answer.Status);
        await Verifier.VerifyJson(answer.Body);

        var shown = await alice.ShowAsync(answer.Id);
        Assert.Equal(
            ("Handheld", "muOS", "grout", "1.2.3", "192.0.2.7"),
            (shown.String("name"), shown.String("platform"), shown.String("client"), shown.String("client_version"), shown.String("ip_address")));
        Assert.Equal(("AA:BB:CC:DD:EE:FF", "handheld", "push_pull"), (shown.String("mac_address"), shown.String("hostname"), shown.String("sync_mode")));
    }

    [Fact]
    [Trait("RomM", "register_device_minimal")]
    public async Task Nothing_need_be_said()
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        var answer = await alice.RegisterAsync("{}");
        Assert.Equal(HttpStatusCode.Created, answer.Status);
        Assert.Null(answer.Body.String("name"));
        var shown = await alice.ShowAsync(answer.Id);
        Assert.Equal(("api", true), (shown.String("sync_mode"), shown.GetProperty("sync_enabled").GetBoolean()));
        await Verifier.VerifyJson(shown);
    }

    [Theory]
    [Trait("RomM", "duplicate_mac")]
    [Trait("Weakness", "D5")]
    [InlineData("aa:bb:cc:dd:ee:ff")]
    [InlineData("AA-BB-CC-DD-EE-FF")]
    [InlineData("aabb.ccdd.eeff")]
    [InlineData("AABBCCDDEEFF")]
    [InlineData(" aabbccddeeff ")]
    public async Task A_hardware_address_is_recognised_in_every_spelling(string mac)
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        var id = await alice.AddAsync(Full);
        var again = await alice.RegisterAsync($$"""{ "name": "Another name", "mac_address": "{{mac}}", "hostname": "other", "platform": "other" }""");
        Assert.Equal((HttpStatusCode.OK, id, "Handheld"), (again.Status, again.Id, again.Body.String("name")));
        Assert.Single(await alice.IdsAsync());
    }

    [Theory]
    [Trait("Weakness", "D5")]
    [InlineData("")]
    [InlineData(":::")]
    [InlineData("unknown")]
    [InlineData("none")] // its "e" is a hexadecimal digit
    [InlineData("AA:BB:CC")]
    [InlineData("00:00:00:00:00:00")]
    [InlineData("FF:FF:FF:FF:FF:FF")]
    [InlineData("02:00:00:00:00:00")] // what every Android says of itself since version 6
    public async Task What_is_no_hardware_address_of_its_own_recognises_nothing(string mac)
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        var id = await alice.AddAsync($$"""{ "mac_address": "{{mac}}" }""");
        Assert.True(id != await alice.AddAsync($$"""{ "mac_address": "{{mac}}" }"""));

        // The host name and platform serve then.
        var byName = await alice.AddAsync($$"""{ "mac_address": "{{mac}}", "hostname": "h", "platform": "p" }""");
        Assert.Equal(byName, (await alice.RegisterAsync("""{ "hostname": "h", "platform": "p" }""")).Id);
    }

    [Theory]
    [Trait("RomM", "duplicate_hostname_platform")]
    [InlineData("handheld", "muOS")]
    [InlineData("HANDHELD", "MUOS")]
    [InlineData(" handheld. ", " muOS ")]
    public async Task A_host_name_and_platform_together_are_recognised(string hostname, string platform)
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        var id = await alice.AddAsync("""{ "name": "First", "hostname": "handheld", "platform": "muOS" }""");
        var again = await alice.RegisterAsync($$"""{ "name": "Second", "hostname": "{{hostname}}", "platform": "{{platform}}" }""");
        Assert.Equal((HttpStatusCode.OK, id, "First"), (again.Status, again.Id, again.Body.String("name")));
    }

    [Theory]
    [Trait("RomM", "no_fingerprint")]
    [Trait("RomM", "hostname_without_platform")]
    [InlineData("{}")]
    [InlineData("""{ "name": "Same", "client": "grout", "ip_address": "192.0.2.7" }""")]
    [InlineData("""{ "hostname": "handheld" }""")]
    [InlineData("""{ "platform": "muOS" }""")]
    [InlineData("""{ "hostname": "handheld", "platform": "" }""")]
    [InlineData("""{ "hostname": null, "platform": "muOS", "mac_address": null }""")]
    public async Task Less_than_that_is_a_new_device_each_time(string json)
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        Assert.True(await alice.AddAsync(json) != await alice.AddAsync(json));
    }

    [Fact]
    public async Task Beyond_the_limit_a_new_device_is_refused_and_a_known_one_recognised()
    {
        await using var host = await RegistryHost.StartAsync(options => options.MaxDevicesPerUser = 2);
        var alice = await host.SignInAsync("alice");
        var (known, other) = (await alice.AddAsync(Full), await alice.AddAsync("{}"));
        foreach (var json in new[] { "{}", Full.Replace("{ \"host\": \"nas\" }", "null, \"allow_duplicate\": true", StringComparison.Ordinal) })
        {
            var refused = await alice.RegisterAsync(json);
            Assert.Equal((HttpStatusCode.BadRequest, "Maximum of 2 devices per user reached"), (refused.Status, refused.Body.String("detail")));
        }

        Assert.Equal((HttpStatusCode.OK, known), ((await alice.RegisterAsync(Full)).Status, (await alice.RegisterAsync(Full)).Id));
        Assert.Equal(2, (await alice.IdsAsync()).Length);
        await (await host.SignInAsync("bob")).AddAsync("{}"); // each user's own
        Assert.Equal(HttpStatusCode.NoContent, (await alice.CallAsync("DELETE", $"{RegistryHost.Devices}/{other}")).Status);
        await alice.AddAsync("{}");
    }

    [Fact]
    public async Task Two_users_have_a_device_each()
    {
        await using var host = await RegistryHost.StartAsync();
        var (alice, bob) = (await host.SignInAsync("alice"), await host.SignInAsync("bob"));
        Assert.True(await alice.AddAsync(Full) != await bob.AddAsync(Full));
        Assert.Single(await alice.IdsAsync());
        Assert.Single(await bob.IdsAsync());
    }

    [Fact]
    [Trait("RomM", "allow_existing_true")]
    public async Task Registering_again_changes_nothing_but_when_it_was_seen()
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        var id = await alice.AddAsync(Full);
        var before = await host.StoredAsync(id);
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        var again = await alice.RegisterAsync(
            """{ "mac_address": "AABBCCDDEEFF", "name": "Changed", "client_version": "9", "sync_mode": "api", "sync_config": null, "allow_existing": true }""");
        Assert.Equal(HttpStatusCode.OK, again.Status);
        Assert.Equal(before with { LastSeenAt = TestHost.Epoch.AddMinutes(1), Version = before.Version + 1 }, await host.StoredAsync(id));
    }

    [Fact]
    [Trait("RomM", "allow_existing_false")]
    public async Task A_device_that_must_be_new_gets_409_with_the_id_of_the_one_there_is()
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        var id = await alice.AddAsync(Full);
        var before = await host.StoredAsync(id);
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        var answer = await alice.RegisterAsync("""{ "mac_address": "AABBCCDDEEFF", "allow_existing": false }""");
        Assert.Equal(HttpStatusCode.Conflict, answer.Status);
        var detail = answer.Body.GetProperty("detail");
        Assert.Equal(("device_exists", id), (detail.String("error"), detail.String("device_id")));
        Assert.Equal(before, await host.StoredAsync(id));
        await Verifier.VerifyJson(answer.Body);
    }

    [Theory]
    [Trait("RomM", "allow_duplicate")]
    [InlineData("""{ "name": "Second", "mac_address": "AABBCCDDEEFF", "allow_duplicate": true }""")]
    [InlineData("""{ "name": "Second", "mac_address": "AABBCCDDEEFF", "allow_duplicate": true, "allow_existing": false }""")]
    [InlineData("""{ "name": "Second", "mac_address": "AABBCCDDEEFF", "allow_duplicate": true, "allow_existing": true, "reset_syncs": true }""")]
    public async Task A_double_is_created_where_one_is_wanted_and_the_first_stays_the_recognised_one(string json)
    {
        var events = new Events();
        await using var host = await RegistryHost.StartAsync(services: events.Use);
        var alice = await host.SignInAsync("alice");
        var first = await alice.AddAsync(Full);
        var second = await alice.RegisterAsync(json);
        Assert.Equal((HttpStatusCode.Created, "Second"), (second.Status, second.Body.String("name")));
        Assert.True(first != second.Id);
        Assert.Equal(first, (await alice.RegisterAsync(Full)).Id);

        // Renaming the double does not make it recognised, for its hardware address stays as it is.
        Assert.Equal(HttpStatusCode.OK, (await alice.CallAsync("PUT", $"{RegistryHost.Devices}/{second.Id}", """{ "name": "Double", "mac_address": "aa:bb:cc:dd:ee:ff" }""")).Status);
        Assert.Equal(first, (await alice.RegisterAsync(Full)).Id);
        Assert.Empty(events.Resets);
    }

    [Fact]
    [Trait("RomM", "reset_syncs")]
    public async Task Starting_afresh_is_an_event_for_the_host_and_for_recognised_devices_only()
    {
        var events = new Events();
        await using var host = await RegistryHost.StartAsync(services: events.Use);
        var alice = await host.SignInAsync("alice");
        var id = (await alice.RegisterAsync("""{ "mac_address": "AABBCCDDEEFF", "reset_syncs": true }""")).Id;
        Assert.Empty(events.Resets);
        Assert.Equal(HttpStatusCode.Conflict, (await alice.RegisterAsync("""{ "mac_address": "AABBCCDDEEFF", "reset_syncs": true, "allow_existing": false }""")).Status);
        Assert.Equal(HttpStatusCode.OK, (await alice.RegisterAsync("""{ "mac_address": "AABBCCDDEEFF", "reset_syncs": false }""")).Status);
        Assert.Empty(events.Resets);
        Assert.Equal(HttpStatusCode.OK, (await alice.RegisterAsync("""{ "mac_address": "AABBCCDDEEFF", "reset_syncs": true }""")).Status);
        Assert.Equal([("alice", id)], events.Resets);

        events.Fails = true; // the device must not believe that it starts afresh
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await alice.RegisterAsync("""{ "mac_address": "AABBCCDDEEFF", "reset_syncs": true }""")).Status);
    }

    [Fact]
    public async Task What_a_request_cannot_set_is_passed_over()
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        var (_, paired) = await host.PairJsonAsync(identifier: "id-1");
        var id = await alice.AddAsync("""
            { "id": "mine", "user_id": "bob", "client_device_identifier": "id-1", "last_seen": null, "created_at": "2000-01-01T00:00:00Z", "unknown": [1] }
            """);
        var device = await host.StoredAsync(id);
        Assert.True(paired != id); // as in RomM, the identifier is for pairing
        Assert.True(id != "mine");
        Assert.Equal(("alice", null, TestHost.Epoch), (device.UserId, device.ClientDeviceIdentifier, device.CreatedAt));
    }

    [Fact]
    public async Task A_paired_device_that_said_what_it_is_recognised_by_registers_as_itself()
    {
        await using var host = await RegistryHost.StartAsync();
        var (token, id) = await host.PairJsonAsync();
        var device = host.WithToken(token);
        Assert.Equal(HttpStatusCode.OK, (await device.CallAsync("PUT", $"{RegistryHost.Devices}/{id}", """{ "mac_address": "AA:BB:CC:DD:EE:FF" }""")).Status);
        Assert.Equal(id, (await device.RegisterAsync("""{ "mac_address": "aabbccddeeff" }""")).Id);
    }

    private sealed class Events : IDeviceEvents
    {
        public List<(string User, string Device)> Resets { get; } = [];

        public bool Fails { get; set; }

        public void Use(IServiceCollection services) => services.AddSingleton<IDeviceEvents>(this);

        public ValueTask SyncsResetAsync(Device device, CancellationToken cancellationToken)
        {
            Resets.Add((device.UserId, device.Id));
            return Fails ? throw new IOException("The database is down.") : ValueTask.CompletedTask;
        }
    }
}
