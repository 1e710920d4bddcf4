using Microsoft.EntityFrameworkCore;

namespace DeviceAuthorization.Tests;

/// <summary>
/// The tables as each provider makes them. SQL Server's are checked as text only: no test runs against one. What changes here changes
/// every host's database, and wants a migration of theirs: say so in the changelog.
/// </summary>
public sealed class CreateScriptTests
{
    [Fact]
    public Task Sqlite() => VerifyAsync(new DbContextOptionsBuilder<TablesContext>().UseSqlite("Data Source=none"));

    [Fact]
    public Task Postgres() => VerifyAsync(new DbContextOptionsBuilder<TablesContext>().UseNpgsql("Host=none"));

    [Fact]
    public Task SqlServer() => VerifyAsync(new DbContextOptionsBuilder<TablesContext>().UseSqlServer("Server=none"), "auth", "Latin1_General_100_BIN2");

    private static async Task VerifyAsync(
        DbContextOptionsBuilder<TablesContext> options, string? schema = null, string? collation = null, [System.Runtime.CompilerServices.CallerMemberName] string provider = "")
    {
        await using var context = new TablesContext(options.Options, schema, collation);
        await Verifier.Verify(context.Database.GenerateCreateScript(), "sql", method: provider);
    }

    private sealed class TablesContext(DbContextOptions<TablesContext> options, string? schema, string? collation) : DbContext(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.UseDeviceAuthorization(schema, collation);
    }
}
