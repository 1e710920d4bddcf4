using System.Net;
using DeviceAuthorization.EntityFramework;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace DeviceAuthorization.Tests;

/// <summary>A host whose database is set up wrongly: one line at the start says what to do, and requests are 500, not 503.</summary>
public abstract class DatabaseCheckTests
{
    [Fact]
    public async Task A_context_that_is_not_registered_stops_the_start()
    {
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync<HostContext>(register: false));
        Assert.StartsWith("HostContext is not registered: call services.AddDbContext<HostContext>(", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_without_our_tables_stops_the_start()
    {
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync<PlainContext>());
        Assert.Equal("PlainContext lacks the tables of device pairing: call modelBuilder.UseDeviceAuthorization() in its OnModelCreating.", exception.Message);
    }

    [Fact]
    public async Task Missing_tables_are_logged_and_requests_are_500_until_the_migration_ran()
    {
        await using var app = await StartAsync<HostContext>();
        var logs = app.Services.GetFakeLogCollector();
        var logged = Assert.Single(await CheckedAsync(app), entry => entry.Id.Id == 1003);
        Assert.Equal((LogLevel.Error, null), (logged.Level, logged.Exception));
        Assert.Contains("HostContext (", logged.Message, StringComparison.Ordinal);
        Assert.Contains("DevicePairings", logged.Message, StringComparison.Ordinal);
        Assert.Contains("dotnet ef database update", logged.Message, StringComparison.Ordinal);

        using var client = app.GetTestClient();
        for (var start = 0; start < 2; start++)
        {
            using var broken = await client.PostFormAsync("init", ("client_id", "tv"));
            Assert.Equal((HttpStatusCode.InternalServerError, null), (broken.StatusCode, broken.Headers.RetryAfter));
        }

        var cause = Assert.Single(logs.GetSnapshot(), entry => entry.Id.Id == 90);
        Assert.Contains("The database lacks a table or a column:", cause.Message, StringComparison.Ordinal);
        Assert.Contains("DevicePairings", cause.Message, StringComparison.Ordinal);

        await CreateTablesAsync(app);
        using var started = await client.PostFormAsync("init", ("client_id", "tv"));
        Assert.Equal(HttpStatusCode.OK, started.StatusCode);
    }

