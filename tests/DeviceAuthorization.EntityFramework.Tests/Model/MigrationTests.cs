using System.Data.Common;
using DeviceAuthorization.EntityFramework;
using DeviceAuthorization.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.Hosting;

namespace DeviceAuthorization.Tests;

/// <summary>
/// A host's database on its way: first with tables of the host's own, then with device pairing as it was before leases and capabilities, then as it is. Each step
/// is what <c>dotnet ef migrations add</c> would write, and each database has rows when it comes.
/// </summary>
public abstract class MigrationTests : IDisposable
{
    private static readonly TokenIssueConditions UpToFive = new(TestData.Start, 5, ReplacesEarlier: false);

    public virtual void Dispose() => GC.SuppressFinalize(this);

    [Fact]
    [Trait("RomM 5.4", "13")]
    public async Task A_database_with_rows_takes_the_tables_and_later_their_changes_and_keeps_its_rows()
    {
        await using (var context = new OwnContext(Options<OwnContext>()))
        {
            await context.Database.EnsureCreatedAsync();
            context.Add(new Game { Name = "Chess" });
            await context.SaveChangesAsync();
        }

        await MigrateAsync<OwnContext, EarlierContext>();
        var (pairing, device) = (TestData.NewPairing(), TestData.NewDevice());
        var token = TestData.NewToken(device);
        using (var earlier = CreateHost<EarlierContext>())
        {
            await earlier.Services.GetRequiredService<IPairingStore>().TryAddAsync(pairing, default);
            await earlier.Services.GetRequiredService<IDeviceRepository>().AddOrFindAsync(device, default);
            await earlier.Services.GetRequiredService<IDeviceRepository>().TryIssueTokenAsync(token, UpToFive, default);
        }

        await MigrateAsync<EarlierContext, HostContext>();
        using var host = CreateHost<HostContext>();
        await using var scope = host.Services.CreateAsyncScope();
        var database = scope.ServiceProvider.GetRequiredService<HostContext>();
        Assert.Equal("Chess", (await database.Games.SingleAsync()).Name);
        var (store, repository) = (host.Services.GetRequiredService<IPairingStore>(), host.Services.GetRequiredService<IDeviceRepository>());
        TestData.AssertSame(pairing, await store.FindByUserCodeAsync(pairing.UserCodeHash, default));
        TestData.AssertSame(new TokenWithDevice(token, device), await repository.FindTokenAsync(token.Hash, default));
        Assert.True(await Lease.TryTakeAsync(database, "new", TestData.Start, TimeSpan.FromMinutes(5), default));

        // What a table promised it still does.
        Assert.Equal(PairingAddition.CodeTaken, await store.TryAddAsync(TestData.NewPairing() with { UserCodeHash = pairing.UserCodeHash }, default));
        await Assert.ThrowsAnyAsync<DbException>(() => database.Database.ExecuteSqlRawAsync("""UPDATE "DeviceTokens" SET "DeviceId" = 'nobody' """));
        await Assert.ThrowsAnyAsync<DbException>(() => database.Database.ExecuteSqlRawAsync("""UPDATE "PairedDevices" SET "UserId" = NULL"""));
        Assert.Equal(1, await database.Set<DeviceRow>().ExecuteDeleteAsync());
        Assert.Null((await repository.FindTokenOfPairingAsync(token.PairingId!.Value, default))!.DeviceId);
    }

    protected abstract void Use(DbContextOptionsBuilder options);

    private DbContextOptions<TContext> Options<TContext>()
        where TContext : DbContext
    {
        var options = new DbContextOptionsBuilder<TContext>();
        Use(options);
        return options.Options;
    }

    private IHost CreateHost<TContext>()
        where TContext : DbContext
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { EnvironmentName = Environments.Development });
        builder.Services.AddDbContext<TContext>(Use);
        builder.Services.AddDeviceAuthorization().AddEntityFrameworkStores<TContext>();
        return builder.Build();
    }

    private async Task MigrateAsync<TFrom, TTo>()
        where TFrom : DbContext
        where TTo : DbContext
    {
        await using var from = (TFrom)Activator.CreateInstance(typeof(TFrom), Options<TFrom>())!;
        await using var to = (TTo)Activator.CreateInstance(typeof(TTo), Options<TTo>())!;
        IRelationalModel Model(DbContext context) => context.GetService<IDesignTimeModel>().Model.GetRelationalModel();
        var operations = to.GetService<IMigrationsModelDiffer>().GetDifferences(Model(from), Model(to));
        Assert.NotEmpty(operations);
        Assert.DoesNotContain(operations, operation => operation.IsDestructiveChange);
        foreach (var command in to.GetService<IMigrationsSqlGenerator>().Generate(operations, to.GetService<IDesignTimeModel>().Model))
        {
            await to.Database.ExecuteSqlRawAsync(command.CommandText);
        }
    }

    private sealed class OwnContext(DbContextOptions<OwnContext> options) : DbContext(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.Entity<Game>().ToTable("Games");
    }

    private sealed class EarlierContext(DbContextOptions<EarlierContext> options) : DbContext(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            modelBuilder.Entity<Game>().ToTable("Games");
            modelBuilder.UseDeviceAuthorization().Ignore<LeaseRow>().Entity<DeviceRow>().Ignore(row => row.Capabilities);
        }
    }
}

public sealed class SqliteMigrationTests : MigrationTests
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("device-authorization-");

    public override void Dispose()
    {
        _folder.Delete(recursive: true);
        base.Dispose();
    }

    protected override void Use(DbContextOptionsBuilder options) => options.UseSqlite($"Data Source={Path.Combine(_folder.FullName, "host.db")};Pooling=False");
}

[Collection(PostgresTests.Name)]
public sealed class PostgresMigrationTests(PostgresServer server) : MigrationTests, IAsyncLifetime
{
    private string _connection = "";

    public async Task InitializeAsync() => _connection = await server.CreateDatabaseAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    protected override void Use(DbContextOptionsBuilder options) => options.UseNpgsql(_connection);
}
