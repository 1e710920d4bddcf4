using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Testing;

/// <summary>The tokens: issued, found, listed.</summary>
public abstract partial class DeviceRepositoryConformance
{
    [Fact]
    public async Task An_issued_token_is_found_with_its_device()
    {
        var (repository, device, token) = await IssueAsync();
        var found = await CreateRepository().FindTokenAsync(token.Hash, default);
        TestData.AssertSame(new TokenWithDevice(token, device), found);
        TestData.AssertSame(token, await repository.FindTokenOfPairingAsync(token.PairingId!.Value, default));
        TestData.AssertSame(token, Assert.Single(await repository.ListTokensAsync("alice", default)));
        Assert.Null(await repository.FindTokenAsync(TestData.NewHash(), default));
        Assert.Null(await repository.FindTokenOfPairingAsync(Guid.NewGuid(), default));
        Assert.Empty(await repository.ListTokensAsync("bob", default));
    }

    [Fact]
    public async Task A_token_of_no_device_is_found_without_one()
    {
        var repository = CreateRepository();
        var (token, another) = (TestData.NewUnboundToken() with { ExpiresAt = Now, LastUsedAt = TestData.Start }, TestData.NewUnboundToken());
        TestData.AssertSame(new TokenIssue(token, false), await IssueAsync(repository, token, replaces: true));
        TestData.AssertSame(new TokenIssue(another, false), await IssueAsync(repository, another, replaces: true)); // two tokens without a pairing are not the same
        TestData.AssertSame(new TokenWithDevice(token, null), await CreateRepository().FindTokenAsync(token.Hash, default));
        TestData.AssertSame(new TokenWithDevice(another, null), await CreateRepository().FindTokenAsync(another.Hash, default));
        Assert.Null(await repository.FindTokenOfPairingAsync(Guid.Empty, default));
        await repository.TouchAsync(token.Id, Now, Debounce, default);
        await repository.TouchAsync(another.Id, Now, Debounce, default);
        Assert.Equal([TestData.Start, Now], [(await FindAsync(token))!.LastUsedAt, (await FindAsync(another))!.LastUsedAt]);
    }

    [Fact]
    public async Task A_pairing_has_one_token_however_often_it_is_issued()
    {
        var (repository, device, token) = await IssueAsync();
        var another = TestData.NewToken(device) with { PairingId = token.PairingId };
        TestData.AssertSame(new TokenIssue(token, false), await IssueAsync(repository, another, replaces: true));
        TestData.AssertSame(new TokenIssue(token, false), await IssueAsync(repository, another, replaces: false, limit: 1)); // and none is added
        Assert.NotNull(await repository.FindTokenAsync(token.Hash, default));
        Assert.Null(await repository.FindTokenAsync(another.Hash, default));
    }

    [Fact]
    public async Task However_many_issue_the_token_of_a_pairing_at_once_they_get_the_same()
    {
        var device = await CreateRepository().AddOrFindAsync(TestData.NewDevice(), default);
        var token = TestData.NewToken(device);
        var issued = await AtOnceAsync(32, repository => IssueAsync(repository, token with { Id = Guid.NewGuid() }, replaces: true));
        var id = Assert.Single(issued.Select(one => one.Token!.Id).Distinct());
        Assert.All(issued, one => Assert.Null(one.Token!.RevokedAt));
        Assert.Equal(id, (await CreateRepository().FindTokenAsync(token.Hash, default))!.Token.Id);
    }

