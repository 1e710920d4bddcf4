using System.Collections.Concurrent;
using System.Data.Common;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace DeviceAuthorization.Tests;

/// <summary>
/// Another writer has the lock of the host's SQLite file. SQLite's client blocks its thread meanwhile, by default for 30 seconds, and no cancellation reaches it. The
/// waits are real: they are the client's own.
/// </summary>
public sealed class SqliteLockTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    /// <summary>What a busy machine needs. With Limit far below what the client would wait for.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(8);

    private readonly SqliteDatabase _database = new(repeats: false);

    public void Dispose() => _database.Dispose();

    /// <summary>A start is one statement, a token is a transaction, and of many starts most wait for one that blocks.</summary>
    [Theory]
    [InlineData("start", 1)]
    [InlineData("token", 1)]
    [InlineData("start", 20)]
    public async Task A_request_that_writes_is_503_in_time(string request, int many)
    {
        await using var host = await StartAsync(_database.AddTo);
        var alice = await host.SignInAsync("alice");
        var device = host.Device();
        (await host.Device().PostFormAsync("init", ("client_id", "tv"))).EnsureSuccessStatusCode();
        await using var writer = new HostContext(OptionsOf(_database));
        await writer.Database.OpenConnectionAsync();
        await writer.Database.ExecuteSqlRawAsync("BEGIN IMMEDIATE");
        var times = await Task.WhenAll(Enumerable.Range(0, many).Select(_ => Task.Run(async () =>
        {
            var started = Stopwatch.GetTimestamp();
            using var answer = request == "start"
                ? await device.PostFormAsync("init", ("client_id", "tv"))
                : await alice.PostAsync("/api/client-tokens", JsonContent.Create(new { name = "Script", scopes = (string[])["library.read"], expires_in = "30d" }));
            Assert.Equal((HttpStatusCode.ServiceUnavailable, "5"), (answer.StatusCode, answer.Headers.RetryAfter?.ToString()));
            return Stopwatch.GetElapsedTime(started);
        })));
        Assert.InRange(times.Max(), TimeSpan.Zero, Limit + Margin);

        await writer.Database.ExecuteSqlRawAsync("ROLLBACK");
        (await device.PostFormAsync("init", ("client_id", "tv"))).EnsureSuccessStatusCode();
    }

    /// <summary>Contexts come from a pool of one, so the host gets the context of the step.</summary>
    [Theory]
    [InlineData("", null, 2, 30)]
    [InlineData("Default Timeout=1", null, 1, 1)]
    [InlineData("Default Timeout=0", null, 2, 0)] // without end
    [InlineData("", 60, 2, 60)]
    [InlineData("", 1, 1, 1)]
    public async Task The_hosts_own_commands_keep_its_timeout(string connection, int? ofHost, int ours, int own)
    {
        var timeouts = new Timeouts();
        await using var host = await StartAsync(services => services.AddDbContextPool<HostContext>(
            options => options.UseSqlite($"{_database.Connection};{connection}", sqlite => sqlite.CommandTimeout(ofHost)).AddInterceptors(timeouts), poolSize: 1));
        (await host.Device().PostFormAsync("init", ("client_id", "tv"))).EnsureSuccessStatusCode();
        Assert.Equal([ours], timeouts.Seen.Distinct());

        timeouts.Seen.Clear();
        await using var scope = host.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<HostContext>().Database;
        await db.ExecuteSqlRawAsync("SELECT 1");
        Assert.Equal([own], timeouts.Seen);
        Assert.Equal(own, ((SqliteConnection)db.GetDbConnection()).DefaultTimeout);
    }

    private sealed class Timeouts : DbCommandInterceptor
    {
        public ConcurrentQueue<int> Seen { get; } = new();

        public override ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
        {
            Seen.Enqueue(command.CommandTimeout);
            return ValueTask.FromResult(result);
        }
    }

    private static DbContextOptions<HostContext> OptionsOf(SqliteDatabase database)
    {
        var options = new DbContextOptionsBuilder<HostContext>();
        database.Use(options);
        return options.Options;
    }

    private static Task<TestHost> StartAsync(Action<IServiceCollection> addContext) => TestHost.StartAsync(
        options =>
        {
            options.StoreTimeout = Limit;
            options.Scopes["me.read"] = options.Scopes["me.write"] = "Tokens";
        },
        services =>
        {
            addContext(services);
            services.AddSingleton(TimeProvider.System);
            services.AddDeviceAuthorization().AddEntityFrameworkStores<HostContext>();
        },
        app => app.MapClientTokens());
}
