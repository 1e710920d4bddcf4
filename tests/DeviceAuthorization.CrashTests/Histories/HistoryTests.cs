using System.Diagnostics;
using System.Globalization;
using DeviceAuthorization.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Xunit.Abstractions;

namespace DeviceAuthorization.CrashTests;

/// <summary>
/// Clients over several nodes call a real store while something goes wrong. For what they were answered there is an order in which each call is one atomic step of the
/// contract. <c>HISTORIES=1000</c> records so many of each.
/// </summary>
public abstract class HistoryTests(ITestOutputHelper output) : IAsyncLifetime
{
    private readonly List<Node> _nodes = [];

    private protected HistoryClock Clock { get; } = new(TestData.Start);

    public virtual Task InitializeAsync() => Task.CompletedTask;

    public virtual Task DisposeAsync()
    {
        _nodes.ForEach(node => node.Dispose());
        return Task.CompletedTask;
    }

    private protected Node CreateNode(Action<DeviceAuthorizationBuilder> addStores, bool hasDevices = true)
    {
        var node = Node.Create(Clock, addStores, hasDevices);
        _nodes.Add(node);
        return node;
    }

    /// <summary>Records histories and checks each.</summary>
    /// <param name="usually">How many.</param>
    /// <param name="calls">How many calls are answered in each.</param>
    /// <param name="trouble">What goes wrong in each, by its seed.</param>
    /// <param name="mayForget">Whether a fail-over may forget.</param>
    /// <returns>The histories.</returns>
    private protected Task<IReadOnlyList<History>> RecordAsync(
        int usually, int calls, IReadOnlyList<Node> nodes, Func<int, Clients, History, Task>? trouble, bool mayForget = false) => RecordAsync(
        usually,
        async (seed, history) =>
        {
            using var clients = new Clients(seed, $"{Guid.NewGuid():N}", history, Clock) { TryTakenCodes = !mayForget };
            await clients.RunAsync(nodes, calls, trouble is null ? null : () => trouble(seed, clients, history));
        },
        mayForget);

    private protected async Task<IReadOnlyList<History>> RecordAsync(int usually, Func<int, History, Task> record, bool mayForget = false)
    {
        var count = int.TryParse(Environment.GetEnvironmentVariable("HISTORIES"), CultureInfo.InvariantCulture, out var more) ? more : usually;
        var (histories, states, checking) = (new List<History>(), 0L, TimeSpan.Zero);
        var started = Stopwatch.GetTimestamp();
        for (var seed = 0; seed < count; seed++)
        {
            var history = new History();
            await record(seed, history);
            var recorded = Stopwatch.GetTimestamp();
            var verdict = Checker.Check(history.Calls, mayForget);
            Assert.True(verdict.Counterexample is null, $"Seed {seed}. {verdict.Counterexample}");
            (states, checking) = (states + verdict.States, checking + Stopwatch.GetElapsedTime(recorded));
            histories.Add(history);
        }

        output.WriteLine(
            $"{count} histories, {histories.Sum(history => history.Calls.Count)} calls, {histories.Sum(history => history.Unknown)} of them unknown, {states} states, "
            + $"{Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s, {checking.TotalSeconds:F1} s of them to check");
        if (mayForget)
        {
            var lost = histories.Select(Lost).Where(lost => lost is not null).ToArray();
            output.WriteLine($"{lost.Length} lost something that was acknowledged. {lost.FirstOrDefault()}");
        }

        return histories;
    }

    private protected static string? Lost(History history) => Checker.Check(history.Calls).Counterexample;

    /// <summary>Waits until so many more calls were answered.</summary>
    private protected static Task AnsweredAsync(History history, int more)
    {
        var before = history.Answered;
        return history.UntilAsync(() => history.Answered >= before + more);
    }

    /// <summary>Waits until a call more was not answered.</summary>
    private protected static Task FailedAsync(History history)
    {
        var before = history.Failed;
        return history.UntilAsync(() => history.Failed > before);
    }
}

public sealed class InMemoryHistories(ITestOutputHelper output) : HistoryTests(output)
{
    [Fact]
    public async Task Without_failures_every_history_has_an_order() => await RecordAsync(10, calls: 300, [CreateNode(_ => { })], trouble: null);
}

