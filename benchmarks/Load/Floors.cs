using System.Data.Common;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;
using Npgsql;
using StackExchange.Redis;

namespace DeviceAuthorization.Benchmarks;

/// <summary>
/// The least that an endpoint on a store can cost: it reads one form field, does one round trip and answers a constant. The write is a conditional
/// UPDATE by key, the read a SELECT by key, as one would write them by hand.
/// </summary>
internal static class Floors
{
    public const string Write = "/write";
    public const string Read = "/read";
    public const string Wait = "/wait";

    private const int Rows = 20_000;
    private const string CreateTable = "CREATE TABLE Floor (Hash varchar(64) PRIMARY KEY, Due bigint NOT NULL, Version bigint NOT NULL, Rest text NOT NULL)";
    private const string Update = "UPDATE Floor SET Due = @now, Version = Version + 1 WHERE Hash = @hash AND Due <= @now";
    private const string Select = "SELECT Due, Version, Rest FROM Floor WHERE Hash = @hash";

    private static readonly string Rest = new('x', 250); // with the hash and the numbers, about as long as a row of DevicePairings

    private static long Now => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>The key of each row, as long as the hash of a device code.</summary>
    public static IEnumerable<string> Keys() => Enumerable.Range(0, Rows).Select(row => Convert.ToHexStringLower(SHA256.HashData(BitConverter.GetBytes(row))));

    public static async Task<WebApplication> BuildAsync(WebApplicationBuilder builder, Store store, string connection)
    {
        var trips = store switch
        {
            Store.Redis => await OnRedisAsync(connection),
            Store.Sqlite => OnSqlite(connection),
            Store.Postgres => await OnPostgresAsync(connection),
            _ => new RoundTrips(_ => Task.FromResult(true), _ => Task.FromResult(true)),
        };
        var app = builder.Build();
        app.MapPost(Write, context => AnswerAsync(context, trips.WriteAsync));
        app.MapPost(Read, context => AnswerAsync(context, trips.ReadAsync));
        app.MapPost(Wait, context => AnswerAsync(context, async _ =>
        {
            await Task.Delay(TimeSpan.FromSeconds(25), context.RequestAborted);
            return true;
        }));
        app.MapGet(Hosts.Heap, Hosts.AnswerHeapAsync);
        return app;
    }

    private static async Task AnswerAsync(HttpContext context, Func<string, Task<bool>> roundTrip)
    {
        var form = await context.Request.ReadFormAsync();
        if (!await roundTrip(form["key"].ToString()))
        {
            throw new InvalidOperationException("There is no such row.");
        }

        await Server.AnswerAsync(context);
    }

    private static async Task<RoundTrips> OnRedisAsync(string connection)
    {
        var redis = (await ConnectionMultiplexer.ConnectAsync(connection)).GetDatabase();
        foreach (var key in Keys())
        {
            await redis.StringSetAsync(key, Rest);
        }

        return new RoundTrips(key => redis.StringSetAsync(key, Rest), async key => (await redis.StringGetAsync(key)).HasValue);
    }

    private static RoundTrips OnSqlite(string connection)
    {
        using (var db = Open())
        {
            Command(db, "PRAGMA journal_mode = WAL").ExecuteNonQuery();
            Command(db, CreateTable).ExecuteNonQuery();
            using var transaction = db.BeginTransaction();
            foreach (var key in Keys())
            {
                Command(db, "INSERT INTO Floor VALUES (@hash, 0, 0, @rest)", ("@hash", key), ("@rest", Rest)).ExecuteNonQuery();
            }

            transaction.Commit();
        }

        var writer = new SemaphoreSlim(1);
        return new RoundTrips(WriteAsync, ReadAsync);

        async Task<bool> WriteAsync(string key)
        {
            await writer.WaitAsync();
            try
            {
                using var db = Open();
                using var update = Command(db, Update, ("@hash", key), ("@now", Now));
                return update.ExecuteNonQuery() == 1;
            }
            finally
            {
                writer.Release();
            }
        }

        async Task<bool> ReadAsync(string key)
        {
            using var db = Open();
            using var select = Command(db, Select, ("@hash", key));
            using var row = await select.ExecuteReaderAsync();
            return await IsReadAsync(row);
        }

        SqliteConnection Open()
        {
            var db = new SqliteConnection(connection);
            db.Open();
            return db;
        }

        static SqliteCommand Command(SqliteConnection db, string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
        {
            var command = db.CreateCommand();
            command.CommandText = sql;
            foreach (var (name, value) in parameters)
            {
                command.Parameters.AddWithValue(name, value);
            }

            return command;
        }
    }

    private static async Task<RoundTrips> OnPostgresAsync(string connection)
    {
        var source = NpgsqlDataSource.Create(connection);
        await using (var create = Command(CreateTable))
        {
            await create.ExecuteNonQueryAsync();
        }

        await using (var insert = Command("INSERT INTO Floor SELECT hash, 0, 0, @rest FROM unnest(@hashes) AS hash", ("rest", Rest), ("hashes", Keys().ToArray())))
        {
            await insert.ExecuteNonQueryAsync();
        }

        return new RoundTrips(WriteAsync, ReadAsync);

        async Task<bool> WriteAsync(string key)
        {
            await using var update = Command(Update, ("hash", key), ("now", Now));
            return await update.ExecuteNonQueryAsync() == 1;
        }

        async Task<bool> ReadAsync(string key)
        {
            await using var select = Command(Select, ("hash", key));
            await using var row = await select.ExecuteReaderAsync();
            return await IsReadAsync(row);
        }

        NpgsqlCommand Command(string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
        {
            var command = source.CreateCommand(sql);
            foreach (var (name, value) in parameters)
            {
                command.Parameters.AddWithValue(name, value);
            }

            return command;
        }
    }

    private static async Task<bool> IsReadAsync(DbDataReader row) =>
        await row.ReadAsync() && row.GetInt64(0) >= 0 && row.GetInt64(1) >= 0 && row.GetString(2).Length > 0;

    private sealed record RoundTrips(Func<string, Task<bool>> WriteAsync, Func<string, Task<bool>> ReadAsync);
}
