using DeviceAuthorization.EntityFramework;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace DeviceAuthorization.Tests;

/// <summary>Devices pair and call beside any set-up of the host for its own entities. Each test is the whole flow, on an empty database.</summary>
public abstract class HostSetUpTests
{
    /// <summary>Longer than a text that a host is likely to allow.</summary>
    private static readonly string[] ManyScopes = [.. Enumerable.Range(0, 40).Select(number => $"library.collection.{number:00}.read")];

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public Task Proxies(bool loadsLazily, bool tracksChanges) => PairAsync<PlainContext>(services => services.AddDbContext<PlainContext>(options =>
    {
        Use(options);
        _ = loadsLazily ? options.UseLazyLoadingProxies() : options;
        _ = tracksChanges ? options.UseChangeTrackingProxies() : options;
    }));

    [Fact]
    public async Task A_naming_convention()
    {
        var model = await PairAsync<PlainContext>(services => services.AddDbContext<PlainContext>(options => Use(options.UseSnakeCaseNamingConvention())));
        Assert.Equal("device_code_hash", model.FindEntityType(typeof(PairingRow))!.FindProperty(nameof(PairingRow.DeviceCodeHash))!.GetColumnName());
    }

    [Fact]
    public async Task A_length_and_a_conversion_for_every_text_and_id()
    {
        var model = await PairAsync<StrictContext>(services => services.AddDbContext<StrictContext>(Use));
        Assert.Equal(30, model.FindEntityType(typeof(Shelf))!.FindProperty(nameof(Shelf.Sign))!.GetMaxLength());
    }

    [Fact]
    public async Task A_default_schema()
    {
        var model = await PairAsync<SchemaContext>(services => services.AddDbContext<SchemaContext>(Use));
        Assert.Equal("host", model.FindEntityType(typeof(PairingRow))!.GetSchema());
    }

    [Fact]
    public Task A_pool() => PairAsync<PlainContext>(services => services.AddDbContextPool<PlainContext>(Use, poolSize: 2));

    [Fact]
    public Task A_factory() => PairAsync<PlainContext>(services => services.AddDbContextFactory<PlainContext>(Use));

    [Fact]
    public Task A_pooled_factory() => PairAsync<PlainContext>(services => services.AddPooledDbContextFactory<PlainContext>(Use, poolSize: 2));

    [Fact]
    public async Task A_factory_of_the_hosts_own_and_nothing_else()
    {
        var options = new DbContextOptionsBuilder<PlainContext>();
        Use(options);
        var factory = new OwnFactory(options.Options);
        await PairAsync<PlainContext>(services => services.AddSingleton<IDbContextFactory<PlainContext>>(factory));
        Assert.NotEmpty(factory.Made);
        Assert.All(factory.Made, context => Assert.Throws<ObjectDisposedException>(() => context.Model));
    }

