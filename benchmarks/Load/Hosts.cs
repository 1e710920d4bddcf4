using System.Text;
using DeviceAuthorization.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace DeviceAuthorization.Benchmarks;

/// <summary>The hosts of this library. Limits are on, but too high for the load.</summary>
internal static class Hosts
{
    public const string Heap = "/heap";

    private const int High = 1_000_000;

    public static async Task<WebApplication> BuildAsync(WebApplicationBuilder builder, string name, string connection, int pollingInterval)
    {
        var services = builder.Services;
        services.AddAuthentication(FakeApproverDefaults.AuthenticationScheme).AddFakeApprover().AddDeviceToken();
        var pairing = services.AddDeviceAuthorization(options =>
        {
            options.PublicOrigin = new Uri("https://tv.example.com");
            options.Scopes[Wire.Scope] = "See your library";
            options.PollingInterval = TimeSpan.FromSeconds(pollingInterval);
            options.PairingLifetime = TimeSpan.FromMinutes(30);
            options.MaxLivePairings = High;
            options.MaxDevicesPerUser = High;
            options.MaxTokensPerUser = High;
            options.AllowWeakUserCodes = true; // because of so many live pairings
            options.RateLimits = new DeviceRateLimits
            {
                StartsPerMinute = High,
                PendingPerAddress = High,
                CodesPerUser = High,
                CodesPerUserAndDay = High,
                CodesPerAddress = High,
                CodesInAll = High,
                UnknownDeviceCodesPerMinute = High,
            };
        });
        switch (name)
        {
            case Target.Memory:
                break;
            case Target.Redis:
                pairing.AddRedisPairingStore(connection);
                break;
            case Target.RedisAndPostgres when connection.Split('|') is [var redis, var postgres]:
                pairing.AddRedisPairingStore(redis).AddEntityFrameworkDeviceRepository<PairingContext>();
                services.AddDbContextPool<PairingContext>(options => options.UseNpgsql(Tuned(postgres)));
                break;
            case Target.Sqlite:
                services.AddDbContextPool<PairingContext>(options => options.UseSqlite(connection));
                break;
            case Target.Postgres:
                services.AddDbContext<PairingContext>(options => options.UseNpgsql(connection));
                break;
            case Target.PostgresTuned:
                services.AddDbContextPool<PairingContext>(options => options.UseNpgsql(Tuned(connection)));
                break;
            default:
                throw new ArgumentException($"There is no target '{name}'.", nameof(name));
        }

        var isRelational = name is Target.RedisAndPostgres or Target.Sqlite or Target.Postgres or Target.PostgresTuned;
        if (isRelational && name != Target.RedisAndPostgres)
        {
            pairing.AddEntityFrameworkStores<PairingContext>();
        }

        var app = builder.Build();
        if (isRelational)
        {
            await using var scope = app.Services.CreateAsyncScope();
            await scope.ServiceProvider.GetRequiredService<PairingContext>().Database.EnsureCreatedAsync();
        }

        app.MapDeviceAuthorization();
        app.MapGet(Server.Call, Server.AnswerAsync).RequirePairedDevice();
        app.MapGet(Heap, AnswerHeapAsync);
        return app;
    }

    /// <summary>What is on the heap after a full collection.</summary>
    public static async Task AnswerHeapAsync(HttpContext context)
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);
        var bytes = Encoding.ASCII.GetBytes($"{GC.GetTotalMemory(forceFullCollection: true)}");
        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes);
    }

    /// <summary>What Npgsql offers to a host that does not share connections with anything that keeps state in them.</summary>
    public static string Tuned(string connection) => $"{connection};Max Auto Prepare=100;No Reset On Close=true";

    private sealed class PairingContext(DbContextOptions<PairingContext> options) : DbContext(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.UseDeviceAuthorization();
    }
}
