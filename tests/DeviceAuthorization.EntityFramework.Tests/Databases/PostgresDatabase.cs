using Microsoft.EntityFrameworkCore;

namespace DeviceAuthorization.Tests;

/// <summary>The one database of the server, emptied.</summary>
public sealed class PostgresDatabase : TestDatabase
{
    private readonly PostgresServer _server;
    private readonly string? _settings;

    /// <param name="settings">More of the connection string, in a host without an execution strategy of its own.</param>
    public PostgresDatabase(PostgresServer server, string? settings = null)
    {
        (_server, _settings) = (server, settings);
        using var context = new HostContext(new DbContextOptionsBuilder<HostContext>().UseNpgsql(_server.Connection).Options);
        context.Database.EnsureCreated();
        context.Database.ExecuteSqlRaw("""TRUNCATE "DevicePairings", "PairedDevices", "DeviceTokens", "DeviceTokenOwners", "DeviceAuthorizationLeases", "Games" """);
    }

    public override void Use(DbContextOptionsBuilder options) => _ = _settings is null
        ? options.UseNpgsql(_server.Connection, postgres => postgres.ExecutionStrategy(to => new RetryLostAnswers(to)))
        : options.UseNpgsql($"{_server.Connection};{_settings}");

    public override Task<string> DumpAsync() => _server.DumpAsync();

    protected override void Delete()
    {
    }
}
