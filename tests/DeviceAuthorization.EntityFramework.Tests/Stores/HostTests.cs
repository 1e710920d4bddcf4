using System.Data.Common;
using System.Transactions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;

namespace DeviceAuthorization.Tests;

/// <summary>What a host relies on that has more in its database than device pairing.</summary>
public abstract class HostTests(TestDatabase database) : IDisposable
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
        var tokens = new Queue<IssuedToken>();
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
                    Assert.True(await repository.DeleteAsync("alice", device.Id, TestData.Start, default));
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

    [Fact]
    public async Task What_is_past_its_retention_is_removed_batch_by_batch()
    {
        using var host = new PairingHost(database, options => options.CleanUpBatch = 2);
        var (store, repository) = (database.CreateStore(), database.CreateRepository());
        var kept = TestData.NewPairing() with { ExpiresAt = TestData.Start };
        await store.TryAddAsync(kept, default);
        for (var i = 0; i < 5; i++)
        {
            await store.TryAddAsync(TestData.NewPairing() with { ExpiresAt = TestData.Start.AddMilliseconds(-1) }, default);
            var token = TestData.NewUnboundToken() with { RevokedAt = i == 0 ? TestData.Start + IssuedToken.RevokedRetention : TestData.Start.AddMilliseconds(-1) };
            await repository.TryIssueTokenAsync(token, UpToFive, default);
        }

        var cleanUp = Assert.Single(host.Services.GetServices<IHostedService>().OfType<StoreCleanUp>());
        host.Clock.Advance(Pairing.Retention);
        Assert.Equal((5, 0), await cleanUp.RunAsync(default));
        Assert.NotNull(await store.FindByUserCodeAsync(kept.UserCodeHash, default));
        host.Clock.Advance(IssuedToken.RevokedRetention - Pairing.Retention);
        Assert.Equal((1, 4), await cleanUp.RunAsync(default));
        Assert.Equal((0, 0), await cleanUp.RunAsync(default));
    }

    [Fact]
    public async Task Removal_runs_by_itself_and_an_outage_does_not_end_it()
    {
        using var host = new PairingHost(database, options => options.CleanUpPeriod = TimeSpan.FromMinutes(1));
        var pairing = TestData.NewPairing();
        await database.CreateStore().TryAddAsync(pairing, default);
        var cleanUp = Assert.Single(host.Services.GetServices<IHostedService>().OfType<StoreCleanUp>());
        await cleanUp.StartAsync(default);
        database.Wire.BreakNext();
        await WaitAsync(() =>
        {
            host.Clock.Advance(TimeSpan.FromMinutes(1)); // again and again: nobody says when its timer began
            return Task.FromResult(!database.Wire.IsBreaking);
        });
        await WaitAsync(async () =>
        {
            host.Clock.Advance(TimeSpan.FromMinutes(20));
            return await database.CreateStore().FindByUserCodeAsync(pairing.UserCodeHash, default) is null;
        });
        await cleanUp.StopAsync(default);
    }

    private static async Task WaitAsync(Func<Task<bool>> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!await condition())
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}

public sealed class SqliteHostTests() : HostTests(new SqliteDatabase());

[Collection(PostgresTests.Name)]
public sealed class PostgresHostTests(PostgresServer server) : HostTests(new PostgresDatabase(server));