    [Fact]
    public async Task No_context_at_all_is_said_by_its_name()
    {
        using var host = new DatabaseHost(_ => { }, builder => builder.AddEntityFrameworkStores<PlainContext>());
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => host.StartAsync());
        Assert.Contains(nameof(PlainContext), error.Message, StringComparison.Ordinal);
    }

    protected abstract void Use(DbContextOptionsBuilder options);

    /// <summary>Makes the tables, and has a device go through all of its life.</summary>
    /// <returns>The host's model.</returns>
    private static async Task<IModel> PairAsync<TContext>(Action<IServiceCollection> addContext)
        where TContext : DbContext
    {
        using var host = new DatabaseHost(addContext, builder => builder.AddEntityFrameworkStores<TContext>());
        IModel model;
        await using (var scope = host.Services.CreateAsyncScope())
        {
            var own = scope.ServiceProvider.GetService<IDbContextFactory<TContext>>()?.CreateDbContext();
            var context = own ?? scope.ServiceProvider.GetRequiredService<TContext>();
            await context.Database.EnsureCreatedAsync();
            model = context.Model;
            await (own?.DisposeAsync() ?? ValueTask.CompletedTask);
        }

        var repository = host.Services.GetRequiredService<IDeviceRepository>();
        var codes = await host.StartAsync();
        Assert.Equal(PairingError.AuthorizationPending, await host.RefusedAsync(codes));
        Assert.Equal(PairingError.SlowDown, await host.RefusedAsync(codes));
        var device = Assert.IsType<ApproverResult.Approved>(await host.ApproveAsync(codes)).Device;
        var paired = Assert.IsType<PollResult.Paired>(await host.PollAsync(codes));
        await repository.TouchAsync(paired.Issued.Id, TestData.Start.AddMinutes(10), TimeSpan.FromMinutes(5), default);
        var called = (await host.CallAsync(paired.Token))!;
        Assert.Equal((device.Id, TestData.Start.AddMinutes(10)), (called.Device!.Id, called.Token.LastUsedAt));
        device = called.Device;

        var again = await host.StartAsync();
        Assert.Equal(device.Id, Assert.IsType<ApproverResult.Approved>(await host.ApproveAsync(again)).Device.Id);
        var replaced = Assert.IsType<PollResult.Paired>(await host.PollAsync(again));
        Assert.Null(await host.CallAsync(paired.Token));
        Assert.Equal(replaced.Issued.Id, Assert.Single(await repository.ListTokensAsync("alice", default)).Id);

        await StoreTheLongestAsync(host);
        device = (await repository.FindByIdentifierAsync("alice", "tv-1", default))!;
        Assert.Equal(DeviceReplacement.Replaced, await repository.TryReplaceAsync(device with { Name = "Telly" }, default));
        Assert.Equal(1, (await repository.DeleteAsync("alice", device.Id, TestData.Start, default)).Devices);
        Assert.Null(await host.CallAsync(replaced.Token));
        host.Clock.Advance(TimeSpan.FromHours(2));
        Assert.Equal((3, 2), (await host.CleanUp<PairingCleanUp>().RunAsync(default), await host.CleanUp<TokenCleanUp>().RunAsync(default)));
        return model;
    }

    private static async Task StoreTheLongestAsync(DatabaseHost host)
    {
        var (store, repository) = (host.Services.GetRequiredService<IPairingStore>(), host.Services.GetRequiredService<IDeviceRepository>());
        var pairing = TestData.NewPairing() with { RequestedScopes = ManyScopes, Device = TestData.NewPairing().Device with { Name = new string('n', 255), Identifier = new string('i', 255) } };
        Assert.Equal(PairingAddition.Added, await store.TryAddAsync(pairing, default));
        Assert.Equal(PairingAddition.CodeTaken, await store.TryAddAsync(pairing with { Id = Guid.NewGuid() }, default));
        var approved = pairing.Approve("bob", TestData.NewGrant() with { Scopes = ManyScopes }, TestData.Start).Next;
        Assert.True(await store.TryReplaceAsync(approved, TestData.Start, default));
        TestData.AssertSame(approved with { Version = 1 }, await store.FindByUserCodeAsync(pairing.UserCodeHash, default));

        Assert.True(SecretDocument.TryParse($$"""{"password":"{{new string('s', 16_000)}}"}""", SecretKeys.Default, out var settings, out _));
        var device = TestData.NewDevice("bob", new string('i', 255), new string('f', 320)) with { Name = new string('n', 255), SyncConfig = settings };
        TestData.AssertSame(device, await repository.AddOrFindAsync(device, default));
        Assert.Equal(DeviceReplacement.Replaced, await repository.TryReplaceAsync(device, default));
        Assert.Equal(settings, (await repository.FindAsync("bob", device.Id, default))!.SyncConfig);
        var token = TestData.NewToken(device) with { Scopes = ManyScopes };
        TestData.AssertSame(new TokenIssue(token, false), await repository.TryIssueTokenAsync(token, new TokenIssueConditions(TestData.Start, 1, ReplacesEarlier: true), default));
        Assert.True(await repository.TryReplaceTokenAsync(token, default));
    }

    /// <summary>A host's own entities, as proxies want them.</summary>
    public class Shelf
    {
        public virtual int Id { get; set; }

        public virtual string? Sign { get; set; }

        public virtual ICollection<Book> Books { get; set; } = new HashSet<Book>();
    }

    public class Book
    {
        public virtual int Id { get; set; }

        public virtual Shelf? Shelf { get; set; }
    }

    private class PlainContext(DbContextOptions options) : DbContext(options)
    {
        public DbSet<Shelf> Shelves => Set<Shelf>();

        protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.UseDeviceAuthorization();
    }

    private sealed class StrictContext(DbContextOptions<StrictContext> options) : PlainContext(options)
    {
        protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
        {
            configurationBuilder.Properties<string>().HaveMaxLength(30);
            configurationBuilder.Properties<Guid>().HaveConversion<string>().HaveMaxLength(36);
        }
    }

    private sealed class SchemaContext(DbContextOptions<SchemaContext> options) : PlainContext(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            modelBuilder.HasDefaultSchema("host");
            base.OnModelCreating(modelBuilder);
        }
    }

    private sealed class OwnFactory(DbContextOptions<PlainContext> options) : IDbContextFactory<PlainContext>
    {
        public System.Collections.Concurrent.ConcurrentQueue<PlainContext> Made { get; } = [];

        public PlainContext CreateDbContext()
        {
            var context = new PlainContext(options);
            Made.Enqueue(context);
            return context;
        }
    }
}

public sealed class SqliteHostSetUpTests : HostSetUpTests, IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("device-authorization-");

    public void Dispose() => _folder.Delete(recursive: true);

    protected override void Use(DbContextOptionsBuilder options) => options.UseSqlite($"Data Source={Path.Combine(_folder.FullName, "host.db")};Pooling=False");
}

[Collection(PostgresTests.Name)]
public sealed class PostgresHostSetUpTests(PostgresServer server) : HostSetUpTests, IAsyncLifetime
{
    private string _connection = "";

    public async Task InitializeAsync() => _connection = await server.CreateDatabaseAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    protected override void Use(DbContextOptionsBuilder options) => options.UseNpgsql(_connection);
}
