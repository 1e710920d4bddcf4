using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Testing;

/// <summary>Devices that are removed, calls that are cancelled, answers that are lost.</summary>
public abstract partial class DeviceRepositoryConformance
{
    [Fact]
    public async Task Deleting_a_device_revokes_its_tokens_and_no_others()
    {
        var (repository, device, token) = await IssueAsync();
        var other = TestData.NewToken(await repository.AddOrFindAsync(TestData.NewDevice(identifier: null), default));
        var unbound = TestData.NewUnboundToken();
        await IssueAsync(repository, other);
        await IssueAsync(repository, unbound);
        Assert.Equal((0, 0), Counts(await repository.DeleteAsync("bob", device.Id, Now, default)));
        Assert.NotNull(await repository.FindTokenAsync(token.Hash, default));
        var ended = await repository.DeleteAsync("alice", device.Id, Now, default);
        TestData.AssertSame(token with { RevokedAt = Now, Version = 1 }, Assert.Single(ended.Tokens));
        Assert.Equal(1, ended.Devices);
        Assert.Equal((0, 0), Counts(await repository.DeleteAsync("alice", device.Id, Now, default)));
        Assert.Null(await repository.FindAsync("alice", device.Id, default));
        Assert.Null(await repository.FindTokenAsync(token.Hash, default));
        Assert.Equal(Now, (await repository.FindTokenOfPairingAsync(token.PairingId!.Value, default))!.RevokedAt);
        Assert.Equal(Now, (await IssueAsync(repository, token)).Token!.RevokedAt);
        TestData.AssertSame(new TokenIssue(null, false), await IssueAsync(repository, TestData.NewToken(device)));
        Assert.NotNull(await repository.FindTokenAsync(other.Hash, default));
        Assert.NotNull(await repository.FindTokenAsync(unbound.Hash, default));
    }

    [Fact]
    public async Task Of_many_who_delete_a_device_at_once_one_is_told_so()
    {
        var (_, device, _) = await IssueAsync();
        var ended = await AtOnceAsync(32, repository => repository.DeleteAsync("alice", device.Id, Now, default));
        Assert.Equal((1, 1), Counts(Assert.Single(ended, one => one.Devices > 0)));
        Assert.Single(ended, one => one.Tokens.Count > 0);
    }

    [Fact]
    public async Task A_deleted_device_that_registers_again_is_a_new_one_and_its_old_token_stays_revoked()
    {
        var (repository, device, token) = await IssueAsync();
        await repository.DeleteAsync("alice", device.Id, Now, default);
        var again = await repository.AddOrFindAsync(TestData.NewDevice(fingerprint: Mac) with { CreatedAt = Now }, default);
        Assert.False(device.Id.Equals(again.Id, StringComparison.Ordinal));
        Assert.Equal(Now, again.CreatedAt);
        Assert.Null(await repository.FindTokenAsync(token.Hash, default));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_cancelled_registration_or_issue_is_done_or_undone_and_can_be_repeated(bool beforehand)
    {
        var (repository, device) = (CreateRepository(), TestData.NewDevice());
        await CancelAsync(beforehand, stop => repository.AddOrFindAsync(device, stop));
        Assert.InRange((await repository.ListAsync("alice", default)).Count, 0, 1);
        AssertSame(device, await repository.AddOrFindAsync(device, default));

        var (earlier, token) = (TestData.NewToken(device), TestData.NewToken(device));
        await IssueAsync(repository, earlier);
        await CancelAsync(beforehand, stop => repository.TryIssueTokenAsync(token, new TokenIssueConditions(Now, 1, true), stop));
        var live = Assert.Single(await repository.ListTokensAsync("alice", default)); // one of the two, never both or none
        Assert.Contains(live.Id, new[] { earlier.Id, token.Id });
        TestData.AssertSame(token, (await IssueAsync(repository, token, limit: 1)).Token);
        TestData.AssertSame(token, Assert.Single(await repository.ListTokensAsync("alice", default)));
    }

    [Fact]
    public async Task A_write_whose_answer_was_lost_is_an_outage_or_was_done_and_never_a_lost_race()
    {
        var (repository, device) = (CreateRepository(), TestData.NewDevice());
        if (!LoseNextAnswer())
        {
            return;
        }

        await OutcomeAsync(() => repository.AddOrFindAsync(device, default));
        AssertSame(device, await repository.AddOrFindAsync(device, default));
        Assert.True(LoseNextAnswer());
        Assert.True(await OutcomeAsync(() => repository.TryReplaceAsync(device with { Name = "Telly" }, default)) is null or DeviceReplacement.Replaced);
        var token = TestData.NewToken(device);
        Assert.True(LoseNextAnswer());
        Assert.True(await OutcomeAsync(() => IssueAsync(repository, token)) is null or TokenIssue { Token: not null });
        TestData.AssertSame(token, Assert.Single(await repository.ListTokensAsync("alice", default)));
        Assert.True(LoseNextAnswer());
        Assert.True(await OutcomeAsync(() => repository.TryReplaceTokenAsync(token with { Name = "Den" }, default)) is null or true);
        Assert.True(LoseNextAnswer());
        Assert.True(await OutcomeAsync(() => repository.DeleteAsync("alice", device.Id, Now, default)) is null or EndedAccess { Tokens.Count: 1, Devices: 1 });
        Assert.Empty(await repository.ListTokensAsync("alice", default));
        await IssueAsync(repository, TestData.NewUnboundToken());
        Assert.True(LoseNextAnswer());
        Assert.True(await OutcomeAsync(() => repository.SignOutAsync("alice", SignOutDevices.Keep, Now, default)) is null or EndedAccess { Tokens.Count: 1 });
        Assert.Empty(await repository.ListTokensAsync("alice", default));
    }

    private static (int Tokens, int Devices) Counts(EndedAccess ended) => (ended.Tokens.Count, ended.Devices);

    private static async Task CancelAsync<T>(bool beforehand, Func<CancellationToken, ValueTask<T>> call)
    {
        using var stop = new CancellationTokenSource();
        if (beforehand)
        {
            await stop.CancelAsync();
        }

        try
        {
            var running = call(stop.Token);
            await stop.CancelAsync();
            await running;
        }
        catch (OperationCanceledException)
        {
            // the call may also ignore the cancellation
        }
    }

    /// <summary>The result of a call; null if it failed.</summary>
    private static async Task<object?> OutcomeAsync<T>(Func<ValueTask<T>> call)
    {
        try
        {
            return await call();
        }
        catch (Exception) // each driver has its own
        {
            return null;
        }
    }
}
