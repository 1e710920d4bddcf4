using System.Diagnostics;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Tests;

/// <summary>What the in-memory repository costs and forgets. Time is measured here, so nothing else runs at the same time.</summary>
[Collection(nameof(InMemoryPairingStoreTests))]
public sealed class InMemoryDeviceRepositoryTests
{
    private readonly InMemoryDeviceRepository _repository = new();

    /// <summary>A scan of all tokens would take a hundred times as long.</summary>
    [Fact]
    public async Task A_step_costs_the_same_however_many_tokens_others_have()
    {
        await PairAsync(users: 1_000);
        var few = await FastestAsync();
        await PairAsync(users: 100_000);
        Assert.InRange(await FastestAsync() / few, 0, 20);

        async Task<double> FastestAsync()
        {
            var fastest = TimeSpan.MaxValue;
            for (var round = 0; round < 30; round++)
            {
                var started = Stopwatch.GetTimestamp();
                foreach (var device in await PairAsync(users: 20))
                {
                    await IssueAsync(TestData.NewToken(device), TestData.Start);
                    await _repository.ListAsync(device.UserId, default);
                    await _repository.ListTokensAsync(device.UserId, default);
                    await _repository.DeleteAsync(device.UserId, device.Id, TestData.Start, default);
                }

                var took = Stopwatch.GetElapsedTime(started);
                fastest = took < fastest ? took : fastest;
            }

            return fastest.TotalMilliseconds;
        }
    }

    [Fact]
    public async Task Revoked_tokens_are_forgotten_in_order_and_a_part_at_a_time()
    {
        const int Count = 1_000;
        var tokens = new List<AccessToken>();
        foreach (var device in await PairAsync(Count))
        {
            var revokedAt = TestData.Start + TimeSpan.FromMinutes(tokens.Count % 2); // not in the order of time
            tokens.Add((await _repository.ListTokensAsync(device.UserId, default)).Single());
            Assert.True(await _repository.RevokeAsync(device.UserId, tokens[^1].Id, revokedAt));
        }

        var due = TestData.Start + AccessToken.RevokedRetention;
        Assert.NotNull((await IssueAsync(TestData.NewUnboundToken(), due)).Token);
        Assert.Equal(Count, await RememberedAsync()); // not yet
        Assert.NotNull((await IssueAsync(TestData.NewUnboundToken(), due + TimeSpan.FromMilliseconds(1))).Token);
        Assert.InRange(await RememberedAsync(), Count / 2, Count - 1);
        for (var i = 0; i < Count; i++)
        {
            Assert.NotNull((await IssueAsync(TestData.NewUnboundToken($"bob-{i}"), due + TimeSpan.FromMilliseconds(1))).Token);
        }

        Assert.Equal(Count / 2, await RememberedAsync());
        foreach (var token in tokens.Where((_, i) => i % 2 == 1)) // revoked a minute later
        {
            Assert.NotNull(await _repository.FindTokenOfPairingAsync(token.PairingId!.Value, default));
        }

        async Task<int> RememberedAsync()
        {
            var remembered = 0;
            foreach (var token in tokens)
            {
                remembered += await _repository.FindTokenOfPairingAsync(token.PairingId!.Value, default) is null ? 0 : 1;
            }

            return remembered;
        }
    }

    [Fact]
    public async Task A_revoked_token_that_is_replaced_stays_revoked_and_is_forgotten_in_time()
    {
        var device = (await PairAsync(1)).Single();
        var token = (await _repository.ListTokensAsync(device.UserId, default)).Single();
        Assert.True(await _repository.RevokeAsync(device.UserId, token.Id, TestData.Start));
        Assert.True(await _repository.TryReplaceTokenAsync(token with { Version = 1, Name = "Den", RevokedAt = null }, default));
        Assert.Null(await _repository.FindTokenAsync(token.Hash, default));
        Assert.Empty(await _repository.ListTokensAsync(device.UserId, default));
        Assert.Equal(TestData.Start, (await _repository.FindTokenOfPairingAsync(token.PairingId!.Value, default))!.RevokedAt);
        await IssueAsync(TestData.NewUnboundToken(), TestData.Start + AccessToken.RevokedRetention + TimeSpan.FromMilliseconds(1));
        Assert.Null(await _repository.FindTokenOfPairingAsync(token.PairingId!.Value, default));
    }

    [Fact]
    public async Task A_user_whose_last_device_and_token_are_gone_starts_over()
    {
        for (var round = 0; round < 3; round++)
        {
            var device = (await _repository.AddOrFindAsync(TestData.NewDevice(), 1, default))!;
            var (bound, unbound) = (TestData.NewToken(device), TestData.NewUnboundToken());
            Assert.NotNull((await IssueAsync(bound, TestData.Start, limit: 2)).Token);
            Assert.NotNull((await IssueAsync(unbound, TestData.Start, limit: 2)).Token);
            Assert.True((await IssueAsync(TestData.NewUnboundToken(), TestData.Start, limit: 2)).IsOverLimit);
            Assert.True(await _repository.RevokeAsync("alice", unbound.Id, TestData.Start));
            Assert.Equal(1, (await _repository.DeleteAsync("alice", device.Id, TestData.Start, default)).Devices);
            Assert.Empty(await _repository.ListAsync("alice", default));
            Assert.Empty(await _repository.ListTokensAsync("alice", default));
        }
    }

    private ValueTask<TokenIssue> IssueAsync(AccessToken token, DateTimeOffset now, int limit = 25) =>
        _repository.TryIssueTokenAsync(token, new TokenIssueConditions(now, limit, ReplacesEarlier: true), default);

    /// <summary>Each user pairs a device.</summary>
    private async Task<List<Device>> PairAsync(int users)
    {
        var devices = new List<Device>();
        for (var i = 0; i < users; i++)
        {
            devices.Add(await _repository.AddOrFindAsync(TestData.NewDevice(Guid.NewGuid().ToString()), default));
            await IssueAsync(TestData.NewToken(devices[^1]), TestData.Start);
        }

        return devices;
    }
}
