using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Testing;

/// <summary>
/// The contract of <see cref="IDeviceRepository"/>, as tests. Inherit it in your test project: one sealed class per repository, named after it.
/// xunit creates an instance for each test.
/// </summary>
public abstract partial class DeviceRepositoryConformance
{
    private const string Mac = "mac:aabbccddeeff";

    private static readonly DateTimeOffset Now = TestData.Start + TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Debounce = TimeSpan.FromMinutes(5);

    /// <summary>Connects to a repository that is empty when the test starts. Each call returns another connection to the same one.</summary>
    protected abstract IDeviceRepository CreateRepository();

    /// <summary>
    /// Loses the answer of the next write (of its commit, if it is a transaction) of any of the test's repositories. The write takes effect, and the
    /// caller gets a broken connection. See <see cref="PairingStoreConformance.LoseNextAnswer"/>.
    /// </summary>
    /// <returns>Whether this repository supports it. If not, the test shows nothing.</returns>
    protected virtual bool LoseNextAnswer() => false;

    [Fact]
    public async Task An_added_device_is_found_by_its_owner_as_it_was()
    {
        var repository = CreateRepository();
        var device = FullDevice();
        AssertSame(device, await repository.AddOrFindAsync(device, default));
        AssertSame(device, await CreateRepository().FindAsync("alice", device.Id, default));
        AssertSame(device, Assert.Single(await CreateRepository().ListAsync("alice", default)));
        Assert.Null(await repository.FindAsync("bob", device.Id, default));
        Assert.Null(await repository.FindAsync("Alice", device.Id, default));
        Assert.Null(await repository.FindAsync("alice", Guid.NewGuid().ToString(), default));
        Assert.Empty(await repository.ListAsync("bob", default));
        Assert.Empty(await repository.ListAsync("Alice", default));
    }

    [Fact]
    public async Task A_device_of_which_nothing_is_known_is_kept_as_that()
    {
        var repository = CreateRepository();
        var device = new Device { Id = Guid.NewGuid().ToString(), UserId = "alice", CreatedAt = TestData.Start, UpdatedAt = TestData.Start };
        await repository.AddOrFindAsync(device, default);
        AssertSame(device, await CreateRepository().FindAsync("alice", device.Id, default));
    }

    [Theory]
    [InlineData("alice", "tv-1", true)]
    [InlineData("alice", "TV-1", false)]
    [InlineData("alice", "tv-1 ", false)]
    [InlineData("alice", null, false)]
    [InlineData("bob", "tv-1", false)]
    public async Task A_device_is_known_by_owner_and_identifier(string user, string? identifier, bool same)
    {
        var repository = CreateRepository();
        var first = await repository.AddOrFindAsync(TestData.NewDevice(), default);
        var second = TestData.NewDevice(user, identifier) with { Name = "Other" };
        AssertSame(same ? first : second, await repository.AddOrFindAsync(second, default));
        Assert.Equal("TV", (await repository.FindAsync("alice", first.Id, default))!.Name);
    }

    [Theory]
    [InlineData("alice", Mac, true)]
    [InlineData("alice", "mac:AABBCCDDEEFF", false)] // the repository does not normalise: DeviceFingerprint does
    [InlineData("alice", null, false)]
    [InlineData("bob", Mac, false)]
    public async Task A_device_is_known_by_owner_and_fingerprint(string user, string? fingerprint, bool same)
    {
        var repository = CreateRepository();
        var first = await repository.AddOrFindAsync(TestData.NewDevice(identifier: null, fingerprint: Mac), default);
        var second = TestData.NewDevice(user, null, fingerprint) with { Name = "Other" };
        AssertSame(same ? first : second, await repository.AddOrFindAsync(second, default));
        Assert.Equal("TV", (await repository.FindAsync("alice", first.Id, default))!.Name);
    }

