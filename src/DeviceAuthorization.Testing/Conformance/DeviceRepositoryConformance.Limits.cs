namespace DeviceAuthorization.Testing;

/// <summary>The devices: found by their identifier, and no more than allowed.</summary>
public abstract partial class DeviceRepositoryConformance
{
    /// <summary>How many users a test tries, where only a user's first rows show a mistake, and not every time.</summary>
    private const int FirstRounds = 10;

    [Theory]
    [InlineData("alice", "tv-1", true)]
    [InlineData("alice", "TV-1", false)]
    [InlineData("alice", "tv-1 ", false)]
    [InlineData("alice", "", false)]
    [InlineData("alice", Mac, false)] // its fingerprint
    [InlineData("bob", "tv-1", false)]
    [InlineData("Alice", "tv-1", false)]
    public async Task A_device_is_found_by_owner_and_identifier(string user, string identifier, bool found)
    {
        var repository = CreateRepository();
        var device = FullDevice();
        await repository.AddOrFindAsync(device, default);
        await repository.AddOrFindAsync(TestData.NewDevice(identifier: null), default);
        await repository.AddOrFindAsync(TestData.NewDevice("carol"), default);
        if (found)
        {
            AssertSame(device, await CreateRepository().FindByIdentifierAsync(user, identifier, default));
        }
        else
        {
            Assert.Null(await repository.FindByIdentifierAsync(user, identifier, default));
        }
    }

    [Fact]
    public async Task A_device_is_found_by_the_identifier_that_it_has_now()
    {
        var repository = CreateRepository();
        var device = await repository.AddOrFindAsync(TestData.NewDevice(), default);
        await repository.TryReplaceAsync(device with { ClientDeviceIdentifier = "tv-2" }, default);
        Assert.Null(await repository.FindByIdentifierAsync("alice", "tv-1", default));
        Assert.Equal(device.Id, (await repository.FindByIdentifierAsync("alice", "tv-2", default))!.Id);
        await repository.DeleteAsync("alice", device.Id, Now, default);
        Assert.Null(await repository.FindByIdentifierAsync("alice", "tv-2", default));
    }

    [Fact]
    public async Task A_user_has_so_many_devices_and_no_more_and_those_that_are_there_are_found_at_any_number()
    {
        var repository = CreateRepository();
        var first = await repository.AddOrFindAsync(TestData.NewDevice(fingerprint: Mac), 2, default);
        var second = await repository.AddOrFindAsync(TestData.NewDevice(identifier: null), 2, default);
        Assert.Null(await repository.AddOrFindAsync(TestData.NewDevice(identifier: "tv-3"), 2, default));
        Assert.Null(await repository.AddOrFindAsync(TestData.NewDevice(identifier: null), 1, default));
        Assert.Equal(2, (await repository.ListAsync("alice", default)).Count);

        AssertSame(second!, await repository.AddOrFindAsync(second!, 2, default));
        AssertSame(first!, await repository.AddOrFindAsync(TestData.NewDevice(), 2, default));
        AssertSame(first!, await repository.AddOrFindAsync(TestData.NewDevice(identifier: null, fingerprint: Mac), 1, default)); // the limit was higher

        Assert.NotNull(await repository.AddOrFindAsync(TestData.NewDevice("bob"), 1, default)); // each user's own
        await repository.DeleteAsync("alice", second!.Id, Now, default);
        Assert.NotNull(await repository.AddOrFindAsync(TestData.NewDevice(identifier: "tv-3"), 2, default));
        Assert.Null(await repository.AddOrFindAsync(TestData.NewDevice(identifier: "tv-4"), 2, default));
    }

    [Fact]
    public async Task However_many_devices_are_added_at_once_the_limit_holds()
    {
        var added = await AtOnceAsync(50, repository => repository.AddOrFindAsync(TestData.NewDevice(identifier: null), 7, default));
        Assert.Equal(7, added.Count(device => device is not null));
        Assert.Equal(7, (await CreateRepository().ListAsync("alice", default)).Count);
    }

    [Fact]
    public async Task A_users_first_devices_and_tokens_at_once_are_all_added()
    {
        for (var round = 0; round < FirstRounds; round++)
        {
            var user = $"user-{round}";
            var added = await AtOnceAsync(8, async repository =>
            {
                var device = await repository.AddOrFindAsync(TestData.NewDevice(user, identifier: null), 8, default);
                return device is not null && (await IssueAsync(repository, TestData.NewToken(device), limit: 8)).Token is not null;
            });
            Assert.DoesNotContain(added, isAdded => !isAdded);
        }
    }
}
