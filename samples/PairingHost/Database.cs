using System.Data.Common;
using DeviceAuthorization;
using Microsoft.EntityFrameworkCore;

namespace PairingHost;

/// <summary>
/// The database. Here it has the library's tables only; in your host they are beside yours. Migrations are for one kind of database, so
/// this sample has a context for each kind. A host that uses one kind needs one context.
/// </summary>
internal abstract class Database(DbContextOptions options) : DbContext(options)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.UseDeviceAuthorization();
}

internal sealed class SqliteDatabase(DbContextOptions<SqliteDatabase> options) : Database(options);

internal sealed class PostgresDatabase(DbContextOptions<PostgresDatabase> options) : Database(options);

internal static class DatabaseSetup
{
    /// <summary>
    /// Keeps everything in a SQLite file, or in PostgreSQL when its connection string is set. With a connection string for Redis, pairings are
    /// there: they live for minutes, and devices poll them.
    /// </summary>
    public static void AddStores(this WebApplicationBuilder builder, DeviceAuthorizationBuilder deviceAuthorization)
    {
        if (builder.Configuration.GetConnectionString("Postgres") is { Length: > 0 } postgres)
        {
            builder.Services.AddDbContextPool<Database, PostgresDatabase>(options => options.UseNpgsql(postgres, npgsql => npgsql.EnableRetryOnFailure()));
            deviceAuthorization.AddEntityFrameworkStores<PostgresDatabase>();
        }
        else
        {
            var file = Path.Combine(builder.Environment.ContentRootPath, "pairing-host.db");
            var sqlite = builder.Configuration.GetConnectionString("Sqlite") ?? $"Data Source={file}";
            builder.Services.AddDbContextPool<Database, SqliteDatabase>(options => options.UseSqlite(sqlite));
            deviceAuthorization.AddEntityFrameworkStores<SqliteDatabase>();
        }

        if (builder.Configuration.GetConnectionString("Redis") is { Length: > 0 } redis)
        {
            deviceAuthorization.AddRedisPairingStore(redis); // replaces the pairing store of the database
        }
    }

    /// <summary>
    /// Creates the tables, or brings them up to date. If your host may not change tables, run <c>dotnet ef migrations script --idempotent</c> and
    /// apply that script first.
    /// </summary>
    public static void MigrateDatabase(this WebApplication app)
    {
        using var scope = app.Services.CreateScope();
        var database = scope.ServiceProvider.GetRequiredService<Database>().Database;

        // Nodes that start at the same time take turns. EF Core's own lock covers one migration: two nodes could both apply the second.
        var takesTurns = database.IsNpgsql() && database.CanConnect();
        try
        {
            if (takesTurns)
            {
                database.OpenConnection(); // holds the lock, which ends with the connection
                database.ExecuteSqlRaw("SELECT pg_advisory_lock(8628)");
            }

            database.Migrate();
            if (takesTurns)
            {
                database.ExecuteSqlRaw("SELECT pg_advisory_unlock(8628)");
                database.CloseConnection();
            }
        }
        catch (DbException exception) when (exception.Message.Contains("already exists", StringComparison.Ordinal))
        {
            throw new InvalidOperationException(
                $"The database has tables that no migration made, such as the pairing-host.db of an earlier preview. Delete it, or use another one. ({exception.Message})",
                exception);
        }
    }
}
