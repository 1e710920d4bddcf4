using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using MyDeviceRepository = DeviceAuthorization.Storage.InMemoryDeviceRepository;
using MyPairingStore = DeviceAuthorization.Storage.InMemoryPairingStore;

namespace DeviceAuthorization.Tests;

/// <summary>docs/stores.md: its code, and that each host has the stores that the page says.</summary>
public sealed class StoresDocumentTests
{
    public sealed class AppDbContext(DbContextOptions<AppDbContext> options) : DbContext(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            base.OnModelCreating(modelBuilder);
            modelBuilder.UseDeviceAuthorization();
        }
    }

    [Fact]
    public void In_memory() => AssertStores(
        builder => builder.Services.AddDeviceAuthorization(),
        "InMemoryPairingStore, InMemoryDeviceRepository, InMemoryAttemptLimiter");

    [Fact]
    public void SQLite() => AssertStores(
        builder =>
        {
            builder.Services.AddDbContextPool<AppDbContext>(options => options.UseSqlite("Data Source=app.db"));
            builder.Services.AddDeviceAuthorization().AddEntityFrameworkStores<AppDbContext>();
        },
        "EntityFrameworkPairingStore, EntityFrameworkDeviceRepository, InMemoryAttemptLimiter");

    [Fact]
    public void PostgreSQL_and_limits_for_all_nodes() => AssertStores(
        builder =>
        {
            builder.Services.AddDbContextPool<AppDbContext>(options => options.UseNpgsql("Host=db;Database=app;Username=app;Max Auto Prepare=100"));
            builder.Services.AddDeviceAuthorization()
                .AddEntityFrameworkStores<AppDbContext>()
                .AddRedisAttemptLimiter("redis:6379")
                .AddRedisPairingSignals("redis:6379");
        },
        "EntityFrameworkPairingStore, EntityFrameworkDeviceRepository, RedisAttemptLimiter, RedisPairingSignals");

    [Fact]
    public void Redis_for_pairings() => AssertStores(
        builder =>
        {
            builder.Services.AddDbContextPool<AppDbContext>(options => options.UseNpgsql("Host=db;Database=app;Username=app;Max Auto Prepare=100"));
            builder.Services.AddDeviceAuthorization()
                .AddEntityFrameworkDeviceRepository<AppDbContext>()
                .AddRedisPairingStore("redis:6379");
        },
        "RedisPairingStore, EntityFrameworkDeviceRepository, RedisAttemptLimiter, RedisPairingSignals");

    [Fact]
    public void Your_own() => AssertStores(
        builder =>
        {
            builder.Services.AddDeviceAuthorization();
            builder.Services.AddSingleton<IPairingStore, MyPairingStore>();
            builder.Services.AddSingleton<IDeviceRepository, MyDeviceRepository>();
        },
        "InMemoryPairingStore, InMemoryDeviceRepository, InMemoryAttemptLimiter");

    [Fact]
    public async Task The_model_of_the_page_is_all_that_a_database_needs()
    {
        var file = Path.GetTempFileName();
        try
        {
            using var host = new DatabaseHost(
                services => services.AddDbContextPool<AppDbContext>(options => options.UseSqlite($"Data Source={file};Pooling=False")),
                pairing => pairing.AddEntityFrameworkStores<AppDbContext>());
            await host.Services.GetRequiredService<AppDbContext>().Database.EnsureCreatedAsync();
            var codes = await host.StartAsync();
            Assert.IsType<ApproverResult.Approved>(await host.ApproveAsync(codes));
            Assert.IsType<PollResult.Paired>(await host.PollAsync(codes));
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>Nothing is connected: the registrations say which store a host gets.</summary>
    private static void AssertStores(Action<WebApplicationBuilder> add, string expected)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        add(builder);
        Type[] kinds = [typeof(IPairingStore), typeof(IDeviceRepository), typeof(IAttemptLimiter), typeof(IPairingSignals)];
        Assert.Equal(
            expected,
            string.Join(", ", kinds.Select(kind => builder.Services.LastOrDefault(service => service.ServiceType == kind)?.ImplementationType?.Name).OfType<string>()));
    }
}
