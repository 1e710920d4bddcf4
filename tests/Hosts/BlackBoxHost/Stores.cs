using DeviceAuthorization;
using Microsoft.EntityFrameworkCore;

namespace BlackBoxHost;

internal abstract class Database(DbContextOptions options) : DbContext(options)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.UseDeviceAuthorization();
}

internal sealed class SqliteDatabase(DbContextOptions<SqliteDatabase> options) : Database(options);

internal sealed class PostgresDatabase(DbContextOptions<PostgresDatabase> options) : Database(options);

/// <summary>
/// <c>Stores:Pairings</c> is memory, sqlite, postgres or redis, and <c>Stores:Devices</c>, for devices and tokens, memory, sqlite or postgres: twelve
/// combinations. <c>ConnectionStrings</c> has Sqlite, Postgres and Redis.
/// </summary>
internal static class Stores
{
    public static void AddStores(this WebApplicationBuilder builder, DeviceAuthorizationBuilder deviceAuthorization)
    {
        var (pairings, devices) = (builder.Configuration["Stores:Pairings"], builder.Configuration["Stores:Devices"]);
        if (pairings == "sqlite" || devices == "sqlite")
        {
            builder.Services.AddDbContext<SqliteDatabase>(options => options.UseSqlite(builder.Connection("Sqlite")));
        }

        if (pairings == "postgres" || devices == "postgres")
        {
            builder.Services.AddDbContext<PostgresDatabase>(
                options => options.UseNpgsql(builder.Connection("Postgres"), postgres => postgres.EnableRetryOnFailure()));
        }

        _ = pairings switch
        {
            "memory" => deviceAuthorization, // the library's default
            "sqlite" => deviceAuthorization.AddEntityFrameworkPairingStore<SqliteDatabase>(),
            "postgres" => deviceAuthorization.AddEntityFrameworkPairingStore<PostgresDatabase>(),
            "redis" => deviceAuthorization.AddRedisPairingStore(builder.Connection("Redis")),
            _ => throw new InvalidOperationException($"Stores:Pairings is '{pairings}'; set it to memory, sqlite, postgres or redis."),
        };
        _ = devices switch
        {
            "memory" => deviceAuthorization,
            "sqlite" => deviceAuthorization.AddEntityFrameworkDeviceRepository<SqliteDatabase>(),
            "postgres" => deviceAuthorization.AddEntityFrameworkDeviceRepository<PostgresDatabase>(),
            _ => throw new InvalidOperationException($"Stores:Devices is '{devices}'; set it to memory, sqlite or postgres."),
        };
    }

    /// <summary>The tests start one host on a database before all others: nodes do not race here. The sample shows migrations.</summary>
    public static void CreateTables(this WebApplication app)
    {
        using var scope = app.Services.CreateScope();
        scope.ServiceProvider.GetService<SqliteDatabase>()?.Database.EnsureCreated();
        scope.ServiceProvider.GetService<PostgresDatabase>()?.Database.EnsureCreated();
    }

    private static string Connection(this WebApplicationBuilder builder, string name) =>
        builder.Configuration.GetConnectionString(name) ?? throw new InvalidOperationException($"ConnectionStrings:{name} is not set.");
}
