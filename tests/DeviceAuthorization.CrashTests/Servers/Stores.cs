using System.Diagnostics;
using System.Globalization;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace DeviceAuthorization.CrashTests;

/// <summary>Where the hosts of a test keep what they know, and a look at it over a connection that is none of theirs.</summary>
public abstract class Stores : IAsyncLifetime
{
    private WebApplication? _observer;
    private HostProcess? _survivor;

    /// <summary>What a host is told, to use them.</summary>
    protected abstract string[] Settings { get; }

    internal IDeviceRepository Devices => _observer!.Services.GetRequiredService<IDeviceRepository>();

    internal Task<HostProcess> StartHostAsync(params string[] more) => HostProcess.StartAsync([.. Settings, .. more]);

    /// <summary>A host that no test kills.</summary>
    internal async Task<HostProcess> SurvivorAsync() => _survivor ??= await StartHostAsync();

    public async Task InitializeAsync()
    {
        await StartAsync();
        _observer = CrashHost.Build(Settings);
    }

    public async Task DisposeAsync()
    {
        if (_survivor is not null)
        {
            await _survivor.DisposeAsync();
        }

        if (_observer is not null)
        {
            await _observer.DisposeAsync();
        }

        await StopAsync();
    }

    protected abstract Task StartAsync();

    protected abstract Task StopAsync();
}

[CollectionDefinition(nameof(SqliteStores))]
public sealed class SqliteTests : ICollectionFixture<SqliteStores>;

[CollectionDefinition(nameof(PostgresStores))]
public sealed class PostgresTests : ICollectionFixture<PostgresStores>;

[CollectionDefinition(nameof(RedisStores))]
public sealed class RedisTests : ICollectionFixture<RedisStores>;

/// <summary>Alone, because the soak needs the whole machine, and other tests measure time.</summary>
[CollectionDefinition(nameof(SoakStores), DisableParallelization = true)]
public sealed class SoakAlone : ICollectionFixture<SoakStores>;

/// <summary>One file for everything, written ahead (WAL), as a host of one machine has it.</summary>
public sealed class SqliteStores : Stores
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("da-sqlite-");

    private string Connection => $"Data Source={Path.Combine(_folder.FullName, "host.db")};Pooling=False";

    protected override string[] Settings => ["--Pairings=sqlite", "--Devices=sqlite", $"--ConnectionStrings:Database={Connection}"];

    protected override async Task StartAsync()
    {
        await using var context = new HostContext(new DbContextOptionsBuilder<HostContext>().UseSqlite(Connection).Options);
        await context.Database.EnsureCreatedAsync();
    }

    protected override Task StopAsync()
    {
        _folder.Delete(recursive: true);
        return Task.CompletedTask;
    }
}

public class PostgresStores : Stores
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(200);

    internal PostgresServer Postgres { get; } = new();

    /// <summary>Several hosts and the tests share its hundred connections.</summary>
    protected string Connection => new NpgsqlConnectionStringBuilder(Postgres.Connection) { MaxPoolSize = 20 }.ToString();

    protected override string[] Settings => ["--Pairings=postgres", "--Devices=postgres", $"--ConnectionStrings:Database={Connection}"];

    internal Task CreateAccountsAsync(string user) => Accounts.CreateAsync($"{Connection};Pooling=False", user); // another test may have ended the connections of a pool

    /// <summary>What a statement answers, also when PostgreSQL was killed meanwhile.</summary>
    internal async Task<long> QueryAsync(string sql)
    {
        var asked = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                await using var connection = new NpgsqlConnection(Connection);
                await connection.OpenAsync();
                await using var command = new NpgsqlCommand(sql, connection);
                return await command.ExecuteScalarAsync() is { } value and not DBNull ? Convert.ToInt64(value, CultureInfo.InvariantCulture) : 0;
            }
            catch (NpgsqlException) when (Stopwatch.GetElapsedTime(asked) < HostProcess.Patience)
            {
                await Task.Delay(RetryPause);
            }
        }
    }

    /// <summary>As if the lifetime of a device's token had passed.</summary>
    internal Task ExpireTokenAsync(string deviceId) => QueryAsync(
        $"""UPDATE "DeviceTokens" SET "ExpiresAt" = {TimeProvider.System.GetUtcNow().AddSeconds(-1).ToUnixTimeMilliseconds()} WHERE "DeviceId" = '{deviceId}' AND "RevokedAt" IS NULL""");

    protected override async Task StartAsync()
    {
        await Postgres.InitializeAsync();
        await using var context = new HostContext(new DbContextOptionsBuilder<HostContext>().UseNpgsql(Connection).Options);
        await context.Database.EnsureCreatedAsync();
    }

    protected override Task StopAsync() => Postgres.DisposeAsync();
}

/// <summary>Pairings in Redis, which writes each command to its log and syncs that once a second; devices and tokens in PostgreSQL.</summary>
public class RedisStores : PostgresStores
{
    internal RedisServer Redis { get; private set; } = null!;

    protected override string[] Settings =>
        ["--Pairings=redis", "--Devices=postgres", $"--ConnectionStrings:Database={Connection}", $"--ConnectionStrings:Redis={Redis.EndPoint}"];

    protected override async Task StartAsync()
    {
        Redis = await RedisServer.StartAsync("--appendonly", "yes", "--appendfsync", "everysec");
        await base.StartAsync();
    }

    protected override async Task StopAsync()
    {
        await base.StopAsync();
        await Redis.DisposeAsync();
    }
}

/// <summary>Stores of its own, whose size is looked at.</summary>
public sealed class SoakStores : RedisStores
{
    internal const string CountOfKeysForEver = """
        local count = 0
        for _, key in ipairs(redis.call('KEYS', '*')) do if redis.call('PTTL', key) == -1 then count = count + 1 end end
        return count
        """;

    /// <summary>It writes its log to the end first, so that nothing is forgotten.</summary>
    internal async Task RestartRedisAsync()
    {
        await Redis.StopAsync();
        await Redis.RestartAsync();
    }

    internal async Task<(long Keys, long Memory)> RedisSizeAsync()
    {
        var memory = (await Redis.CliAsync("INFO", "memory")).Split('\n').Single(line => line.StartsWith("used_memory:", StringComparison.Ordinal));
        return (long.Parse(await Redis.CliAsync("DBSIZE"), CultureInfo.InvariantCulture), long.Parse(memory["used_memory:".Length..], CultureInfo.InvariantCulture));
    }

    /// <summary>As if tokens had been revoked two hours ago: their retention is an hour, which is as long as a soak.</summary>
    internal Task PassTimeForRevokedTokensAsync()
    {
        var before = TimeProvider.System.GetUtcNow().AddHours(-2).ToUnixTimeMilliseconds();
        return QueryAsync($"""UPDATE "DeviceTokens" SET "RevokedAt" = {before} WHERE "RevokedAt" > {before}""");
    }
}
