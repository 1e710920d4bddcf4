using DeviceAuthorization.EntityFramework;
using DeviceAuthorization.Rules;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;

namespace DeviceAuthorization.Tests;

/// <summary>A host that keeps only its pairings, or only its devices, in a database; or each in one of its own.</summary>
public sealed class OneStoreTests : IDisposable
{
    private readonly SqliteDatabase _first = new();
    private readonly SqliteDatabase _second = new();

    public void Dispose()
    {
        _first.Dispose();
        _second.Dispose();
    }

    [Fact]
    public async Task Pairings_may_be_in_one_database_and_devices_in_another()
    {
        using var host = new DatabaseHost(_first, add: builder =>
        {
            builder.Services.AddDbContext<SecondContext>(options => _second.Use(options));
            builder.AddEntityFrameworkPairingStore<HostContext>(options => options.CleanUpBatch = 7).AddEntityFrameworkDeviceRepository<SecondContext>();
        });
        await PairAsync(host);
        Assert.Equal((1, 0, 0), await CountAsync(_first));
        Assert.Equal((0, 1, 1), await CountAsync(_second));

        await _second.CreateStore().TryAddAsync(TestData.NewPairing(), default); // another host's, perhaps
        host.Clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal((1, 0), (await host.CleanUp<PairingCleanUp>().RunAsync(default), await host.CleanUp<TokenCleanUp>().RunAsync(default)));
        Assert.Equal((0, 0, 0), await CountAsync(_first));
        Assert.Equal((1, 1, 1), await CountAsync(_second));
    }

    [Fact]
    public async Task Pairings_alone_may_be_in_the_database()
    {
        using var host = new DatabaseHost(_first, add: builder => builder.AddEntityFrameworkPairingStore<HostContext>());
        await PairAsync(host);
        Assert.Equal((1, 0, 0), await CountAsync(_first));
        Assert.IsType<PairingCleanUp>(Assert.Single(CleanUps(host)));
    }

    [Fact]
    public async Task Devices_alone_may_be_in_the_database()
    {
        using var host = new DatabaseHost(_first, add: builder => builder.AddEntityFrameworkDeviceRepository<HostContext>());
        await PairAsync(host);
        Assert.Equal((0, 1, 1), await CountAsync(_first));
        Assert.IsType<TokenCleanUp>(Assert.Single(CleanUps(host)));
    }

    [Fact]
    public void The_last_registration_of_each_store_holds()
    {
        using var host = new DatabaseHost(_first, add: builder =>
        {
            builder.Services.AddDbContext<SecondContext>(options => _second.Use(options));
            builder.AddEntityFrameworkStores<SecondContext>().AddEntityFrameworkStores<HostContext>().AddEntityFrameworkDeviceRepository<SecondContext>();
        });
        Assert.IsType<HostDatabase<HostContext>>(Assert.Single(host.Services.GetServices<IPairingDatabase>()));
        Assert.IsType<HostDatabase<SecondContext>>(Assert.Single(host.Services.GetServices<IDeviceDatabase>()));
        Assert.Equal(2, CleanUps(host).Count());
    }

    private static IEnumerable<IHostedService> CleanUps(DatabaseHost host) =>
        host.Services.GetServices<IHostedService>().Where(service => service is PairingCleanUp or TokenCleanUp);

    private static async Task PairAsync(DatabaseHost host)
    {
        var codes = await host.StartAsync();
        await host.ApproveAsync(codes);
        var paired = Assert.IsType<PollResult.Paired>(await host.PollAsync(codes));
        Assert.NotNull(await host.CallAsync(paired.Token));
    }

    private static Task<(int Pairings, int Devices, int Tokens)> CountAsync(SqliteDatabase database) => database.QueryAsync(async context =>
        (await context.Set<PairingRow>().CountAsync(), await context.Set<DeviceRow>().CountAsync(), await context.Set<TokenRow>().CountAsync()));

    private sealed class SecondContext(DbContextOptions<SecondContext> options) : DbContext(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.UseDeviceAuthorization();
    }
}
