using System.Globalization;
using DeviceAuthorization.TestServers;
using StackExchange.Redis;

namespace DeviceAuthorization.Benchmarks;

internal enum Store
{
    None,
    Redis,
    Sqlite,
    Postgres,
}

/// <summary>An empty store of one target: a database server, a file, or nothing.</summary>
internal sealed class StoreServer(string connection, int? processId, Func<ValueTask> end) : IAsyncDisposable
{
    public string Connection => connection;

    /// <summary>Null if the store is in the host's own process.</summary>
    public int? ProcessId => processId;

    public static async Task<StoreServer> StartAsync(Store store)
    {
        switch (store)
        {
            case Store.Redis:
                var redis = await RedisServer.StartAsync();
                return new StoreServer(redis.EndPoint, redis.ProcessId, redis.DisposeAsync);
            case Store.Postgres:
                var postgres = new PostgresServer { IsDurable = true };
                await postgres.InitializeAsync();
                return new StoreServer(postgres.Connection, postgres.ProcessId, () => new ValueTask(postgres.DisposeAsync()));
            case Store.Sqlite:
                var folder = Directory.CreateTempSubdirectory("da-sqlite-");
                return new StoreServer($"Data Source={Path.Combine(folder.FullName, "load.db")}", null, () =>
                {
                    folder.Delete(recursive: true);
                    return ValueTask.CompletedTask;
                });
            default:
                return new StoreServer("", null, () => ValueTask.CompletedTask);
        }
    }

    /// <summary>What a Redis has in memory.</summary>
    public async Task<long> BytesOfRedisAsync()
    {
        const string Used = "used_memory:";
        await using var redis = await ConnectionMultiplexer.ConnectAsync($"{connection},allowAdmin=true"); // INFO needs it
        var info = (await redis.GetDatabase().ExecuteAsync("INFO", "memory")).ToString();
        return long.Parse(info.Split('\n').Single(line => line.StartsWith(Used, StringComparison.Ordinal))[Used.Length..], CultureInfo.InvariantCulture);
    }

    public ValueTask DisposeAsync() => end();
}
