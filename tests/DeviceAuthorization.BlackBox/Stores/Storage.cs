using Microsoft.Data.Sqlite;
using Npgsql;

namespace DeviceAuthorization.BlackBox;

/// <summary>Where one host keeps what it knows, and what can happen to it there.</summary>
internal abstract class Storage : IAsyncDisposable
{
    private const string Pairings = "DevicePairings";
    private const string Tokens = "DeviceTokens";

    /// <summary>The settings that make a host use it. The sample takes a store when its connection string is set, the other host by name.</summary>
    public string[] Settings(HostProgram program) => program == HostProgram.PairingHost ? Connections : [.. Names, .. Connections];

    /// <summary>The names of the two stores.</summary>
    protected abstract string[] Names { get; }

    protected virtual string[] Connections => [];

    /// <summary>No poll and no start succeeds until it is mended.</summary>
    public virtual Task BreakPairingsAsync() => ExecuteAsync(Break(Pairings));

    public virtual Task MendPairingsAsync() => ExecuteAsync(Mend(Pairings));

    /// <summary>Tokens cannot be written until it is mended.</summary>
    public Task BreakTokensAsync() => ExecuteAsync(Break(Tokens));

    public Task MendTokensAsync() => ExecuteAsync(Mend(Tokens));

    /// <summary>As the clean-up does with what is past its retention.</summary>
    public virtual Task ForgetPairingsAsync() => ExecuteAsync($"DELETE FROM \"{Pairings}\"");

    public abstract ValueTask DisposeAsync();

    protected abstract Task ExecuteAsync(string sql);

    /// <summary>Makes an INSERT into a view evaluate its condition, where the database would otherwise add the row.</summary>
    protected virtual string CheckOption => "";

    /// <summary>
    /// A view takes the place of the table, and every write fails: SQLite changes no view, and PostgreSQL divides by zero, which no strategy repeats. A
    /// table that is missing would be no outage but a mistake of the host (500).
    /// </summary>
    private string Break(string table) => $"ALTER TABLE \"{table}\" RENAME TO \"Gone\"; CREATE VIEW \"{table}\" AS SELECT * FROM \"Gone\" WHERE 1 / 0 = 1{CheckOption}";

    private static string Mend(string table) => $"DROP VIEW \"{table}\"; ALTER TABLE \"Gone\" RENAME TO \"{table}\"";
}

/// <summary>Of the process: nothing can happen to it, and it ends with it.</summary>
internal sealed class MemoryStorage : Storage
{
    protected override string[] Names => ["--Stores:Pairings=memory", "--Stores:Devices=memory"];

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    protected override Task ExecuteAsync(string sql) => throw new NotSupportedException();
}

internal sealed class SqliteStorage : Storage
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("da-black-box-");

    protected override string[] Names => ["--Stores:Pairings=sqlite", "--Stores:Devices=sqlite"];

    protected override string[] Connections => [$"--ConnectionStrings:Sqlite={Connection}"];

    private string Connection => $"Data Source={Path.Combine(_folder.FullName, "host.db")};Pooling=False";

    public override ValueTask DisposeAsync()
    {
        _folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    protected override async Task ExecuteAsync(string sql)
    {
        await using var connection = new SqliteConnection(Connection);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }
}

internal class PostgresStorage(string connection) : Storage
{
    protected override string[] Names => ["--Stores:Pairings=postgres", "--Stores:Devices=postgres"];

    /// <summary>Several hosts share the server's hundred connections.</summary>
    protected override string[] Connections => [$"--ConnectionStrings:Postgres={new NpgsqlConnectionStringBuilder(connection) { MaxPoolSize = 15 }}"];

    protected override string CheckOption => " WITH CHECK OPTION";

    public static async Task<PostgresStorage> CreateAsync(PostgresServer server) => new(await server.CreateDatabaseAsync());

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask; // with its server

    protected override async Task ExecuteAsync(string sql)
    {
        await using var session = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connection) { Pooling = false }.ToString());
        await session.OpenAsync();
        await using var command = new NpgsqlCommand(sql, session);
        await command.ExecuteNonQueryAsync();
    }
}

/// <summary>Pairings in a Redis of its own, devices and tokens in PostgreSQL.</summary>
internal sealed class RedisStorage(string connection, RedisServer redis) : PostgresStorage(connection)
{
    protected override string[] Names => ["--Stores:Pairings=redis", "--Stores:Devices=postgres"];

    protected override string[] Connections => [.. base.Connections, $"--ConnectionStrings:Redis={redis.EndPoint}"];

    public static new async Task<RedisStorage> CreateAsync(PostgresServer server) =>
        new(await server.CreateDatabaseAsync(), await RedisServer.StartAsync("--appendonly", "yes", "--appendfsync", "always"));

    public override Task BreakPairingsAsync() => redis.KillAsync();

    public override Task MendPairingsAsync() => redis.RestartAsync();

    public override Task ForgetPairingsAsync() => redis.CliAsync("FLUSHALL");

    public override async ValueTask DisposeAsync()
    {
        await redis.DisposeAsync();
        await base.DisposeAsync();
    }
}
