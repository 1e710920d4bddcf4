using DeviceAuthorization.Flow;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Tests;

/// <summary>The registry registers approved devices, and keeps changes that happen at the same time.</summary>
public sealed class DeviceRegistryTests
{
    private static readonly DateTimeOffset Now = TestData.Start + TimeSpan.FromMinutes(1);

    private readonly TestFlow _flow = new();
    private readonly InterceptedDeviceRepository _repository;
    private readonly Microsoft.Extensions.Time.Testing.FakeTimeProvider _clock;

    public DeviceRegistryTests() => (_repository, _clock) = (_flow.Devices, _flow.Clock);

    private DeviceRegistry Registry => _flow.Registry;

    [Fact]
    public async Task The_device_of_a_pairing_is_registered_as_reported()
    {
        var approved = Approved();
        var device = await RegisterAsync(approved);
        TestData.AssertSame(new Device
        {
            Id = approved.Id.ToString(),
            UserId = "alice",
            Name = "TV",
            Platform = "tvOS",
            Client = "tv-app",
            ClientVersion = "1.0",
            ClientDeviceIdentifier = "tv-1",
            LastSeenAt = TestData.Start,
            CreatedAt = TestData.Start,
            UpdatedAt = TestData.Start,
        }, device);
        TestData.AssertSame(device, await _repository.FindAsync("alice", device.Id, default));
    }

    [Theory]
    [InlineData(null, null, "TV")] // the reported name, once
    [InlineData(null, "Chosen", "Chosen")]
    [InlineData("Telly", null, "Telly")]
    [InlineData("Telly", "Chosen", "Chosen")]
    public async Task A_known_device_keeps_its_name_unless_its_owner_chooses_another(string? first, string? second, string name)
    {
        var device = await RegisterAsync(Approved(name: first));
        _clock.SetUtcNow(Now);
        var again = Approved(name: second, reportedName: "Renamed by itself") with { ClientId = "other-app" };
        var found = await RegisterAsync(again with { Device = again.Device with { Platform = null, ClientVersion = "2.0" } });
        TestData.AssertSame(device with { Name = name, Client = "other-app", ClientVersion = "2.0", LastSeenAt = Now, UpdatedAt = Now, Version = 1 }, found);
        TestData.AssertSame(found, await _repository.FindAsync("alice", device.Id, default));
    }

    [Theory]
    [InlineData("alice", "tv-1", true)]
    [InlineData("alice", "TV-1", false)]
    [InlineData("alice", "tv-1 ", false)]
    [InlineData("alice", null, false)]
    [InlineData("bob", "tv-1", false)]
    public async Task A_device_is_known_by_owner_and_identifier(string user, string? identifier, bool same)
    {
        var first = await RegisterAsync(Approved());
        var second = await RegisterAsync(Approved(user, identifier, "Other"));
        Assert.Equal(same, first.Id == second.Id);
        Assert.Equal(same ? "Other" : "TV", (await _repository.FindAsync("alice", first.Id, default))!.Name);
    }

    [Theory]
    [InlineData("tv-1")]
    [InlineData(null)]
    public async Task Registering_twice_is_registering_once(string? identifier)
    {
        var approved = Approved(identifier: identifier);
        var first = await RegisterAsync(approved);
        _clock.SetUtcNow(Now);
        TestData.AssertSame(first, await RegisterAsync(approved));
        Assert.Single(await _repository.ListAsync("alice", default));
    }

