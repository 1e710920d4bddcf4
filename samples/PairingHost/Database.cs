using Microsoft.EntityFrameworkCore;

namespace PairingHost;

/// <summary>
/// The database: nothing but the library's tables here; in a host of your own, beside yours. Migrations are written for one kind of database, so
/// each kind has a context and a folder of its own; a host that knows its database needs one.
/// </summary>
internal abstract class Database(DbContextOptions options) : DbContext(options)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.UseDeviceAuthorization();
}

internal sealed class SqliteDatabase(DbContextOptions<SqliteDatabase> options) : Database(options);

internal sealed class PostgresDatabase(DbContextOptions<PostgresDatabase> options) : Database(options);