    [Fact]
    public async Task Tables_of_an_earlier_version_are_logged()
    {
        await using var app = await StartAsync<HostContext>(prepare: async app =>
        {
            await CreateTablesAsync(app);
            await using var scope = app.Services.CreateAsyncScope();
            await scope.ServiceProvider.GetRequiredService<HostContext>().Database.ExecuteSqlRawAsync("""ALTER TABLE "DevicePairings" DROP COLUMN "MatchNumber" """);
        });
        Assert.Contains("MatchNumber", Assert.Single(await CheckedAsync(app), entry => entry.Id.Id == 1003).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_that_is_set_up_is_named_and_nothing_else_is_said()
    {
        await using var app = await StartAsync<HostContext>(prepare: CreateTablesAsync);
        Assert.DoesNotContain(await CheckedAsync(app), entry => entry.Id.Id is 1003 or 1004);
        Assert.Contains(app.Services.GetFakeLogCollector().GetSnapshot(), entry => entry.Id.Id == 51
            && entry.Message.StartsWith($"Pairings are kept in HostContext ({Provider}), devices and tokens in HostContext ({Provider}); limits", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_store_of_the_hosts_own_that_cannot_be_created_yet_stops_no_host()
    {
        await using var app = await StartAsync<HostContext>(more: services => services.AddScoped<IPairingStore>(_ => throw new IOException("The server is away.")));
        var logged = Assert.Single(await CheckedAsync(app), entry => entry.Id.Id == 1005);
        Assert.Equal((LogLevel.Warning, null), (logged.Level, logged.Exception));
        Assert.EndsWith("could not be created: IOException.", logged.Message, StringComparison.Ordinal);
        Assert.False(app.Lifetime.ApplicationStopping.IsCancellationRequested);
    }

    [Fact]
    public async Task A_context_that_is_not_in_use_is_not_checked()
    {
        await using var app = await StartAsync<HostContext>(register: false, more: services => services
            .AddSingleton<IPairingStore, InMemoryPairingStore>().AddSingleton<IDeviceRepository, InMemoryDeviceRepository>());
        Assert.DoesNotContain(await CheckedAsync(app), entry => entry.Id.Id is 1003 or 1004);
    }

    protected abstract string Provider { get; }

    protected abstract void Use(DbContextOptionsBuilder options);

    protected static async Task<IReadOnlyList<FakeLogRecord>> CheckedAsync(WebApplication app)
    {
        await app.Services.GetServices<IHostedService>().OfType<DatabaseCheck>().Single().ExecuteTask!;
        return app.Services.GetFakeLogCollector().GetSnapshot();
    }

    protected Task<WebApplication> StartAsync<TContext>(bool register = true, Func<WebApplication, Task>? prepare = null, Action<IServiceCollection>? more = null)
        where TContext : DbContext => StartAsync<TContext>(register ? Use : null, prepare, more);

    protected static async Task<WebApplication> StartAsync<TContext>(
        Action<DbContextOptionsBuilder>? use, Func<WebApplication, Task>? prepare = null, Action<IServiceCollection>? more = null)
        where TContext : DbContext
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Development", ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders().AddFakeLogging();
        if (use is not null)
        {
            builder.Services.AddDbContext<TContext>(use);
        }

        builder.Services.AddAuthentication().AddCookie();
        builder.Services.AddDeviceAuthorization().AddEntityFrameworkStores<TContext>();
        more?.Invoke(builder.Services);
        var app = builder.Build();
        try
        {
            await (prepare?.Invoke(app) ?? Task.CompletedTask);
            app.MapDeviceAuthorization();
            await app.StartAsync();
            return app;
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    private static async Task CreateTablesAsync(WebApplication app)
    {
        await using var scope = app.Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<HostContext>().Database.EnsureCreatedAsync();
    }

    private sealed class PlainContext(DbContextOptions<PlainContext> options) : DbContext(options);
}

public sealed class SqliteDatabaseCheckTests : DatabaseCheckTests, IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("device-authorization-");

    protected override string Provider => "Microsoft.EntityFrameworkCore.Sqlite";

    public SqliteDatabaseCheckTests() => File.Create(Path.Combine(_folder.FullName, "host.db")).Dispose(); // the host's database is there, but empty

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_database_that_is_not_there_stops_no_host()
    {
        await using var app = await StartAsync<HostContext>(options => options.UseSqlite("Data Source=/nowhere/host.db;Mode=ReadWrite;Pooling=False"));
        var note = Assert.Single(await CheckedAsync(app), entry => entry.Id.Id == 1004);
        Assert.Equal(LogLevel.Warning, note.Level);
        Assert.Contains("dotnet ef database update", note.Message, StringComparison.Ordinal);
        using var client = app.GetTestClient();
        using var answer = await client.PostFormAsync("init", ("client_id", "tv"));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, true), (answer.StatusCode, answer.Headers.RetryAfter is not null));
    }

    protected override void Use(DbContextOptionsBuilder options) => options.UseSqlite($"Data Source={Path.Combine(_folder.FullName, "host.db")};Pooling=False");
}

[Collection(PostgresTests.Name)]
public sealed class PostgresDatabaseCheckTests(PostgresServer server) : DatabaseCheckTests, IAsyncLifetime
{
    private string _connection = "";

    protected override string Provider => "Npgsql.EntityFrameworkCore.PostgreSQL";

    public async Task InitializeAsync() => _connection = await server.CreateDatabaseAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task A_server_that_is_away_stops_no_host()
    {
        await using var app = await StartAsync<HostContext>(options => options.UseNpgsql("Host=127.0.0.1;Port=9;Username=nobody;Database=none"));
        Assert.Equal(LogLevel.Warning, Assert.Single(await CheckedAsync(app), entry => entry.Id.Id == 1004).Level);
        using var client = app.GetTestClient();
        using var answer = await client.PostFormAsync("init", ("client_id", "tv"));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, true), (answer.StatusCode, answer.Headers.RetryAfter is not null));
    }

    protected override void Use(DbContextOptionsBuilder options) => options.UseNpgsql(_connection);
}
