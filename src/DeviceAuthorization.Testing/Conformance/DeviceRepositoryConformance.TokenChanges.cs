using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Testing;

/// <summary>The tokens: changed, used.</summary>
public abstract partial class DeviceRepositoryConformance
{
    [Fact]
    public async Task A_replaced_token_is_the_new_one_with_the_next_version()
    {
        var (repository, device, token) = await IssueAsync();
        var changed = token with { Name = "Den", Scopes = ["read"], ExpiresAt = Now };
        Assert.True(await repository.TryReplaceTokenAsync(changed, default));
        TestData.AssertSame(new TokenWithDevice(changed with { Version = 1 }, device), await CreateRepository().FindTokenAsync(token.Hash, default));
        Assert.False(await repository.TryReplaceTokenAsync(token with { Name = "Stale" }, default));
        Assert.False(await repository.TryReplaceTokenAsync(token with { Name = "Ahead", Version = 2 }, default));
        Assert.False(await repository.TryReplaceTokenAsync(TestData.NewToken(device), default));
        TestData.AssertSame(changed with { Version = 1 }, Assert.Single(await repository.ListTokensAsync("alice", default)));
    }

    [Fact]
    public async Task The_client_that_a_token_was_issued_to_is_never_changed()
    {
        var (repository, device, token) = await IssueAsync();
        var longest = TestData.NewToken(device) with { ClientId = new string('~', 128) };
        await IssueAsync(repository, longest, replaces: false);
        foreach (var issued in (AccessToken[])[token, longest])
        {
            Assert.True(await repository.TryReplaceTokenAsync(issued with { Hash = TestData.NewHash(), Name = "Den", ClientId = "another", StartedFrom = "192.0.2.9", AccountStamp = null }, default));
            var stored = (await CreateRepository().FindTokenOfPairingAsync(issued.PairingId!.Value, default))!;
            Assert.Equal((issued.ClientId, issued.StartedFrom, issued.AccountStamp), (stored.ClientId, stored.StartedFrom, stored.AccountStamp));
        }
    }

    [Fact]
    public async Task A_token_with_a_new_hash_is_found_by_that_one_only()
    {
        var (repository, device, token) = await IssueAsync();
        var renewed = token with { Hash = TestData.NewHash() };
        Assert.True(await repository.TryReplaceTokenAsync(renewed, default));
        Assert.Null(await repository.FindTokenAsync(token.Hash, default));
        TestData.AssertSame(new TokenWithDevice(renewed with { Version = 1 }, device), await CreateRepository().FindTokenAsync(renewed.Hash, default));
        TestData.AssertSame(renewed with { Version = 1 }, await repository.FindTokenOfPairingAsync(token.PairingId!.Value, default));
        TestData.AssertSame(new TokenIssue(renewed with { Version = 1 }, false), await IssueAsync(repository, token));
        Assert.Null(await repository.FindTokenAsync(token.Hash, default));
    }

    [Fact]
    public async Task A_change_that_was_read_before_a_use_does_not_undo_it()
    {
        var (repository, _, token) = await IssueAsync();
        await repository.TouchAsync(token.Id, Now, TimeSpan.FromMinutes(5), default);
        Assert.True(await repository.TryReplaceTokenAsync(token with { Name = "Den" }, default));
        Assert.Equal(Now, (await CreateRepository().FindTokenAsync(token.Hash, default))!.Token.LastUsedAt);

        // A new secret was never used, even if the old one was.
        var renewed = token with { Version = 1, Hash = TestData.NewHash(), LastUsedAt = null };
        Assert.True(await repository.TryReplaceTokenAsync(renewed, default));
        Assert.Null((await CreateRepository().FindTokenAsync(renewed.Hash, default))!.Token.LastUsedAt);
    }

    [Fact]
    public async Task Of_many_who_replace_a_token_at_once_one_does()
    {
        var (_, _, token) = await IssueAsync();
        var results = await AtOnceAsync(32, repository => repository.TryReplaceTokenAsync(token with { Hash = TestData.NewHash() }, default));
        Assert.Single(results, true);
        Assert.Null(await CreateRepository().FindTokenAsync(token.Hash, default));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_change_that_was_read_before_a_revocation_does_not_undo_it(bool deletesDevice)
    {
        var (repository, device, token) = await IssueAsync();
        if (deletesDevice)
        {
            await repository.DeleteAsync("alice", device.Id, Now, default);
        }
        else
        {
            await IssueAsync(repository, TestData.NewToken(device), replaces: true);
        }

        Assert.False(await repository.TryReplaceTokenAsync(token with { Name = "Late" }, default));
        Assert.Null(await repository.FindTokenAsync(token.Hash, default));
    }

    [Theory]
    [InlineData(-2, false)] // by a node whose clock is behind
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
}