    [Fact]
    public async Task The_id_tells_first_then_the_identifier_and_then_the_fingerprint()
    {
        var repository = CreateRepository();
        var (byId, byIdentifier, byFingerprint) = (TestData.NewDevice(identifier: null), TestData.NewDevice(), TestData.NewDevice(identifier: null, fingerprint: Mac));
        foreach (var device in new[] { byFingerprint, byIdentifier, byId })
        {
            await repository.AddOrFindAsync(device, default);
        }

        var all = TestData.NewDevice(fingerprint: Mac);
        AssertSame(byId, await repository.AddOrFindAsync(all with { Id = byId.Id }, default));
        AssertSame(byIdentifier, await repository.AddOrFindAsync(all, default));
        AssertSame(byFingerprint, await repository.AddOrFindAsync(all with { ClientDeviceIdentifier = "other" }, default));
        Assert.Equal(3, (await repository.ListAsync("alice", default)).Count);
    }

    [Fact]
    public async Task An_identifier_is_no_fingerprint()
    {
        var repository = CreateRepository();
        await repository.AddOrFindAsync(TestData.NewDevice(identifier: Mac), default);
        await repository.AddOrFindAsync(TestData.NewDevice(identifier: null, fingerprint: Mac), default);
        await repository.AddOrFindAsync(TestData.NewDevice(identifier: "id:x"), default);
        await repository.AddOrFindAsync(TestData.NewDevice(identifier: "x"), default);
        Assert.Equal(4, (await repository.ListAsync("alice", default)).Count);
    }