    [Fact]
    public async Task However_many_pairings_issue_for_a_device_at_once_one_token_is_left()
    {
        var device = await CreateRepository().AddOrFindAsync(TestData.NewDevice(), default);
        var issued = await AtOnceAsync(32, repository => IssueAsync(repository, TestData.NewToken(device), replaces: true, limit: 1));
        var live = 0;
        foreach (var token in issued)
        {
            live += await CreateRepository().FindTokenAsync(token.Token!.Hash, default) is null ? 0 : 1;
        }

        Assert.Equal(1, live);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_new_token_replaces_the_earlier_ones_of_its_device_if_it_is_to(bool replaces)
    {
        var (repository, device, earlier) = await IssueAsync();
        var other = TestData.NewToken(await repository.AddOrFindAsync(TestData.NewDevice(identifier: "other"), default));
        var unbound = TestData.NewUnboundToken();
        await IssueAsync(repository, other, replaces);
        await IssueAsync(repository, unbound, replaces);
        var later = TestData.NewToken(device) with { CreatedAt = Now };
        AccessToken[] replaced = replaces ? [earlier with { RevokedAt = Now, Version = 1 }] : [];
        TestData.AssertSame(new TokenIssue(later, false) { Replaced = replaced }, await IssueAsync(repository, later, replaces));
        TestData.AssertSame(new TokenIssue(later, false), await IssueAsync(repository, later, replaces)); // a repetition replaces nothing
        Assert.Equal(!replaces, await repository.FindTokenAsync(earlier.Hash, default) is not null);
        TestData.AssertSame(
            earlier with { RevokedAt = replaces ? Now : null, Version = replaces ? 1 : 0 }, await repository.FindTokenOfPairingAsync(earlier.PairingId!.Value, default));
        Assert.NotNull(await repository.FindTokenAsync(other.Hash, default));
        Assert.NotNull(await repository.FindTokenAsync(unbound.Hash, default));
    }

    [Fact]
    public async Task A_revoked_token_is_found_no_more_and_never_comes_back()
    {
        var (repository, device, token) = await IssueAsync();
        Assert.False(await repository.RevokeAsync("bob", token.Id, Now));
        Assert.False(await repository.RevokeAsync("alice", Guid.NewGuid(), Now));
        Assert.True(await repository.RevokeAsync("alice", token.Id, Now));
        Assert.False(await repository.RevokeAsync("alice", token.Id, Now.AddSeconds(1)));
        var revoked = token with { RevokedAt = Now, Version = 1 };
        Assert.Null(await repository.FindTokenAsync(token.Hash, default));
        Assert.Empty(await repository.ListTokensAsync("alice", default));
        TestData.AssertSame(revoked, await repository.FindTokenOfPairingAsync(token.PairingId!.Value, default));
        TestData.AssertSame(new TokenIssue(revoked, false), await IssueAsync(repository, token with { Id = Guid.NewGuid() }, replaces: true));
        Assert.Null(await repository.FindTokenAsync(token.Hash, default));
        Assert.NotNull(await repository.FindAsync("alice", device.Id, default));
    }

    [Fact]
    public async Task A_revoked_token_stays_on_record_as_long_as_its_pairing_may_come_back()
    {
        var (repository, device, token) = await IssueAsync();
        await repository.RevokeAsync("alice", token.Id, Now);
        await IssueAsync(repository, TestData.NewToken(device) with { CreatedAt = Now + AccessToken.RevokedRetention });
        Assert.Equal(Now, (await repository.FindTokenOfPairingAsync(token.PairingId!.Value, default))!.RevokedAt);
    }

    [Fact]
    public async Task Of_many_who_revoke_a_token_at_once_one_is_told_so()
    {
        var (_, _, token) = await IssueAsync();
        Assert.Single(await AtOnceAsync(32, async repository => await repository.RevokeAsync("alice", token.Id, Now)), true);
    }

    [Fact]
    public async Task No_token_is_issued_for_a_device_of_another_user()
    {
        var (repository, device, _) = await IssueAsync();
        var token = TestData.NewToken(device) with { UserId = "bob" };
        TestData.AssertSame(new TokenIssue(null, false), await IssueAsync(repository, token, replaces: true));
        Assert.Null(await repository.FindTokenOfPairingAsync(token.PairingId!.Value, default));
        Assert.Single(await repository.ListTokensAsync("alice", default));
    }

    [Fact]
    public async Task No_token_is_issued_for_a_device_that_is_not_there()
    {
        var repository = CreateRepository();
        var token = TestData.NewToken(TestData.NewDevice());
        TestData.AssertSame(new TokenIssue(null, false), await IssueAsync(repository, token));
        Assert.Null(await repository.FindTokenOfPairingAsync(token.PairingId!.Value, default));
        Assert.Empty(await repository.ListTokensAsync("alice", default));
    }

    [Fact]
    public async Task A_user_has_so_many_live_tokens_and_no_more()
    {
        var (repository, device, _) = await IssueAsync();
        Assert.NotNull((await IssueAsync(repository, TestData.NewUnboundToken(), limit: 2)).Token);
        foreach (var token in new[] { TestData.NewUnboundToken(), TestData.NewToken(device) })
        {
            TestData.AssertSame(new TokenIssue(null, true), await IssueAsync(repository, token, replaces: false, limit: 2));
            Assert.Null(await repository.FindTokenAsync(token.Hash, default));
        }

        Assert.Equal(2, (await repository.ListTokensAsync("alice", default)).Count);
        Assert.NotNull((await IssueAsync(repository, TestData.NewUnboundToken("bob"), limit: 1)).Token); // each user's own
        Assert.NotNull((await IssueAsync(repository, TestData.NewUnboundToken(), limit: 3)).Token);
    }

    [Theory]
    [InlineData(-1, true)] // milliseconds from now to its expiry
    [InlineData(0, true)]
    [InlineData(1, false)]
    public async Task An_expired_token_does_not_count(int milliseconds, bool issued)
    {
        var repository = CreateRepository();
        await IssueAsync(repository, TestData.NewUnboundToken() with { ExpiresAt = Now.AddMilliseconds(milliseconds) });
        var next = await IssueAsync(repository, TestData.NewUnboundToken() with { CreatedAt = Now }, limit: 1);
        Assert.Equal((issued, !issued), (next.Token is not null, next.IsOverLimit));
    }

    [Fact]
    public async Task A_revoked_token_does_not_count()
    {
        var (repository, device, token) = await IssueAsync();
        await repository.RevokeAsync("alice", token.Id, Now);
        Assert.NotNull((await IssueAsync(repository, TestData.NewToken(device), limit: 1)).Token);
        await repository.DeleteAsync("alice", device.Id, Now, default);
        Assert.NotNull((await IssueAsync(repository, TestData.NewUnboundToken(), limit: 1)).Token);
    }

    [Fact]
    public async Task The_tokens_it_replaces_do_not_count_and_stay_when_others_are_too_many()
    {
        var (repository, device, first) = await IssueAsync();
        await IssueAsync(repository, TestData.NewUnboundToken());
        Assert.True((await IssueAsync(repository, TestData.NewToken(device), replaces: false, limit: 2)).IsOverLimit);
        Assert.True((await IssueAsync(repository, TestData.NewToken(device), replaces: true, limit: 1)).IsOverLimit);
        Assert.NotNull(await repository.FindTokenAsync(first.Hash, default)); // a refusal changes nothing
        Assert.NotNull((await IssueAsync(repository, TestData.NewToken(device), replaces: true, limit: 2)).Token);
        Assert.Null(await repository.FindTokenAsync(first.Hash, default));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task However_many_are_issued_at_once_the_limit_holds(bool bound)
    {
        var device = await CreateRepository().AddOrFindAsync(TestData.NewDevice(), default);
        var issues = await AtOnceAsync(
            50, repository => IssueAsync(repository, bound ? TestData.NewToken(device) : TestData.NewUnboundToken(), replaces: false, limit: 7));
        Assert.Equal(7, issues.Count(issue => issue.Token is not null));
        Assert.Equal(43, issues.Count(issue => issue is { Token: null, IsOverLimit: true }));
        Assert.Equal(7, (await CreateRepository().ListTokensAsync("alice", default)).Count);
    }

    [Theory]
    [InlineData(25)]
    [InlineData(3)]
    public async Task Of_a_users_first_tokens_at_once_as_many_are_issued_as_the_limit_allows(int limit)
    {
        for (var round = 0; round < FirstRounds; round++)
        {
            var user = $"user-{round}";
            var issues = await AtOnceAsync(8, repository => IssueAsync(repository, TestData.NewUnboundToken(user), limit: limit));
            Assert.Equal(Math.Min(8, limit), issues.Count(issue => issue is { Token: not null, IsOverLimit: false }));
            Assert.Equal(Math.Max(0, 8 - limit), issues.Count(issue => issue is { Token: null, IsOverLimit: true }));
            Assert.Equal(Math.Min(8, limit), (await CreateRepository().ListTokensAsync(user, default)).Count);
        }
    }

    [Fact]
    public async Task Tokens_are_listed_newest_first_without_revoked_ones_and_with_expired_ones()
    {
        var repository = CreateRepository();
        var tokens = Enumerable.Range(0, 4).Select(minutes => TestData.NewUnboundToken() with { CreatedAt = TestData.Start.AddMinutes(minutes) }).ToArray();
        tokens[1] = tokens[1] with { ExpiresAt = TestData.Start };
        foreach (var i in new[] { 2, 0, 3, 1 })
        {
            await IssueAsync(repository, tokens[i]);
        }

        await IssueAsync(repository, TestData.NewUnboundToken("bob"));
        await repository.RevokeAsync("alice", tokens[2].Id, Now);
        TestData.AssertSame<IReadOnlyList<AccessToken>>([tokens[3], tokens[1], tokens[0]], await repository.ListTokensAsync("alice", default));
    }

    [Fact]
    public async Task A_token_that_is_issued_again_after_another_replaced_it_changes_nothing()
    {
        var (repository, device, first) = await IssueAsync();
        var second = TestData.NewToken(device);
        await IssueAsync(repository, second);
        var again = await IssueAsync(repository, first);
        Assert.Equal((first.Id, false), (again.Token!.Id, again.IsOverLimit));
        Assert.NotNull(again.Token.RevokedAt);
        TestData.AssertSame(second, Assert.Single(await CreateRepository().ListTokensAsync("alice", default)));
    }

    [Fact]
    public async Task What_a_user_has_is_counted_without_revoked_and_expired_tokens_and_without_what_others_have()
    {
        var repository = CreateRepository();
        Assert.Equal(new OwnedCounts(0, 0), await repository.CountAsync("alice", Now, default));
        var device = await repository.AddOrFindAsync(TestData.NewDevice(), default);
        Assert.Equal(new OwnedCounts(1, 0), await repository.CountAsync("alice", Now, default));
        await repository.AddOrFindAsync(TestData.NewDevice("bob"), default);
        var (bound, byHand) = (TestData.NewToken(device), TestData.NewUnboundToken());
        await IssueAsync(repository, bound);
        await IssueAsync(repository, byHand with { ExpiresAt = Now });
        await IssueAsync(repository, TestData.NewUnboundToken("bob"));
        Assert.Equal(new OwnedCounts(1, 2), await CreateRepository().CountAsync("alice", Now - TimeSpan.FromMilliseconds(1), default));
        Assert.Equal(new OwnedCounts(1, 1), await CreateRepository().CountAsync("alice", Now, default)); // expired at that moment
        Assert.Equal(new OwnedCounts(0, 0), await repository.CountAsync("Alice", Now, default));
        await repository.RevokeAsync("alice", bound.Id, Now);
        Assert.Equal(new OwnedCounts(1, 0), await CreateRepository().CountAsync("alice", Now, default));
        await repository.DeleteAsync("alice", device.Id, Now, default);
        Assert.Equal(new OwnedCounts(0, 0), await CreateRepository().CountAsync("alice", Now, default));
    }

    private static ValueTask<TokenIssue> IssueAsync(IDeviceRepository repository, AccessToken token, bool replaces = true, int limit = int.MaxValue) =>
        repository.TryIssueTokenAsync(token, new TokenIssueConditions(token.CreatedAt, limit, replaces), default);

    private async Task<AccessToken?> FindAsync(AccessToken token) => (await CreateRepository().FindTokenAsync(token.Hash, default))?.Token;

    private async Task<(IDeviceRepository Repository, Device Device, AccessToken Token)> IssueAsync()
    {
        var repository = CreateRepository();
        var device = await repository.AddOrFindAsync(TestData.NewDevice(fingerprint: Mac), default);
        var token = TestData.NewToken(device);
        TestData.AssertSame(new TokenIssue(token, false), await IssueAsync(repository, token));
        return (repository, device, token);
    }
}