public sealed class SqliteHistories(ITestOutputHelper output) : HistoryTests(output)
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("da-histories-");

    private string Connection => $"Data Source={Path.Combine(_folder.FullName, "host.db")};Pooling=False;Default Timeout=1";

    public override async Task InitializeAsync()
    {
        await using var context = new HostContext(new DbContextOptionsBuilder<HostContext>().UseSqlite(Connection).Options);
        await context.Database.EnsureCreatedAsync();
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task While_another_connection_holds_the_file_calls_are_unknown_and_every_history_has_an_order() =>
        await RecordAsync(1, calls: 200, [CreateNode(AddStores), CreateNode(AddStores)], async (_, _, history) =>
        {
            await AnsweredAsync(history, 60);
            await using var other = new SqliteConnection(Connection);
            await other.OpenAsync();
            await using var held = other.BeginTransaction(deferred: false);
            await FailedAsync(history);
            await held.RollbackAsync();
            await AnsweredAsync(history, 60);
        });

    /// <summary>Four clients in one process, as the only host of a file.</summary>
    [Fact]
    public async Task With_the_process_killed_every_history_has_an_order() => await RecordAsync(1, async (seed, history) =>
    {
        var (owner, known) = ($"{Guid.NewGuid():N}", new List<Pairing>());
        await HistoryProcess.RecordAsync(history, Connection, owner, 2 * seed, known, killAfter: 100);
        await HistoryProcess.RecordAsync(history, Connection, owner, (2 * seed) + 1, known, killAfter: null);
    });

    private void AddStores(DeviceAuthorizationBuilder builder) => HistoryProcess.AddStores(builder, Connection);
}

[Collection(nameof(PostgresStores))]
public sealed class PostgresHistories(PostgresStores stores, ITestOutputHelper output) : HistoryTests(output)
{
    [Fact]
    public async Task With_PostgreSQL_killed_restarted_and_stopped_in_the_middle_every_history_has_an_order()
    {
        var connection = $"{await stores.Postgres.CreateDatabaseAsync()};Maximum Pool Size=10";
        await using (var context = new HostContext(new DbContextOptionsBuilder<HostContext>().UseNpgsql(connection).Options))
        {
            await context.Database.EnsureCreatedAsync();
        }

        await RecordAsync(3, calls: 300, [CreateNode(builder => AddStores(builder, retries: 0)), CreateNode(builder => AddStores(builder, retries: 3))], async (seed, _, history) =>
        {
            await AnsweredAsync(history, 100);
            switch (seed % 3)
            {
                case 0:
                    await stores.Postgres.KillAndRestartAsync();
                    break;
                case 1:
                    await stores.Postgres.StopAsync();
                    await stores.Postgres.StartAsync();
                    break;
                default:
                    await stores.Postgres.FreezeAsync();
                    try
                    {
                        await FailedAsync(history); // each call ends after a second at most: the server does not stay frozen
                    }
                    finally
                    {
                        await stores.Postgres.ThawAsync();
                    }

                    break;
            }

            await AnsweredAsync(history, 100);
        });

        void AddStores(DeviceAuthorizationBuilder builder, int retries)
        {
            builder.Services.AddDbContextPool<HostContext>(options => options.UseNpgsql(
                connection, postgres => _ = retries > 0 ? postgres.EnableRetryOnFailure(retries, TimeSpan.FromMilliseconds(200), null) : postgres));
            builder.AddEntityFrameworkStores<HostContext>();
        }
    }
}

/// <summary>Redis holds pairings only.</summary>
public sealed class RedisHistories(ITestOutputHelper output) : HistoryTests(output)
{
    [Fact]
    public async Task With_every_write_synced_and_Redis_killed_or_stopped_in_the_middle_every_history_has_an_order()
    {
        await using var redis = await RedisServer.StartAsync("--appendonly", "yes", "--appendfsync", "always");
        await RecordAsync(2, calls: 200, [CreateNode(AddStore, hasDevices: false), CreateNode(AddStore, hasDevices: false)], async (seed, _, history) =>
        {
            await AnsweredAsync(history, 60);
            if (seed % 2 == 0)
            {
                await redis.KillAsync();
                await redis.RestartAsync();
            }
            else
            {
                await redis.FreezeAsync();
                await FailedAsync(history);
                await redis.ThawAsync();
            }

            await AnsweredAsync(history, 60);
        });

        void AddStore(DeviceAuthorizationBuilder builder) => builder.AddRedisPairingStore(redis.EndPoint);
    }
}