    [Theory]
    [InlineData("tv-1", null, 1)]
    [InlineData(null, Mac, 1)]
    [InlineData("tv-1", Mac, 1)]
    [InlineData(null, null, 50)]
    public async Task However_many_are_added_at_once_an_identifier_or_a_fingerprint_is_one_device(string? identifier, string? fingerprint, int devices)
    {
        var found = await AtOnceAsync(50, repository => repository.AddOrFindAsync(TestData.NewDevice("alice", identifier, fingerprint), default));
        Assert.Equal(devices, found.Select(device => device.Id).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(devices, (await CreateRepository().ListAsync("alice", default)).Count);
    }

    [Fact]
    public async Task However_many_add_one_record_at_once_it_is_one_device()
    {
        var device = TestData.NewDevice(identifier: null);
        Assert.All(await AtOnceAsync(50, repository => repository.AddOrFindAsync(device, default)), found => AssertSame(device, found));
        Assert.Single(await CreateRepository().ListAsync("alice", default));
    }

    [Fact]
    public async Task Devices_are_listed_oldest_first_and_nobody_elses()
    {
        var repository = CreateRepository();
        var ids = new List<string>();
        foreach (var minutes in new[] { 2, 0, 1 })
        {
            var device = TestData.NewDevice(identifier: null) with { CreatedAt = TestData.Start.AddMinutes(minutes) };
            ids.Add((await repository.AddOrFindAsync(device, default)).Id);
        }

        await repository.AddOrFindAsync(TestData.NewDevice("bob"), default);
        Assert.Equal([ids[1], ids[2], ids[0]], (await repository.ListAsync("alice", default)).Select(device => device.Id).ToArray());
    }

    [Fact]
    public async Task A_replaced_device_is_the_new_one_with_the_next_version()
    {
        var repository = CreateRepository();
        var device = await repository.AddOrFindAsync(TestData.NewDevice(), default);
        var changed = FullDevice() with { Id = device.Id, ClientDeviceIdentifier = "tv-2", CreatedAt = device.CreatedAt, LastSeenAt = Now, UpdatedAt = Now };
        Assert.Equal(DeviceReplacement.Replaced, await repository.TryReplaceAsync(changed, default));
        AssertSame(changed with { Version = 1 }, await CreateRepository().FindAsync("alice", device.Id, default));
        var again = changed with { Version = 1, Name = "Again" };
        Assert.Equal(DeviceReplacement.Replaced, await repository.TryReplaceAsync(again, default));
        AssertSame(again with { Version = 2 }, await CreateRepository().FindAsync("alice", device.Id, default));
    }

    [Fact]
    public async Task Capabilities_are_replaced_emptied_and_removed()
    {
        var repository = CreateRepository();
        var device = await repository.AddOrFindAsync(FullDevice(), default);
        foreach (var capabilities in new Dictionary<string, bool>?[] { new(StringComparer.Ordinal) { ["other"] = true }, new(StringComparer.Ordinal), null })
        {
            Assert.Equal(DeviceReplacement.Replaced, await repository.TryReplaceAsync(device with { Capabilities = capabilities }, default));
            device = device with { Capabilities = capabilities, Version = device.Version + 1 };
            AssertSame(device, await CreateRepository().FindAsync("alice", device.Id, default));
        }
    }

    [Fact]
    public async Task A_device_that_changed_meanwhile_is_not_there_or_is_another_users_is_not_replaced()
    {
        var repository = CreateRepository();
        var device = await repository.AddOrFindAsync(TestData.NewDevice(), default);
        await repository.TryReplaceAsync(device with { Name = "First" }, default);
        Assert.Equal(DeviceReplacement.Stale, await repository.TryReplaceAsync(device with { Name = "Second" }, default));
        Assert.Equal(DeviceReplacement.Stale, await repository.TryReplaceAsync(device with { Name = "Second", Version = 2 }, default));
        Assert.Equal(DeviceReplacement.Stale, await repository.TryReplaceAsync(device with { UserId = "bob", Version = 1 }, default));
        Assert.Equal(DeviceReplacement.Stale, await repository.TryReplaceAsync(TestData.NewDevice(identifier: null), default));
        AssertSame(device with { Name = "First", Version = 1 }, Assert.Single(await repository.ListAsync("alice", default)));
        await repository.DeleteAsync("alice", device.Id, Now, default);
        Assert.Equal(DeviceReplacement.Stale, await repository.TryReplaceAsync(device with { Version = 1 }, default));
        Assert.Empty(await repository.ListAsync("alice", default));
    }

    [Fact]
    public async Task Of_many_who_replace_a_device_at_once_one_does()
    {
        var device = await CreateRepository().AddOrFindAsync(TestData.NewDevice(), default);
        var results = await AtOnceAsync(32, repository => repository.TryReplaceAsync(device with { Name = Guid.NewGuid().ToString() }, default));
        Assert.Single(results, DeviceReplacement.Replaced);
        Assert.Equal(31, results.Count(result => result == DeviceReplacement.Stale));
        Assert.Equal(1, (await CreateRepository().FindAsync("alice", device.Id, default))!.Version);
    }

    [Theory]
    [InlineData("tv-1", null, DeviceReplacement.Conflict)]
    [InlineData(null, Mac, DeviceReplacement.Conflict)]
    [InlineData("tv-2", "mac:1", DeviceReplacement.Replaced)] // its own
    [InlineData("tv-3", "mac:3", DeviceReplacement.Replaced)] // nobody's
    [InlineData("tv-bob", "mac:bob", DeviceReplacement.Replaced)] // another user's
    [InlineData(null, null, DeviceReplacement.Replaced)]
    public async Task A_device_does_not_take_what_another_one_is_known_by(string? identifier, string? fingerprint, DeviceReplacement expected)
    {
        var repository = CreateRepository();
        await repository.AddOrFindAsync(TestData.NewDevice(fingerprint: Mac), default);
        await repository.AddOrFindAsync(TestData.NewDevice("bob", "tv-bob", "mac:bob"), default);
        var device = await repository.AddOrFindAsync(TestData.NewDevice(identifier: "tv-2", fingerprint: "mac:1"), default);
        var changed = device with { ClientDeviceIdentifier = identifier, Fingerprint = fingerprint };
        Assert.Equal(expected, await repository.TryReplaceAsync(changed, default));
        AssertSame(expected == DeviceReplacement.Replaced ? changed with { Version = 1 } : device, await repository.FindAsync("alice", device.Id, default));
    }

    [Fact]
    public async Task What_a_device_is_no_longer_known_by_is_free_and_what_it_is_known_by_now_is_not()
    {
        var repository = CreateRepository();
        var device = await repository.AddOrFindAsync(TestData.NewDevice(fingerprint: Mac), default);
        await repository.TryReplaceAsync(device with { ClientDeviceIdentifier = "tv-2", Fingerprint = "mac:2" }, default);
        Assert.Equal(device.Id, (await repository.AddOrFindAsync(TestData.NewDevice(identifier: "tv-2"), default)).Id);
        Assert.Equal(device.Id, (await repository.AddOrFindAsync(TestData.NewDevice(identifier: null, fingerprint: "mac:2"), default)).Id);
        var next = TestData.NewDevice(fingerprint: Mac);
        AssertSame(next, await repository.AddOrFindAsync(next, default));
    }

    [Fact]
    public async Task Of_many_devices_that_take_one_fingerprint_at_once_one_gets_it()
    {
        var devices = new List<Device>();
        for (var i = 0; i < 32; i++)
        {
            devices.Add(await CreateRepository().AddOrFindAsync(TestData.NewDevice(identifier: null), default));
        }

        var left = new Queue<Device>(devices);
        var results = await AtOnceAsync(32, repository =>
        {
            lock (left)
            {
                return repository.TryReplaceAsync(left.Dequeue() with { Fingerprint = Mac }, default);
            }
        });
        Assert.Single(results, DeviceReplacement.Replaced);
        Assert.Single(await CreateRepository().ListAsync("alice", default), device => device.Fingerprint == Mac);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_replacement_moves_the_last_sight_forward_only(bool seenWhenRead)
    {
        var repository = CreateRepository();
        var device = await repository.AddOrFindAsync(TestData.NewDevice() with { LastSeenAt = seenWhenRead ? TestData.Start : null }, default);
        var token = TestData.NewToken(device);
        await IssueAsync(repository, token);
        var (seen, later) = (TestData.Start.AddMinutes(10), TestData.Start.AddMinutes(11));
        await repository.TouchAsync(token.Id, seen, Debounce, default); // after the callers below have read
        Assert.Equal(DeviceReplacement.Replaced, await repository.TryReplaceAsync(device with { Name = "A" }, default));
        AssertSame(device with { Name = "A", LastSeenAt = seen, Version = 1 }, await repository.FindAsync("alice", device.Id, default));
        Assert.Equal(DeviceReplacement.Replaced, await repository.TryReplaceAsync(device with { Name = "B", LastSeenAt = later, Version = 1 }, default));
        AssertSame(device with { Name = "B", LastSeenAt = later, Version = 2 }, await repository.FindAsync("alice", device.Id, default));
    }

    /// <summary>A device with every member filled.</summary>
    private static Device FullDevice()
    {
        Assert.True(SecretDocument.TryParse("""{"host":"nas","password":"hunter2","more":{"retries":[1,null]}}""", SecretKeys.Default, out var settings, out _));
        return TestData.NewDevice(fingerprint: Mac) with
        {
            Name = "Living room – テレビ",
            IpAddress = "2001:db8::1",
            MacAddress = "AA:BB:CC:DD:EE:FF",
            Hostname = "tv.local",
            SyncMode = SyncMode.PushPull,
            SyncEnabled = false,
            SyncConfig = settings,
            Capabilities = new Dictionary<string, bool>(StringComparer.Ordinal) { ["remote_install"] = true, ["テレビ \"4K\""] = false },
        };
    }

    /// <summary>As <see cref="TestData.AssertSame"/>, including secrets, which JSON does not show.</summary>
    private static void AssertSame(Device expected, Device? actual)
    {
        TestData.AssertSame(expected, actual);
        Assert.Equal(expected.SyncConfig?.Reveal(), actual!.SyncConfig?.Reveal());
    }

    /// <summary>Runs calls at the same time, each over its own connection.</summary>
    private Task<T[]> AtOnceAsync<T>(int count, Func<IDeviceRepository, ValueTask<T>> call)
    {
        var repositories = Enumerable.Range(0, count).Select(_ => CreateRepository()).ToArray();
        return Task.WhenAll(repositories.Select(repository => Task.Run(async () => await call(repository))));
    }
}
