using System.Diagnostics.Metrics;
using DeviceAuthorization.EntityFramework;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;

namespace DeviceAuthorization.Tests;

/// <summary>Rows past their retention are removed, by one node at a time.</summary>
public abstract class CleanUpTests(TestDatabase database) : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(5);
    private static readonly TokenIssueConditions UpToFive = new(TestData.Start, 5, ReplacesEarlier: false);

    public void Dispose()
    {
        database.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task What_is_past_its_retention_is_removed_batch_by_batch()
    {
        using var host = new DatabaseHost(database, options => options.CleanUpBatch = 2);
        using var live = Live(host); // a metric is read only if somebody listens, as other tests of this process may
        var (store, repository) = (database.CreateStore(), database.CreateRepository());
        var kept = TestData.NewPairing() with { ExpiresAt = TestData.Start };
        await store.TryAddAsync(kept, default);
        var decided = Enum.GetValues<PairingStatus>().Except([PairingStatus.Pending]).ToArray(); // removed in any status
        for (var i = 0; i < decided.Length; i++)
        {
            await store.TryAddAsync(TestData.NewPairing() with { Status = decided[i], ExpiresAt = TestData.Start.AddMilliseconds(-1) }, default);
            var token = TestData.NewUnboundToken() with { RevokedAt = i == 0 ? TestData.Start + AccessToken.RevokedRetention : TestData.Start.AddMilliseconds(-1) };
            await repository.TryIssueTokenAsync(token, UpToFive, default);
        }

        var (pairings, tokens) = (host.CleanUp<PairingCleanUp>(), host.CleanUp<TokenCleanUp>());
        host.Clock.Advance(Pairing.Retention);
        Assert.Equal(3 + 3 + 1, await database.Wire.CountAsync(async () => Assert.Equal(5, await pairings.RunAsync(default)))); // to take the new lease; 2, 2 and 1 rows; the live ones
        Assert.Equal(0, await tokens.RunAsync(default));
        Assert.NotNull(await store.FindByUserCodeAsync(kept.UserCodeHash, default));
        host.Clock.Advance(AccessToken.RevokedRetention - Pairing.Retention);
        Assert.Equal((1, 4), (await pairings.RunAsync(default), await tokens.RunAsync(default)));
        host.Clock.Advance(Period);
        Assert.Equal(1 + 1 + 1, await database.Wire.CountAsync(async () => Assert.Equal(0, await pairings.RunAsync(default))));
        Assert.Equal(0, await tokens.RunAsync(default));
    }

    [Fact]
    public async Task Of_all_nodes_that_wake_in_a_period_one_does_the_work()
    {
        DatabaseHost[] nodes = [new(database), new(database), new(database), new(database)];
        for (var period = 0; period < 5; period++) // in the first there is no lease yet
        {
            var runs = await Task.WhenAll(nodes.Select(node => Task.Run(() => node.CleanUp<PairingCleanUp>().RunAsync(default))));
            Assert.Single(runs, run => run is not null);
            Array.ForEach(nodes, node => node.Clock.Advance(Period));
        }

        Array.ForEach(nodes, node => node.Dispose());
    }

    [Fact]
    public async Task A_node_that_dies_with_the_lease_delays_the_next_by_less_than_a_period()
    {
        using var next = new DatabaseHost(database);
        using (var dying = new DatabaseHost(database))
        {
            database.Wire.BreakAt("DELETE");
            await Assert.ThrowsAsync<IOException>(() => dying.CleanUp<PairingCleanUp>().RunAsync(default));
        }

        next.Clock.Advance(Period / 2);
        Assert.Null(await next.CleanUp<PairingCleanUp>().RunAsync(default));
        next.Clock.Advance(Period * 0.4 - TimeSpan.FromMilliseconds(1));
        Assert.Null(await next.CleanUp<PairingCleanUp>().RunAsync(default));
        next.Clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.NotNull(await next.CleanUp<PairingCleanUp>().RunAsync(default));
    }

    [Fact]
    public async Task A_clock_that_was_a_year_ahead_does_not_stop_the_removal_for_a_year()
    {
        using var wrong = new DatabaseHost(database);
        using var right = new DatabaseHost(database);
        wrong.Clock.Advance(TimeSpan.FromDays(365));
        Assert.NotNull(await wrong.CleanUp<PairingCleanUp>().RunAsync(default));
        Assert.NotNull(await right.CleanUp<PairingCleanUp>().RunAsync(default));
        Assert.Null(await right.CleanUp<PairingCleanUp>().RunAsync(default));
    }

    [Fact]
    public async Task A_lease_that_cannot_be_taken_because_of_an_outage_is_not_taken_for_another_nodes()
    {
        using var host = new DatabaseHost(database);
        await database.QueryAsync(context => context.Database.ExecuteSqlRawAsync("""ALTER TABLE "DeviceAuthorizationLeases" RENAME TO "Elsewhere" """));
        try
        {
            await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => host.CleanUp<PairingCleanUp>().RunAsync(default));
        }
        finally
        {
            await database.QueryAsync(context => context.Database.ExecuteSqlRawAsync("""ALTER TABLE "Elsewhere" RENAME TO "DeviceAuthorizationLeases" """));
        }
    }

    [Fact]
    public async Task Removal_runs_by_itself_and_an_outage_does_not_end_it()
    {
        using var host = new DatabaseHost(database, options => options.CleanUpPeriod = TimeSpan.FromMinutes(1));
        var pairing = TestData.NewPairing();
        await database.CreateStore().TryAddAsync(pairing, default);
        var cleanUp = host.CleanUp<PairingCleanUp>();
        await cleanUp.StartAsync(default);
        database.Wire.BreakAt("UPDATE"); // the lease
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

    [Fact]
    public async Task The_node_that_cleans_up_says_how_many_pairings_are_live()
    {
        using var first = new DatabaseHost(database);
        using var second = new DatabaseHost(database);
        using var listening = Live(first);
        using var other = Live(second);
        var store = database.CreateStore();
        await store.TryAddAsync(TestData.NewPairing(), default);
        await store.TryAddAsync(TestData.NewPairing() with { Status = PairingStatus.Matching }, default);
        await store.TryAddAsync(TestData.NewPairing() with { Status = PairingStatus.Denied }, default);
        await store.TryAddAsync(TestData.NewPairing() with { ExpiresAt = TestData.Start }, default);
        Assert.NotNull(await first.CleanUp<PairingCleanUp>().RunAsync(default));
        Assert.Equal((2, null), (Read(listening), Read(other)));

        first.Clock.Advance(Period);
        second.Clock.Advance(Period);
        Assert.NotNull(await second.CleanUp<PairingCleanUp>().RunAsync(default));
        Assert.Null(await first.CleanUp<PairingCleanUp>().RunAsync(default));
        Assert.Equal((null, 2), (Read(listening), Read(other))); // or a sum over the nodes would count twice
    }

    [Fact]
    public async Task Where_another_store_has_the_pairings_the_database_does_not_say_that_none_is_live()
    {
        using var host = new DatabaseHost(database, add: pairing =>
        {
            pairing.AddEntityFrameworkStores<HostContext>();
            pairing.Services.AddSingleton<IPairingStore, InMemoryPairingStore>();
        });
        using var listening = Live(host);
        Assert.NotNull(await host.CleanUp<PairingCleanUp>().RunAsync(default));
        Assert.Null(Read(listening));
    }

    [Fact]
    public async Task A_clean_up_that_nobody_did_for_three_periods_is_seen_in_the_health_of_the_host()
    {
        using var host = new DatabaseHost(database, add: pairing =>
        {
            pairing.AddEntityFrameworkStores<HostContext>(options => options.CleanUpPeriod = Period);
            pairing.Services.AddHealthChecks().AddDeviceAuthorization();
        });
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync()).Status);
        host.Clock.Advance(3 * Period);
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync()).Status);
        host.Clock.Advance(TimeSpan.FromMilliseconds(1));
        var report = await CheckAsync();
        Assert.Equal(
            "device-authorization-pairing-clean-up device-authorization-token-clean-up",
            string.Join(' ', report.Entries.Where(entry => entry.Value.Status == HealthStatus.Degraded).Select(entry => entry.Key).Order(StringComparer.Ordinal)));

        Task<HealthReport> CheckAsync() => host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();
    }

    private static MetricCollector<int> Live(DatabaseHost host)
    {
        host.CleanUp<PairingCleanUp>();
        return new(host.Services.GetRequiredService<IMeterFactory>(), "DeviceAuthorization", "device_authorization.pairings.live");
    }

    private static int? Read(MetricCollector<int> collector)
    {
        collector.Clear();
        collector.RecordObservableInstruments();
        return collector.LastMeasurement?.Value;
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

public sealed class SqliteCleanUpTests() : CleanUpTests(new SqliteDatabase());

[Collection(PostgresTests.Name)]
public sealed class PostgresCleanUpTests(PostgresServer server) : CleanUpTests(new PostgresDatabase(server));