    [Theory]
    [InlineData("tv-1", 1)]
    [InlineData(null, 32)]
    public async Task However_many_register_at_once_an_identifier_is_one_device(string? identifier, int devices)
    {
        _repository.Interleaves = true;
        var ids = await Task.WhenAll(Enumerable.Range(0, 32).Select(i => Task.Run(
            async () => (await RegisterAsync(Approved(identifier: identifier, name: $"{i}"))).Id)));
        Assert.Equal(devices, ids.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task A_known_device_keeps_its_settings_and_what_it_told_of_itself_without_pairing()
    {
        Assert.True(SecretDocument.TryParse("""{"password":"hunter2"}""", SecretKeys.Default, out var settings, out _));
        var known = await _repository.AddOrFindAsync(
            TestData.NewDevice(fingerprint: "mac:1") with { Hostname = "tv", SyncMode = SyncMode.PushPull, SyncEnabled = false, SyncConfig = settings }, default);
        _clock.SetUtcNow(Now);
        var found = await RegisterAsync(Approved(name: "Den"));
        TestData.AssertSame(known with { Name = "Den", LastSeenAt = Now, UpdatedAt = Now, Version = 1 }, found);
        Assert.Equal(settings.Reveal(), found.SyncConfig!.Reveal());
    }

    [Fact]
    public async Task A_deleted_device_that_pairs_again_is_a_new_one()
    {
        var device = await RegisterAsync(Approved());
        await _repository.DeleteAsync("alice", device.Id, TestData.Start, default);
        _clock.SetUtcNow(Now);
        var again = await RegisterAsync(Approved());
        Assert.False(device.Id.Equals(again.Id, StringComparison.Ordinal));
        Assert.Equal(Now, again.CreatedAt);
    }

    [Fact]
    public async Task A_registration_that_meets_a_change_keeps_both()
    {
        var device = await RegisterAsync(Approved());
        var pause = _repository.PauseBefore(nameof(IDeviceRepository.TryReplaceAsync));
        var registering = RegisterAsync(Approved(name: "Den"));
        await pause.Reached;
        Assert.Equal(DeviceReplacement.Replaced, await _repository.TryReplaceAsync(device with { Hostname = "tv.local" }, default));
        pause.Release();
        var found = await registering;
        Assert.Equal(("Den", "tv.local", 2), (found.Name, found.Hostname, found.Version));
    }

    [Fact]
    public async Task A_change_is_answered_as_it_is_stored()
    {
        var device = await RegisterAsync(Approved());
        _clock.SetUtcNow(Now);
        var (changed, _) = await Registry.ChangeAsync("alice", device.Id, stored => stored with { Name = "Den" }, default);
        TestData.AssertSame(device with { Name = "Den", UpdatedAt = Now, Version = 1 }, changed);
        TestData.AssertSame(changed, await _repository.FindAsync("alice", device.Id, default));
        Assert.Equal((null, false), await Registry.ChangeAsync("bob", device.Id, stored => stored with { Name = "Bob's" }, default));
    }

    [Fact]
    public async Task Of_many_changes_at_once_each_counts()
    {
        _repository.Interleaves = true;
        var device = await RegisterAsync(Approved());
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(
            () => Registry.ChangeAsync("alice", device.Id, stored => stored with { Name = stored.Name + "!" }, default))));
        Assert.Equal("TV" + new string('!', 20), (await _repository.FindAsync("alice", device.Id, default))!.Name);
    }

    [Fact]
    public async Task A_changed_token_is_answered_as_it_is_stored_and_a_revoked_one_is_not_changed()
    {
        var device = await RegisterAsync(Approved());
        var token = TestData.NewToken(device);
        await _repository.TryIssueTokenAsync(token, new TokenIssueConditions(TestData.Start, 1, ReplacesEarlier: true), default);
        var changed = await Registry.ChangeTokenAsync("alice", token.Id, stored => stored with { Name = "Den" }, default);
        TestData.AssertSame(token with { Name = "Den", Version = 1 }, changed);
        TestData.AssertSame(changed, Assert.Single(await _repository.ListTokensAsync("alice", default)));
        Assert.Null(await Registry.RevokeTokenAsync("bob", token.Id, default));
        Assert.NotNull(await Registry.RevokeTokenAsync("alice", token.Id, default));
        Assert.Null(await Registry.ChangeTokenAsync("alice", token.Id, stored => stored with { Name = "Late" }, default));
        Assert.Null(await Registry.RevokeTokenAsync("alice", token.Id, default));
    }

    private async Task<Device> RegisterAsync(Pairing approved)
    {
        var device = await Registry.RegisterAsync(approved, default);
        Assert.NotNull(device);
        return device;
    }

    private static Pairing Approved(string user = "alice", string? identifier = "tv-1", string? name = null, string reportedName = "TV") => TestData.NewPairing() with
    {
        ClientId = "tv-app",
        Device = new ReportedDevice { Name = reportedName, Identifier = identifier, Platform = "tvOS", ClientVersion = "1.0" },
        Status = PairingStatus.Approved,
        ApproverId = user,
        Grant = TestData.NewGrant() with { DeviceName = name },
    };
}
