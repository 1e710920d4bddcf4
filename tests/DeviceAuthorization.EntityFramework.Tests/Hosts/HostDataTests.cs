using System.Data.Common;
using System.Transactions;
using DeviceAuthorization.EntityFramework;
using DeviceAuthorization.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAuthorization.Tests;

/// <summary>The host's own data in the same database: what the stores leave alone, and what a host may do with the tables of device pairing.</summary>
public abstract class HostDataTests(TestDatabase database) : IDisposable
{
    private static readonly TokenIssueConditions UpToFive = new(TestData.Start, 5, ReplacesEarlier: false);

    public void Dispose()
    {
        database.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Nothing_that_the_host_has_not_saved_is_saved()
    {
        await using var host = database.CreateHost();
        await using var scope = host.CreateAsyncScope();
        var context = scope.ServiceProvider.GetRequiredService<HostContext>();
        context.Games.Add(new Game { Name = "Unsaved" });
        var pairing = TestData.NewPairing();
        await scope.ServiceProvider.GetRequiredService<IPairingStore>().TryAddAsync(pairing, default);
        Assert.NotNull(await database.CreateStore().FindByUserCodeAsync(pairing.UserCodeHash, default));
        Assert.Equal(0, await database.QueryAsync(other => other.Games.CountAsync()));
        Assert.Equal(EntityState.Added, Assert.Single(context.ChangeTracker.Entries()).State);
    }

    [Fact]
    public async Task What_a_store_wrote_stays_when_the_host_takes_its_transaction_back()
    {
        var pairing = TestData.NewPairing();
        using (new TransactionScope(TransactionScopeAsyncFlowOption.Enabled))
        {
            await database.CreateStore().TryAddAsync(pairing, default);
            await database.CreateRepository().TryIssueTokenAsync(TestData.NewUnboundToken(), UpToFive, default);
        }

        Assert.NotNull(await database.CreateStore().FindByUserCodeAsync(pairing.UserCodeHash, default));
        Assert.Single(await database.CreateRepository().ListTokensAsync("alice", default));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task However_many_tokens_are_issued_at_once_a_user_has_no_more_than_allowed(bool isBound)
    {
        var repository = database.CreateRepository();
        var tokens = new Queue<AccessToken>();
        for (var i = 0; i < 32; i++) // of 32 devices, or of none: then the user is new to the database
        {
            tokens.Enqueue(isBound ? TestData.NewToken(await repository.AddOrFindAsync(TestData.NewDevice(identifier: null), default)) : TestData.NewUnboundToken());
        }

        var issued = await Task.WhenAll(tokens.Select(token => Task.Run(() => database.CreateRepository().TryIssueTokenAsync(token, UpToFive, default).AsTask())));
        Assert.Equal(5, issued.Count(one => one.Token is not null));
        Assert.Equal(27, issued.Count(one => one is { Token: null, IsOverLimit: true }));
        Assert.Equal(5, (await repository.ListTokensAsync("alice", default)).Count);
    }

    [Fact]
    public async Task A_device_that_is_deleted_while_tokens_are_issued_leaves_none_alive()
    {
        for (var round = 0; round < 5; round++)
        {
            var device = await database.CreateRepository().AddOrFindAsync(TestData.NewDevice(), default);
            var steps = Enumerable.Range(0, 8).Select(number => Task.Run(async () =>
            {
                var repository = database.CreateRepository();
                if (number == 4)
                {
                    Assert.Equal(1, (await repository.DeleteAsync("alice", device.Id, TestData.Start, default)).Devices);
                    return;
                }

                await repository.TryIssueTokenAsync(TestData.NewToken(device), new TokenIssueConditions(TestData.Start, 25, false), default);
            }));
            await Task.WhenAll(steps);
            Assert.Empty(await database.CreateRepository().ListTokensAsync("alice", default));
        }
    }

    [Fact]
    public async Task A_device_that_the_host_deletes_in_its_own_way_leaves_its_token_behind_and_worthless()
    {
        var repository = database.CreateRepository();
        var device = await repository.AddOrFindAsync(TestData.NewDevice(), default);
        var (bound, unbound) = (TestData.NewToken(device), TestData.NewUnboundToken());
        await repository.TryIssueTokenAsync(bound, UpToFive, default);
        await repository.TryIssueTokenAsync(unbound, UpToFive, default);
        Assert.Equal(1, await database.QueryAsync(context => context.Set<DeviceRow>().ExecuteDeleteAsync()));
        Assert.Null((await repository.FindTokenOfPairingAsync(bound.PairingId!.Value, default))!.DeviceId); // ON DELETE SET NULL
        Assert.Null(await repository.FindTokenAsync(bound.Hash, default));
        Assert.NotNull(await repository.FindTokenAsync(unbound.Hash, default));
    }

    [Fact]
    public async Task An_outage_is_thrown_and_not_mistaken_for_a_taken_code()
    {
        var pairing = TestData.NewPairing();
        await database.QueryAsync(context => context.Database.ExecuteSqlRawAsync("""ALTER TABLE "DevicePairings" RENAME TO "Elsewhere" """));
        try
        {
            await Assert.ThrowsAnyAsync<DbException>(async () => await database.CreateStore().TryAddAsync(pairing, default));
            await Assert.ThrowsAnyAsync<DbException>(async () => await database.CreateStore().FindByUserCodeAsync(pairing.UserCodeHash, default));
        }
        finally
        {
            await database.QueryAsync(context => context.Database.ExecuteSqlRawAsync("""ALTER TABLE "Elsewhere" RENAME TO "DevicePairings" """));
        }
    }
}

public sealed class SqliteHostDataTests() : HostDataTests(new SqliteDatabase());

[Collection(PostgresTests.Name)]
public sealed class PostgresHostDataTests(PostgresServer server) : HostDataTests(new PostgresDatabase(server));
