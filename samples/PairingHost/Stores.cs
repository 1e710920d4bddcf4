using System.Data.Common;
using DeviceAuthorization;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace PairingHost;

/// <summary>
/// Where pairings, and devices with their tokens, are kept: the settings <c>Stores:Pairings</c> and <c>Stores:Devices</c>. By default both are in a
/// SQLite file beside the program's settings.
/// </summary>
internal static class Stores
{
    public static void AddStores(this WebApplicationBuilder builder, DeviceAuthorizationBuilder deviceAuthorization)
    {
        switch (builder.Configuration["Stores:Pairings"] ?? "sqlite")
        {
            case "memory":
                break;
            case "sqlite":
                builder.AddSqlite();
                deviceAuthorization.AddEntityFrameworkPairingStore<SqliteDatabase>();
                break;
            case "postgres":
                builder.AddPostgres();
                deviceAuthorization.AddEntityFrameworkPairingStore<PostgresDatabase>();
                break;
            case "redis":
                deviceAuthorization.AddRedisPairingStore(builder.Connection("Redis", "localhost:6379"));
                break;
            case var other:
                throw new InvalidOperationException($"Stores:Pairings is '{other}'; set it to memory, sqlite, postgres or redis.");
        }

        switch (builder.Configuration["Stores:Devices"] ?? "sqlite")
        {
            case "memory":
                break;
            case "sqlite":
                builder.AddSqlite();
                deviceAuthorization.AddEntityFrameworkDeviceRepository<SqliteDatabase>();
                break;
            case "postgres":
                builder.AddPostgres();
                deviceAuthorization.AddEntityFrameworkDeviceRepository<PostgresDatabase>();
                break;
            case var other:
                throw new InvalidOperationException($"Stores:Devices is '{other}'; set it to memory, sqlite or postgres.");
        }
    }

    /// <summary>
    /// Brings the databases that are used up to date. Nodes that start at once take turns. A host whose account may not change tables runs
    /// <c>dotnet ef migrations script --idempotent</c> before instead.
    /// </summary>
    public static void MigrateStores(this WebApplication app)
    {
        using var scope = app.Services.CreateScope();
        Migrate(scope.ServiceProvider.GetService<SqliteDatabase>());
        Migrate(scope.ServiceProvider.GetService<PostgresDatabase>());
    }

    private static void Migrate(Database? database)
    {
        try
        {
            using var turn = database is PostgresDatabase && database.Database.CanConnect() ? new Turn(database.Database) : null;
            database?.Database.Migrate();
        }
        catch (DbException exception) when (exception.Message.Contains("already exists", StringComparison.Ordinal))
        {
            throw new InvalidOperationException(
                "The database has tables that no migration made, such as the pairing-host.db of an earlier preview. "
                + $"Delete it, or name another one: ConnectionStrings:Sqlite, ConnectionStrings:Postgres. ({exception.Message})",
                exception);
        }
    }

    /// <summary>
    /// A node's turn to migrate: EF Core locks its history table for one migration at a time, so two nodes with several to apply may both apply
    /// the second. The lock belongs to the session, which ends with the process.
    /// </summary>
    private sealed class Turn : IDisposable
    {
        private readonly DatabaseFacade _database;

        public Turn(DatabaseFacade database)
        {
            _database = database;
            database.OpenConnection();
            database.ExecuteSqlRaw("SELECT pg_advisory_lock(8628)");
        }

        public void Dispose()
        {
            _database.ExecuteSqlRaw("SELECT pg_advisory_unlock(8628)");
            _database.CloseConnection();
        }
    }

    private static void AddSqlite(this WebApplicationBuilder builder)
    {
        var file = Path.Combine(builder.Environment.ContentRootPath, "pairing-host.db");
        var connection = builder.Configuration.GetConnectionString("Sqlite") ?? $"Data Source={file}";
        builder.Services.AddDbContext<SqliteDatabase>(options => options.UseSqlite(connection));
    }

    private static void AddPostgres(this WebApplicationBuilder builder)
    {
        var connection = builder.Connection("Postgres", "Host=localhost;Database=pairing;Username=pairing;Password=…");
        builder.Services.AddDbContext<PostgresDatabase>(options => options.UseNpgsql(connection, postgres => postgres.EnableRetryOnFailure()));
    }

    private static string Connection(this WebApplicationBuilder builder, string name, string example) => builder.Configuration.GetConnectionString(name)
        ?? throw new InvalidOperationException($"A store needs ConnectionStrings:{name}, which is not set. For example: --ConnectionStrings:{name}=\"{example}\"");
}
