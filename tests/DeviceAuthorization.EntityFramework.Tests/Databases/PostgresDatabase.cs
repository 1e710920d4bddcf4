using Microsoft.EntityFrameworkCore;

namespace DeviceAuthorization.Tests;

/// <summary>The one database of the server, emptied.</summary>
public sealed class PostgresDatabase : TestDatabase
{
    private readonly PostgresServer _server;

    public PostgresDatabase(PostgresServer server)
    {
        _server = server;
        using var context = new HostContext(new DbContextOptionsBuilder<HostContext>().UseNpgsql(_server.Connection).Options);
        context.Database.EnsureCreated();
        context.Database.ExecuteSqlRaw("""TRUNCATE "DevicePairings", "PairedDevices", "DeviceTokens", "DeviceTokenOwners", "DeviceAuthorizationLeases", "Games" """);
    }

    public override void Use(DbContextOptionsBuilder options) => options.UseNpgsql(_server.Connection, postgres => postgres.ExecutionStrategy(to => new RetryLostAnswers(to)));

    public override Task<string> DumpAsync() => _server.DumpAsync();

    protected override void Delete()
    {
    }
}
