using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Tests;

/// <summary>
/// The database did as it was told, and the answer was lost: the host's execution strategy says it again, and whoever asked hears that it was
/// done, once. "Somebody else was quicker" would be wrong: there was nobody else.
/// </summary>
public abstract class LostAnswerTests(TestDatabase database) : IDisposable
{
    private static readonly DateTimeOffset Now = TestData.Start + TimeSpan.FromMinutes(1);

    private readonly IPairingStore _store = database.CreateStore();
    private readonly IDeviceRepository _repository = database.CreateRepository();

    public void Dispose()
    {
        database.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task An_added_pairing_was_added()
    {
        var pairing = TestData.NewPairing();
        Assert.Equal(PairingAddition.Added, await LoseAsync("INSERT", () => _store.TryAddAsync(pairing, default)));
        TestData.AssertSame(pairing, await FindAsync(pairing));
    }

    [Fact]
    public async Task A_decision_was_made_once()
    {
        var pairing = await AddAsync();
        var approved = pairing.Approve("alice", TestData.NewGrant(), Now).Next;
        Assert.True(await LoseAsync("UPDATE", () => _store.TryReplaceAsync(approved, Now, default)));
        TestData.AssertSame(approved with { Version = 1 }, await FindAsync(pairing));
        Assert.False(await LoseAsync("UPDATE", () => _store.TryReplaceAsync(approved, Now, default))); // really too late
    }

    [Fact]
    public async Task A_poll_was_accepted()
    {
        var pairing = await AddAsync();
        Assert.Equal(PollAttempt.Accepted, await LoseAsync("UPDATE", () => _store.TryAcceptPollAsync(pairing.DeviceCodeHash, "tv", Now, default)));
        Assert.False((await LoseAsync("UPDATE", () => _store.TryAcceptPollAsync(pairing.DeviceCodeHash, "tv", Now, default))).IsAccepted);
    }

    [Fact]
    public async Task A_device_was_slowed_down()
    {
        var pairing = await AddAsync();
        Assert.True(await LoseAsync("UPDATE", () => _store.TrySlowDownAsync(pairing, pairing.Pacing.SlowedDown(), default)));
        Assert.Equal(pairing.Pacing.SlowedDown(), (await FindAsync(pairing))!.Pacing);
        Assert.False(await LoseAsync("UPDATE", () => _store.TrySlowDownAsync(pairing, pairing.Pacing.SlowedDown(), default)));
    }

    [Fact]
    public async Task A_device_was_added_changed_and_deleted()
    {
        var device = TestData.NewDevice();
        TestData.AssertSame(device, await LoseAsync("INSERT", () => _repository.AddOrFindAsync(device, default)));
        Assert.Equal(DeviceReplacement.Replaced, await LoseAsync("UPDATE", () => _repository.TryReplaceAsync(device with { Name = "Telly" }, default)));
        Assert.Equal(DeviceReplacement.Stale, await LoseAsync("UPDATE", () => _repository.TryReplaceAsync(device with { Name = "Other" }, default)));
        TestData.AssertSame(device with { Name = "Telly", Version = 1 }, Assert.Single(await _repository.ListAsync("alice", default)));
        var token = TestData.NewToken(device);
        await _repository.TryIssueTokenAsync(token, new TokenIssueConditions(Now, 1, true), default);
        TestData.AssertSame(
            new EndedAccess([token with { RevokedAt = Now, Version = 1 }], 1), await LoseAsync("COMMIT", () => _repository.DeleteAsync("alice", device.Id, Now, default)));
        TestData.AssertSame(new EndedAccess([], 0), await LoseAsync("COMMIT", () => _repository.DeleteAsync("alice", device.Id, Now, default)));
    }

    [Theory]
    [InlineData("COMMIT")] // done
    [InlineData("INSERT")] // undone with its transaction
    public async Task A_token_was_issued_once_and_changed_once(string word)
    {
        var lost = database is PostgresDatabase ? "INSERT" : word; // one command is a transaction there
        var device = await _repository.AddOrFindAsync(TestData.NewDevice(), default);
        var (earlier, token) = (TestData.NewToken(device), TestData.NewToken(device));
        await _repository.TryIssueTokenAsync(earlier, new TokenIssueConditions(Now, 1, true), default);
        TestData.AssertSame(
            new TokenIssue(token, false) { Replaced = [earlier with { RevokedAt = Now, Version = 1 }] },
            await LoseAsync(lost, () => _repository.TryIssueTokenAsync(token, new TokenIssueConditions(Now, 1, true), default)));
        TestData.AssertSame(token, Assert.Single(await _repository.ListTokensAsync("alice", default)));
        TestData.AssertSame(earlier with { RevokedAt = Now, Version = 1 }, await _repository.FindTokenOfPairingAsync(earlier.PairingId!.Value, default));
        Assert.True(await LoseAsync("UPDATE", () => _repository.TryReplaceTokenAsync(token with { RevokedAt = Now }, default)));
        Assert.False(await LoseAsync("UPDATE", () => _repository.TryReplaceTokenAsync(token with { RevokedAt = Now }, default)));
    }

    [Theory]
    [InlineData("COMMIT")] // done
    [InlineData("DELETE")] // undone with its transaction
    public async Task A_user_was_signed_out(string word)
    {
        var device = await _repository.AddOrFindAsync(TestData.NewDevice(), default);
        await _repository.TryIssueTokenAsync(TestData.NewToken(device), new TokenIssueConditions(Now, 1, true), default);
        var ended = await LoseAsync(word, () => _repository.SignOutAsync("alice", SignOutDevices.Remove, Now, default));
        Assert.Equal((1, 1), (ended.Tokens.Count, ended.Devices));
        var left = await _repository.CountAsync("alice", Now, default);
        Assert.Equal((0, 0), (left.Devices, left.LiveTokens));
        TestData.AssertSame(new EndedAccess([], 0), await LoseAsync(word, () => _repository.SignOutAsync("alice", SignOutDevices.Remove, Now, default)));
    }

    private async Task<T> LoseAsync<T>(string word, Func<ValueTask<T>> step)
    {
        database.Wire.LoseAnswerOf(word);
        var result = await step();
        Assert.False(database.Wire.IsLosing); // it was lost indeed
        return result;
    }

    private async Task<Pairing> AddAsync()
    {
        var pairing = TestData.NewPairing();
        Assert.Equal(PairingAddition.Added, await _store.TryAddAsync(pairing, default));
        return pairing;
    }

    private ValueTask<Pairing?> FindAsync(Pairing pairing) => _store.FindByUserCodeAsync(pairing.UserCodeHash, default);
}

public sealed class SqliteLostAnswerTests() : LostAnswerTests(new SqliteDatabase());

[Collection(PostgresTests.Name)]
public sealed class PostgresLostAnswerTests(PostgresServer server) : LostAnswerTests(new PostgresDatabase(server));
