using DeviceAuthorization;
using Microsoft.EntityFrameworkCore;

namespace PairingHost;

/// <summary>
/// Where pairings, devices and tokens are kept: the setting <c>Stores</c> is <c>sqlite</c> (a file beside the program's settings, unless
/// <c>ConnectionStrings:Sqlite</c> says otherwise) or <c>memory</c>.
/// </summary>
internal static class Stores
{
    public static void AddStores(this WebApplicationBuilder builder, DeviceAuthorizationBuilder deviceAuthorization)
    {
        switch (builder.Configuration["Stores"] ?? "sqlite")
        {
            case "sqlite":
                var file = Path.Combine(builder.Environment.ContentRootPath, "pairing-host.db");
                var connection = builder.Configuration.GetConnectionString("Sqlite") ?? $"Data Source={file}";
                builder.Services.AddDbContext<Database>(options => options.UseSqlite(connection));
                deviceAuthorization.AddEntityFrameworkStores<Database>();
                break;
            case "memory":
                break;
            case var other:
                throw new InvalidOperationException($"Stores is '{other}'; it must be sqlite or memory.");
        }
    }

    /// <summary>Makes the tables of an empty database. A host of your own uses migrations.</summary>
    public static void CreateStores(this WebApplication app)
    {
        using var scope = app.Services.CreateScope();
        scope.ServiceProvider.GetService<Database>()?.Database.EnsureCreated();
    }
}

/// <summary>The database: nothing but the library's tables here; in a host of your own, beside yours.</summary>
internal sealed class Database(DbContextOptions<Database> options) : DbContext(options)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.UseDeviceAuthorization();
}
