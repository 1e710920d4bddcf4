using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql;
using PairingHost;

namespace DeviceAuthorization.Tests.Samples;

/// <summary>The stores of the sample, each against its real server.</summary>
public sealed class StoresTests(StoresTests.Servers servers) : IClassFixture<StoresTests.Servers>, IDisposable
{
    private static readonly string[] Asked = ["me.read"];
    private static readonly (string Name, string Value)[] None = [];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pairing-host-");

    private string File => Path.Combine(_folder.FullName, "pairing-host.db");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    [InlineData("sqlite", "redis")]
    [InlineData("postgres", "redis")]
    public async Task Pairings_devices_and_tokens_outlive_a_restart(params string[] stores)
    {
        var settings = await SettingsAsync(stores);
        JsonElement paired, waiting;
        await using (var before = new PairingHostServer(settings))
        {
            var init = await InitAsync(before, "tv-1");
            await before.ApproveAsync(init.String("user_code")!);
            paired = (await PollAsync(before, init)).Body;
            Assert.Equal((HttpStatusCode.OK, paired.String("device_id")), await WhoAsync(before, paired));
            waiting = await InitAsync(before, "tv-2");
        }

        await using var after = new PairingHostServer(settings);
        Assert.Equal((HttpStatusCode.OK, paired.String("device_id")), await WhoAsync(after, paired));
        await after.ApproveAsync(waiting.String("user_code")!);
        var late = await PollAsync(after, waiting);
        Assert.Equal((HttpStatusCode.OK, late.Body.String("device_id")), await WhoAsync(after, late.Body));
    }

    [Fact]
    public async Task Nodes_that_start_at_once_on_an_empty_database_all_come_up()
    {
        for (var round = 0; round < 3; round++)
        {
            var settings = await SettingsAsync("postgres");
            PairingHostServer[] nodes = [new(settings), new(settings), new(settings), new(settings)];
            try
            {
                var answers = await Task.WhenAll(nodes.Select(node => Task.Run(() => InitAsync(node, "tv-1"))));
                await nodes[0].ApproveAsync(answers[1].String("user_code")!);
                Assert.Equal(HttpStatusCode.OK, (await PollAsync(nodes[2], answers[1])).Status);
            }
            finally
            {
                await Task.WhenAll(nodes.Select(node => node.DisposeAsync().AsTask()));
            }
        }
    }

    [Theory]
    [InlineData(1, "sqlite")]
    [InlineData(0, "sqlite", "redis")]
    public async Task With_Redis_pairings_are_not_in_the_database(int pairings, params string[] stores)
    {
        await using var server = new PairingHostServer(await SettingsAsync(stores));
        await InitAsync(server, "tv-1");
        using var scope = server.Services.CreateScope();
        var database = scope.ServiceProvider.GetRequiredService<Database>().Database;
        Assert.Equal(pairings, await database.SqlQueryRaw<int>("SELECT COUNT(*) AS Value FROM DevicePairings").SingleAsync());
    }

    [Fact]
    public async Task Outside_Development_the_sample_does_not_start()
    {
        await using var server = new PairingHostServer();
        await using var production = server.WithWebHostBuilder(builder => builder.UseEnvironment("Production"));
        Assert.Contains("Development", Assert.Throws<InvalidOperationException>(() => production.Services).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_that_no_migration_made_is_refused_at_every_start_with_what_to_do()
    {
        var options = new DbContextOptionsBuilder<SqliteDatabase>().UseSqlite(new SqliteConnectionStringBuilder { DataSource = File, Pooling = false }.ToString()).Options;
        using (var preview = new SqliteDatabase(options))
        {
            await preview.Database.EnsureCreatedAsync();
        }

        for (var start = 0; start < 2; start++)
        {
            await using var server = new PairingHostServer(await SettingsAsync("sqlite"));
            Assert.Contains("earlier preview", Assert.Throws<InvalidOperationException>(() => server.Services).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_migrations_are_those_of_the_model()
    {
        using var sqlite = new SqliteDatabase(new DbContextOptionsBuilder<SqliteDatabase>().UseSqlite("Data Source=none").Options);
        using var postgres = new PostgresDatabase(new DbContextOptionsBuilder<PostgresDatabase>().UseNpgsql("Host=none").Options);
        Assert.All<DbContext>([sqlite, postgres], database => Assert.False(database.Database.HasPendingModelChanges()));
        Assert.All<DbContext>([sqlite, postgres], database => Assert.NotEmpty(database.GetService<IMigrationsAssembly>().Migrations));
    }

    private static async Task<JsonElement> InitAsync(PairingHostServer server, string identifier)
    {
        var init = await server.CreateClient().CallAsync("POST", $"{PairingHostServer.Auth}/init", JsonSerializer.Serialize(new
        {
            client_device_identifier = identifier,
            name = "TV",
            client = "grout",
            requested_scopes = Asked,
        }));
        Assert.Equal(HttpStatusCode.Created, init.Status);
        return init.Body;
    }

    private static Task<Answer> PollAsync(PairingHostServer server, JsonElement init) =>
        server.CreateClient().CallAsync("POST", $"{PairingHostServer.Auth}/token", JsonSerializer.Serialize(new { device_code = init.String("device_code") }));

    private static async Task<(HttpStatusCode Status, string? Device)> WhoAsync(PairingHostServer server, JsonElement paired)
    {
        var me = await server.Bearer(paired.String("access_token")!).CallAsync("GET", "/api/users/me");
        return (me.Status, me.Status == HttpStatusCode.OK ? me.Body.String("current_device_id") : null);
    }

    /// <summary>The connection strings to databases of the test's own.</summary>
    private async Task<(string Name, string Value)[]> SettingsAsync(params string[] stores) =>
    [
        .. stores.Contains("sqlite") ? [("ConnectionStrings:Sqlite", $"Data Source={File};Pooling=False")] : None,
        .. stores.Contains("postgres") ? [("ConnectionStrings:Postgres", await servers.Postgres.CreateDatabaseAsync())] : None,
        .. stores.Contains("redis") ? [("ConnectionStrings:Redis", servers.Redis.EndPoint), ("DeviceAuthorization:Redis:KeyPrefix", $"test-{Guid.NewGuid():N}:")] : None,
    ];

    public sealed class Servers : IAsyncLifetime
    {
        public PostgresServer Postgres { get; } = new();

        internal RedisServer Redis { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            await Postgres.InitializeAsync();
            Redis = await RedisServer.StartAsync();
        }

        public async Task DisposeAsync()
        {
            NpgsqlConnection.ClearAllPools();
            await Postgres.DisposeAsync();
            if (Redis is not null)
            {
                await Redis.DisposeAsync();
            }
        }
    }
}