/// <summary>What a fail-over of a Redis Cluster keeps, and what it may forget.</summary>
public sealed class ClusterHistories(ReplicatedCluster redis, ITestOutputHelper output) : HistoryTests(output), IClassFixture<ReplicatedCluster>
{
    [Fact]
    public async Task When_the_primary_hands_over_nothing_is_lost() => await RecordAsync(1, calls: 250, Nodes(), async (_, _, history) =>
    {
        await AnsweredAsync(history, 60);
        await redis.PromoteAsync("failover");
        await redis.RejoinAsync(wasKilled: false);
        await AnsweredAsync(history, 60);
    });

    [Fact]
    public async Task When_the_primary_dies_a_pairing_returns_at_most_to_an_earlier_state_of_its_own() => await RecordAsync(1, calls: 250, Nodes(), async (_, _, history) =>
    {
        await AnsweredAsync(history, 60);
        await history.FailOverAsync(async () =>
        {
            await redis.Primary.KillAsync();
            await redis.PromoteAsync();
        });
        await redis.RejoinAsync(wasKilled: true);
        await AnsweredAsync(history, 60);
    }, mayForget: true);

    [Fact]
    public async Task When_the_primary_hangs_a_pairing_returns_at_most_to_an_earlier_state_of_its_own() => await RecordAsync(1, calls: 250, Nodes(redis.Tag), async (_, _, history) =>
    {
        await AnsweredAsync(history, 60);
        await history.FailOverAsync(
            async () =>
            {
                await redis.Primary.FreezeAsync();
                await redis.PromoteAsync();
                await redis.Replica.ThawAsync();
                await redis.RejoinAsync(wasKilled: false);
            },
            comesBack: true);
        await AnsweredAsync(history, 60);
    }, mayForget: true);

    [Fact]
    public async Task When_the_primary_dies_after_its_replica_had_everything_nothing_is_lost() => await RecordAsync(1, calls: 200, Nodes(), async (_, clients, history) =>
    {
        await AnsweredAsync(history, 60);
        await clients.BetweenCallsAsync(async () =>
        {
            await redis.UntilReplicatedAsync();
            await redis.Primary.KillAsync();
        });
        await redis.PromoteAsync("failover", "takeover");
        await redis.RejoinAsync(wasKilled: true);
        await AnsweredAsync(history, 60);
    });

    [Fact]
    public async Task When_the_replica_lagged_acknowledged_writes_are_lost_and_a_pairing_returns_to_an_earlier_state_of_its_own()
    {
        Assert.All(await RecordAsync(1, calls: 250, Nodes(redis.Tag), LagAsync, mayForget: true), history => Assert.NotNull(Lost(history)));
        await RecordAsync(1, calls: 250, Nodes(), LagAsync, mayForget: true); // here the user code of a pairing may be on another node

        async Task LagAsync(int seed, Clients clients, History history)
        {
            await AnsweredAsync(history, 60);
            await redis.CutOffReplicaAsync();
            var started = clients.Known.Count;
            await history.UntilAsync(() => clients.Known.Count > started + 3);
            await history.FailOverAsync(async () =>
            {
                await redis.Primary.KillAsync();
                await redis.PromoteAsync("failover", "takeover");
            });
            await redis.RejoinAsync(wasKilled: true);
            await AnsweredAsync(history, 60);
        }
    }

    [Fact]
    public async Task With_min_replicas_to_write_a_primary_without_its_replica_acknowledges_nothing_that_is_lost() => await RecordAsync(1, calls: 200, Nodes(redis.Tag), async (_, clients, history) =>
    {
        await AnsweredAsync(history, 60);
        await clients.BetweenCallsAsync(async () =>
        {
            await redis.UntilReplicatedAsync();
            await redis.Primary.CliAsync("config", "set", "min-replicas-to-write", "1");
            await redis.CutOffReplicaAsync();
        });
        await FailedAsync(history);
        await redis.Primary.KillAsync();
        await redis.PromoteAsync("failover", "takeover");
        await redis.RejoinAsync(wasKilled: true);
        await AnsweredAsync(history, 60);
    });

    private Node[] Nodes(string prefix = "h:") => [.. Enumerable.Range(0, 2).Select(_ => CreateNode(
        builder => builder.AddRedisPairingStore(redis.Configuration).Services.Configure<RedisPairingStoreOptions>(options => options.KeyPrefix = prefix), hasDevices: false))];
}
