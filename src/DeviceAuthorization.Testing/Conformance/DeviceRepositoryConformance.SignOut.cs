using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Testing;

/// <summary>Users who are signed out everywhere, and what devices obtained by pairing.</summary>
public abstract partial class DeviceRepositoryConformance
{
    [Theory]
    [InlineData(SignOutDevices.Keep)]
    [InlineData(SignOutDevices.Remove)]
    public async Task Signing_a_user_out_revokes_all_tokens_of_that_user_and_keeps_or_removes_the_devices(SignOutDevices devices)
    {
        var (repository, device, token) = await IssueAsync();
        var another = await repository.AddOrFindAsync(TestData.NewDevice(identifier: null), default);
        var (byHand, expired) = (TestData.NewUnboundToken(), TestData.NewUnboundToken() with { ExpiresAt = Now });
        var (others, oneMore) = (await repository.AddOrFindAsync(TestData.NewDevice("Alice"), default), TestData.NewUnboundToken("bob"));
        var theirs = TestData.NewToken(others);
        foreach (var issued in new[] { TestData.NewToken(another), byHand, expired, theirs, oneMore })
        {
            await IssueAsync(repository, issued);
        }

        var removed = devices == SignOutDevices.Remove;
        var ended = await repository.SignOutAsync("alice", devices, Now, default);
        Assert.Equal((4, removed ? 2 : 0), (ended.Tokens.Count, ended.Devices));
        foreach (var gone in new[] { token, byHand, expired })
        {
            TestData.AssertSame(gone with { RevokedAt = Now, Version = 1 }, ended.Tokens.Single(one => one.Id == gone.Id));
            Assert.Null(await CreateRepository().FindTokenAsync(gone.Hash, default));
        }

        Assert.Empty(await CreateRepository().ListTokensAsync("alice", default));
        Assert.Equal(Now, (await CreateRepository().FindTokenOfPairingAsync(token.PairingId!.Value, default))!.RevokedAt);
        Assert.Equal(Now, (await IssueAsync(repository, token)).Token!.RevokedAt); // a late poll
        string[] left = removed ? [] : [device.Id, another.Id];
        Assert.Equal(left.Order(StringComparer.Ordinal), (await CreateRepository().ListAsync("alice", default)).Select(one => one.Id).Order(StringComparer.Ordinal));
        TestData.AssertSame(new TokenWithDevice(theirs, others), await CreateRepository().FindTokenAsync(theirs.Hash, default));
        TestData.AssertSame(oneMore, Assert.Single(await CreateRepository().ListTokensAsync("bob", default)));
        var nothing = await repository.SignOutAsync("alice", SignOutDevices.Keep, Now, default);
        Assert.Equal((0, 0), (nothing.Tokens.Count, nothing.Devices));
    }

    [Theory]
    [InlineData(SignOutDevices.Keep)]
    [InlineData(SignOutDevices.Remove)]
    public async Task A_device_pairs_again_after_its_user_was_signed_out_as_itself_or_as_a_new_one(SignOutDevices devices)
    {
        var (repository, device, _) = await IssueAsync();
        await repository.SignOutAsync("alice", devices, Now, default);
        var again = await repository.AddOrFindAsync(TestData.NewDevice(fingerprint: Mac), 1, default);
        Assert.Equal(devices == SignOutDevices.Keep, again!.Id == device.Id);
        var token = TestData.NewToken(again);
        TestData.AssertSame(new TokenIssue(token, false), await IssueAsync(repository, token, limit: 1));
        TestData.AssertSame(new TokenWithDevice(token, again), await CreateRepository().FindTokenAsync(token.Hash, default));
    }

    [Fact]
    public async Task How_often_a_user_was_signed_out_is_counted_for_ever_also_while_the_user_has_nothing()
    {
        var repository = CreateRepository();
        for (var signOuts = 1; signOuts <= 2; signOuts++)
        {
            await repository.SignOutAsync("alice", SignOutDevices.Remove, Now, default);
            Assert.Equal(new OwnedCounts { SignOuts = signOuts }, await CreateRepository().CountAsync("alice", Now, default));
        }

        var device = await repository.AddOrFindAsync(TestData.NewDevice(), default);
        await IssueAsync(repository, TestData.NewToken(device));
        Assert.Equal(new OwnedCounts(1, 1) { SignOuts = 2 }, await CreateRepository().CountAsync("alice", Now, default));
        await repository.DeleteAsync("alice", device.Id, Now, default);
        Assert.Equal(new OwnedCounts { SignOuts = 2 }, await CreateRepository().CountAsync("alice", Now, default));
        Assert.Equal(default, await CreateRepository().CountAsync("Alice", Now, default));
    }

