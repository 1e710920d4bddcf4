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
    public const int Rows = 20_000;

    private const string CreateTable = "CREATE TABLE Floor (Hash varchar(64) PRIMARY KEY, Due bigint NOT NULL, Version bigint NOT NULL, Rest text NOT NULL)";
    private const string Update = "UPDATE Floor SET Due = @now, Version = Version + 1 WHERE Hash = @hash AND Due <= @now";
    private const string Select = "SELECT Due, Version, Rest FROM Floor WHERE Hash = @hash";

    private static readonly string Rest = new('x', 250); // with the hash and the numbers, about as long as a row of DevicePairings

    private static long Now => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>A key as long as the hash of a device code.</summary>
    public static string Key(int row) => Convert.ToHexStringLower(SHA256.HashData(BitConverter.GetBytes(row)));

    public static async Task<WebApplication> BuildAsync(WebApplicationBuilder builder, Store store, string connection)
    {
        var (write, read) = store switch
        {
            Store.Redis => await OnRedisAsync(connection),
            Store.Sqlite => OnSqlite(connection),
            Store.Postgres => await OnPostgresAsync(connection),
            _ => (_ => Task.FromResult(true), _ => Task.FromResult(true)),
        };
        var app = builder.Build();
        app.MapPost(Write, context => AnswerAsync(context, write));
        app.MapPost(Read, context => AnswerAsync(context, read));
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

    private static async Task<(Func<string, Task<bool>> Write, Func<string, Task<bool>> Read)> OnRedisAsync(string connection)
    {
        var redis = (await ConnectionMultiplexer.ConnectAsync(connection)).GetDatabase();
        foreach (var key in Enumerable.Range(0, Rows).Select(Key))
        {
            await redis.StringSetAsync(key, Rest);
        }

        return (key => redis.StringSetAsync(key, Rest), async key => (await redis.StringGetAsync(key)).HasValue);
    }

    private static (Func<string, Task<bool>> Write, Func<string, Task<bool>> Read) OnSqlite(string connection)
    {
        using (var db = Open())
        {
            Execute(db, "PRAGMA journal_mode = WAL");
            Execute(db, CreateTable);
            using var transaction = db.BeginTransaction();
            foreach (var key in Enumerable.Range(0, Rows).Select(Key))
            {
                using var insert = db.CreateCommand();
                insert.CommandText = "INSERT INTO Floor VALUES (@hash, 0, 0, @rest)";
                insert.Parameters.AddWithValue("@hash", key);
                insert.Parameters.AddWithValue("@rest", Rest);
                insert.ExecuteNonQuery();
            }

            transaction.Commit();
        }

        var writer = new SemaphoreSlim(1);
        return (
            async key =>
            {
                await writer.WaitAsync();
                try
                {
                    using var db = Open();
                    using var update = db.CreateCommand();
                    update.CommandText = Update;
                    update.Parameters.AddWithValue("@hash", key);
                    update.Parameters.AddWithValue("@now", Now);
                    return update.ExecuteNonQuery() == 1;
                }
                finally
                {
                    writer.Release();
                }
            },
            async key =>
            {
                using var db = Open();
                using var select = db.CreateCommand();
                select.CommandText = Select;
                select.Parameters.AddWithValue("@hash", key);
                using var row = await select.ExecuteReaderAsync();
                return await row.ReadAsync() && (row.GetInt64(0), row.GetInt64(1), row.GetString(2)) is { Item3.Length: > 0 };
            });

        SqliteConnection Open()
        {
            var db = new SqliteConnection(connection);
            db.Open();
            return db;
        }

        static void Execute(SqliteConnection db, string sql)
        {
            using var command = db.CreateCommand();
            command.CommandText = sql;
            command.ExecuteNonQuery();
        }
    }

    private static async Task<(Func<string, Task<bool>> Write, Func<string, Task<bool>> Read)> OnPostgresAsync(string connection)
    {
        var source = NpgsqlDataSource.Create(connection);
        await using (var create = source.CreateCommand(CreateTable))
        {
            await create.ExecuteNonQueryAsync();
        }

        await using (var insert = source.CreateCommand("INSERT INTO Floor SELECT hash, 0, 0, @rest FROM unnest(@hashes) AS hash"))
        {
            insert.Parameters.AddWithValue("rest", Rest);
            insert.Parameters.AddWithValue("hashes", Enumerable.Range(0, Rows).Select(Key).ToArray());
            await insert.ExecuteNonQueryAsync();
        }

        return (
            async key =>
            {
                await using var update = source.CreateCommand(Update);
                update.Parameters.AddWithValue("hash", key);
                update.Parameters.AddWithValue("now", Now);
                return await update.ExecuteNonQueryAsync() == 1;
            },
            async key =>
            {
                await using var select = source.CreateCommand(Select);
                select.Parameters.AddWithValue("hash", key);
                await using var row = await select.ExecuteReaderAsync();
                return await row.ReadAsync() && (row.GetInt64(0), row.GetInt64(1), row.GetString(2)) is { Item3.Length: > 0 };
            });
    }
}
