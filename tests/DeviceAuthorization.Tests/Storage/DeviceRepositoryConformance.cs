namespace DeviceAuthorization.Tests;

/// <summary>What every <see cref="IDeviceRepository"/> keeps to. One class per repository derives, named after it; nothing is overridden.</summary>
public abstract class DeviceRepositoryConformance
{
    private static readonly DateTimeOffset Now = TestData.Start + TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Debounce = TimeSpan.FromMinutes(5);

    /// <summary>A connection to a repository that is empty when the test starts; each call gives another connection to the same one.</summary>
    protected abstract IDeviceRepository CreateRepository();

    [Fact]
    public async Task A_registered_device_is_found_by_its_owner_as_it_was()
    {
        var repository = CreateRepository();
        var registration = TestData.NewRegistration();
        var device = await repository.RegisterAsync(registration, default);
        TestData.AssertSame(new Device
        {
            Id = registration.Id,
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
        TestData.AssertSame(device, await CreateRepository().FindAsync("alice", device.Id, default));
        Assert.Null(await repository.FindAsync("bob", device.Id, default));
        Assert.Null(await repository.FindAsync("Alice", device.Id, default));
        Assert.Null(await repository.FindAsync("alice", Guid.NewGuid().ToString(), default));
    }

    [Theory]
    [InlineData(null, null, "TV")] // the reported name, once
    [InlineData(null, "Chosen", "Chosen")]
    [InlineData("Telly", null, "Telly")]
    [InlineData("Telly", "Chosen", "Chosen")]
    public async Task A_known_device_keeps_its_name_unless_its_owner_chooses_another(string? first, string? second, string name)
    {
        var repository = CreateRepository();
        var device = await repository.RegisterAsync(TestData.NewRegistration(name: first), default);
        var again = TestData.NewRegistration(name: second, reportedName: "Renamed by itself") with { Client = "other-app", Now = Now };
        var found = await repository.RegisterAsync(again with { Reported = again.Reported with { Platform = null, ClientVersion = "2.0" } }, default);
        TestData.AssertSame(device with { Name = name, Client = "other-app", ClientVersion = "2.0", LastSeenAt = Now, UpdatedAt = Now }, found);
        TestData.AssertSame(found, await repository.FindAsync("alice", device.Id, default));
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
        var first = await repository.RegisterAsync(TestData.NewRegistration(), default);
        var second = await repository.RegisterAsync(TestData.NewRegistration(user, identifier, "Other"), default);
        Assert.Equal(same, first.Id == second.Id);
        Assert.Equal(same ? "Other" : "TV", (await repository.FindAsync("alice", first.Id, default))!.Name);
    }

    [Theory]
    [InlineData("tv-1")]
    [InlineData(null)]
    public async Task Registering_twice_is_registering_once(string? identifier)
    {
        var repository = CreateRepository();
        var registration = TestData.NewRegistration(identifier: identifier);
        var first = await repository.RegisterAsync(registration, default);
        TestData.AssertSame(first, await repository.RegisterAsync(registration, default));
    }

    [Theory]
    [InlineData("tv-1", 1)]
    [InlineData(null, 32)]
    public async Task However_many_register_at_once_an_identifier_is_one_device(string? identifier, int devices)
    {
        var ids = await AtOnceAsync(32, async repository => (await repository.RegisterAsync(TestData.NewRegistration(identifier: identifier), default)).Id);
        Assert.Equal(devices, ids.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task An_issued_token_is_found_with_its_device()
    {
        var (repository, device, token) = await IssueAsync();
        var found = await CreateRepository().FindTokenAsync(token.Hash, default);
        TestData.AssertSame(new TokenWithDevice(token, device), found);
        TestData.AssertSame(token, await repository.FindTokenOfPairingAsync(token.PairingId, default));
        Assert.Null(await repository.FindTokenAsync(TestData.NewHash(), default));
        Assert.Null(await repository.FindTokenOfPairingAsync(Guid.NewGuid(), default));
    }

    [Fact]
    public async Task A_pairing_has_one_token_however_often_it_is_issued()
    {
        var (repository, device, token) = await IssueAsync();
        var another = TestData.NewToken(device) with { PairingId = token.PairingId };
        TestData.AssertSame(token, await repository.IssueTokenAsync(another, replacesEarlier: true, default));
        Assert.NotNull(await repository.FindTokenAsync(token.Hash, default));
        Assert.Null(await repository.FindTokenAsync(another.Hash, default));
    }

    [Fact]
    public async Task However_many_issue_the_token_of_a_pairing_at_once_they_get_the_same()
    {
        var device = await CreateRepository().RegisterAsync(TestData.NewRegistration(), default);
        var token = TestData.NewToken(device);
        var issued = await AtOnceAsync(32, repository => repository.IssueTokenAsync(token with { Id = Guid.NewGuid() }, replacesEarlier: true, default));
        var id = Assert.Single(issued.Select(one => one!.Id).Distinct());
        Assert.All(issued, one => Assert.Null(one!.RevokedAt));
        Assert.Equal(id, (await CreateRepository().FindTokenAsync(token.Hash, default))!.Token.Id);
    }

    [Fact]
    public async Task However_many_pairings_issue_for_a_device_at_once_one_token_is_left()
    {
        var device = await CreateRepository().RegisterAsync(TestData.NewRegistration(), default);
        var issued = await AtOnceAsync(32, repository => repository.IssueTokenAsync(TestData.NewToken(device), replacesEarlier: true, default));
        var live = 0;
        foreach (var token in issued)
        {
            live += await CreateRepository().FindTokenAsync(token!.Hash, default) is null ? 0 : 1;
        }

        Assert.Equal(1, live);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_new_token_replaces_the_earlier_ones_of_its_device_if_it_is_to(bool replaces)
    {
        var (repository, device, earlier) = await IssueAsync();
        var other = TestData.NewToken(await repository.RegisterAsync(TestData.NewRegistration(identifier: "other"), default));
        await repository.IssueTokenAsync(other, replaces, default);
        var later = TestData.NewToken(device) with { CreatedAt = Now };
        TestData.AssertSame(later, await repository.IssueTokenAsync(later, replaces, default));
        Assert.Equal(!replaces, await repository.FindTokenAsync(earlier.Hash, default) is not null);
        TestData.AssertSame(earlier with { RevokedAt = replaces ? Now : null }, await repository.FindTokenOfPairingAsync(earlier.PairingId, default));
        Assert.NotNull(await repository.FindTokenAsync(other.Hash, default));
    }

    [Fact]
    public async Task A_revoked_token_is_found_no_more_and_never_comes_back()
    {
        var (repository, device, token) = await IssueAsync();
        Assert.False(await repository.RevokeTokenAsync("bob", token.Id, Now, default));
        Assert.False(await repository.RevokeTokenAsync("alice", Guid.NewGuid(), Now, default));
        Assert.True(await repository.RevokeTokenAsync("alice", token.Id, Now, default));
        Assert.False(await repository.RevokeTokenAsync("alice", token.Id, Now.AddSeconds(1), default));
        Assert.Null(await repository.FindTokenAsync(token.Hash, default));
        TestData.AssertSame(token with { RevokedAt = Now }, await repository.FindTokenOfPairingAsync(token.PairingId, default));
        TestData.AssertSame(token with { RevokedAt = Now }, await repository.IssueTokenAsync(token with { Id = Guid.NewGuid() }, true, default));
        Assert.Null(await repository.FindTokenAsync(token.Hash, default));
        Assert.NotNull(await repository.FindAsync("alice", device.Id, default));
    }

    [Fact]
    public async Task Of_many_who_revoke_a_token_at_once_one_is_told_so()
    {
        var (_, _, token) = await IssueAsync();
        Assert.Single(await AtOnceAsync(32, repository => repository.RevokeTokenAsync("alice", token.Id, Now, default)), true);
    }

    [Fact]
    public async Task Deleting_a_device_revokes_its_tokens_and_no_others()
    {
        var (repository, device, token) = await IssueAsync();
        var other = TestData.NewToken(await repository.RegisterAsync(TestData.NewRegistration(identifier: null), default));
        await repository.IssueTokenAsync(other, true, default);
        Assert.False(await repository.DeleteAsync("bob", device.Id, Now, default));
        Assert.True(await repository.DeleteAsync("alice", device.Id, Now, default));
        Assert.False(await repository.DeleteAsync("alice", device.Id, Now, default));
        Assert.Null(await repository.FindAsync("alice", device.Id, default));
        Assert.Null(await repository.FindTokenAsync(token.Hash, default));
        Assert.Equal(Now, (await repository.FindTokenOfPairingAsync(token.PairingId, default))!.RevokedAt);
        Assert.Equal(Now, (await repository.IssueTokenAsync(token, true, default))!.RevokedAt);
        Assert.Null(await repository.IssueTokenAsync(TestData.NewToken(device), true, default));
        Assert.NotNull(await repository.FindTokenAsync(other.Hash, default));
    }

    [Fact]
    public async Task A_deleted_device_that_registers_again_is_a_new_one_and_its_old_token_stays_revoked()
    {
        var (repository, device, token) = await IssueAsync();
        await repository.DeleteAsync("alice", device.Id, Now, default);
        var again = await repository.RegisterAsync(TestData.NewRegistration() with { Now = Now }, default);
        Assert.False(device.Id.Equals(again.Id, StringComparison.Ordinal));
        Assert.Equal(Now, again.CreatedAt);
        Assert.Null(await repository.FindTokenAsync(token.Hash, default));
    }

    [Fact]
    public async Task No_token_is_issued_for_a_device_of_another_user()
    {
        var (repository, device, _) = await IssueAsync();
        var token = TestData.NewToken(device) with { UserId = "bob" };
        Assert.Null(await repository.IssueTokenAsync(token, true, default));
        Assert.Null(await repository.FindTokenOfPairingAsync(token.PairingId, default));
    }

    [Theory]
    [InlineData(299.999, false)]
    [InlineData(300, true)]
    public async Task A_use_is_recorded_the_first_time_and_then_when_the_record_is_old(double seconds, bool recorded)
    {
        var (repository, device, token) = await IssueAsync();
        var (first, second) = (TestData.Start + Debounce, TestData.Start + Debounce + TimeSpan.FromSeconds(seconds));
        await repository.TouchAsync(token.Id, first, Debounce, default);
        TestData.AssertSame(new TokenWithDevice(token with { LastUsedAt = first }, device with { LastSeenAt = first }), await repository.FindTokenAsync(token.Hash, default));
        await repository.TouchAsync(token.Id, second, Debounce, default);
        var at = recorded ? second : first;
        TestData.AssertSame(new TokenWithDevice(token with { LastUsedAt = at }, device with { LastSeenAt = at }), await repository.FindTokenAsync(token.Hash, default));
    }

    [Fact]
    public async Task The_first_use_is_recorded_although_the_device_was_seen_just_now()
    {
        var (repository, device, token) = await IssueAsync();
        await repository.TouchAsync(token.Id, Now, Debounce, default);
        TestData.AssertSame(new TokenWithDevice(token with { LastUsedAt = Now }, device), await repository.FindTokenAsync(token.Hash, default));
        await repository.TouchAsync(Guid.NewGuid(), Now, Debounce, default); // unknown: nothing happens
    }

    private async Task<(IDeviceRepository Repository, Device Device, IssuedToken Token)> IssueAsync()
    {
        var repository = CreateRepository();
        var device = await repository.RegisterAsync(TestData.NewRegistration(), default);
        var token = TestData.NewToken(device);
        TestData.AssertSame(token, await repository.IssueTokenAsync(token, replacesEarlier: true, default));
        return (repository, device, token);
    }

    /// <summary>Calls at the same time, every one over a connection of its own.</summary>
    private Task<T[]> AtOnceAsync<T>(int count, Func<IDeviceRepository, ValueTask<T>> call)
    {
        var repositories = Enumerable.Range(0, count).Select(_ => CreateRepository()).ToArray();
        return Task.WhenAll(repositories.Select(repository => Task.Run(async () => await call(repository))));
    }
}