    [Fact]
    public async Task A_token_that_was_granted_before_a_sign_out_is_not_issued_after_it()
    {
        var repository = CreateRepository();
        var device = await repository.AddOrFindAsync(TestData.NewDevice(), default);
        var (before, after, any) = (TestData.NewToken(device), TestData.NewToken(device), TestData.NewUnboundToken());
        var first = TestData.NewToken(device);
        TestData.AssertSame(new TokenIssue(first, false), await IssueAtAsync(repository, first, 0));
        await repository.SignOutAsync("alice", SignOutDevices.Keep, Now, default);
        TestData.AssertSame(new TokenIssue(null, false), await IssueAtAsync(repository, before, 0)); // not "over the limit": waiting would not help
        Assert.Null(await CreateRepository().FindTokenOfPairingAsync(before.PairingId!.Value, default));
        TestData.AssertSame(new TokenIssue(after, false), await IssueAtAsync(repository, after, 1));
        TestData.AssertSame(new TokenIssue(null, false), await IssueAtAsync(repository, TestData.NewToken(device), 0)); // nor does it replace the device's token
        Assert.NotNull(await CreateRepository().FindTokenAsync(after.Hash, default));
        TestData.AssertSame(new TokenIssue(any, false), await IssueAtAsync(repository, any, null));
        var others = TestData.NewUnboundToken("bob");
        TestData.AssertSame(new TokenIssue(others, false), await IssueAtAsync(repository, others, 0)); // each user's own number
    }

    [Fact]
    public async Task A_token_that_is_issued_while_its_user_is_signed_out_does_not_outlive_it()
    {
        for (var round = 0; round < FirstRounds; round++)
        {
            var user = $"user-{round}";
            var device = await CreateRepository().AddOrFindAsync(TestData.NewDevice(user), default);
            var turn = 0;
            var issued = await AtOnceAsync(16, async repository =>
            {
                if (Interlocked.Increment(ref turn) == 8)
                {
                    await repository.SignOutAsync(user, SignOutDevices.Keep, Now, default);
                    return null;
                }

                return (await IssueAtAsync(repository, TestData.NewToken(device), 0, replaces: false)).Token;
            });
            Assert.Empty(await CreateRepository().ListTokensAsync(user, default));
            foreach (var token in issued.OfType<AccessToken>())
            {
                Assert.Null(await FindAsync(token));
            }
        }
    }

    [Fact]
    public async Task Of_many_sign_outs_at_once_each_counts_and_each_token_is_revoked_once()
    {
        var (repository, _, _) = await IssueAsync();
        for (var i = 0; i < 9; i++)
        {
            await IssueAsync(repository, TestData.NewUnboundToken());
        }

        var results = await AtOnceAsync(16, another => another.SignOutAsync("alice", SignOutDevices.Remove, Now, default));
        Assert.Equal((10, 10, 1), (results.Sum(lost => lost.Tokens.Count), results.SelectMany(lost => lost.Tokens).DistinctBy(token => token.Id).Count(), results.Sum(lost => lost.Devices)));
        Assert.Equal(new OwnedCounts { SignOuts = 16 }, await CreateRepository().CountAsync("alice", Now, default));
    }

    [Fact]
    public async Task A_change_that_was_read_before_a_sign_out_does_not_undo_it()
    {
        var (repository, _, token) = await IssueAsync();
        await repository.SignOutAsync("alice", SignOutDevices.Keep, Now, default);
        var renewed = token with { Hash = TestData.NewHash() };
        Assert.False(await repository.TryReplaceTokenAsync(renewed, default));
        Assert.Null(await repository.FindTokenAsync(renewed.Hash, default));
    }

    [Fact]
    public async Task What_pairings_made_in_a_span_of_time_is_listed_for_all_users_and_one_client()
    {
        var repository = CreateRepository();
        async Task<AccessToken> PairedAsync(string user, int milliseconds, string client = "tv")
        {
            var device = await repository.AddOrFindAsync(TestData.NewDevice(user, identifier: null), default);
            var token = TestData.NewToken(device) with { CreatedAt = TestData.Start.AddMilliseconds(milliseconds), ClientId = client, StartedFrom = null };
            await IssueAsync(repository, token);
            return token;
        }

        var (from, to) = (TestData.Start.AddSeconds(10), TestData.Start.AddSeconds(20));
        await PairedAsync("alice", 9_999);
        var first = await PairedAsync("alice", 10_000);
        var last = await PairedAsync("bob", 19_999);
        await PairedAsync("bob", 20_000);
        var other = await PairedAsync("carol", 15_000, "TV");
        var revoked = await PairedAsync("carol", 15_000);
        await repository.RevokeAsync("carol", revoked.Id, Now);
        await IssueAsync(repository, TestData.NewUnboundToken() with { CreatedAt = from });

        var found = await CreateRepository().ListPairedTokensAsync(from, to, "tv", default);
        TestData.AssertSame(new[] { first, last }, [.. found.OrderBy(token => token.CreatedAt)]);
        Assert.Equal(new[] { first.Id, last.Id, other.Id }.Order(), (await CreateRepository().ListPairedTokensAsync(from, to, null, default)).Select(token => token.Id).Order());
        Assert.Empty(await CreateRepository().ListPairedTokensAsync(from, to, "radio", default));
    }

    private static ValueTask<TokenIssue> IssueAtAsync(IDeviceRepository repository, AccessToken token, long? signOuts, bool replaces = true) =>
        repository.TryIssueTokenAsync(token, new TokenIssueConditions(token.CreatedAt, int.MaxValue, replaces) { SignOuts = signOuts }, default);
}
