using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Tests;

public sealed class SqlitePairingStoreConformance : PairingStoreConformance, IDisposable
{
    private readonly SqliteDatabase _database = new();

    public void Dispose() => _database.Dispose();

    protected override IPairingStore CreateStore() => _database.CreateStore();

    protected override bool LoseNextAnswer() => _database.Wire.LoseNextAnswer();
}

public sealed class SqliteDeviceRepositoryConformance : DeviceRepositoryConformance, IDisposable
{
    private readonly SqliteDatabase _database = new();

    public void Dispose() => _database.Dispose();

    protected override IDeviceRepository CreateRepository() => _database.CreateRepository();

    protected override bool LoseNextAnswer() => _database.Wire.LoseNextAnswer();
}

/// <summary>Without an execution strategy that repeats: writers that wait share a commit.</summary>
public sealed class SharedCommitPairingStoreConformance : PairingStoreConformance, IDisposable
{
    private readonly SqliteDatabase _database = new(repeats: false);

    public void Dispose() => _database.Dispose();

    protected override IPairingStore CreateStore() => _database.CreateStore();
}

public sealed class SharedCommitDeviceRepositoryConformance : DeviceRepositoryConformance, IDisposable
{
    private readonly SqliteDatabase _database = new(repeats: false);

    public void Dispose() => _database.Dispose();

    protected override IDeviceRepository CreateRepository() => _database.CreateRepository();
}

[Collection(PostgresTests.Name)]
public sealed class PostgresPairingStoreConformance(PostgresServer server) : PairingStoreConformance, IDisposable
{
    private readonly PostgresDatabase _database = new(server);

    public void Dispose() => _database.Dispose();

    protected override IPairingStore CreateStore() => _database.CreateStore();

    protected override bool LoseNextAnswer() => _database.Wire.LoseNextAnswer();
}

[Collection(PostgresTests.Name)]
public sealed class PostgresDeviceRepositoryConformance(PostgresServer server) : DeviceRepositoryConformance, IDisposable
{
    private readonly PostgresDatabase _database = new(server);

    public void Dispose() => _database.Dispose();

    protected override IDeviceRepository CreateRepository() => _database.CreateRepository();

    protected override bool LoseNextAnswer() => _database.Wire.LoseNextAnswer();
}

public sealed class SqlitePairingFlowConformance : PairingFlowConformance, IDisposable
{
    private readonly SqliteDatabase _database = new();

    public void Dispose() => _database.Dispose();

    protected override void AddStores(DeviceAuthorizationBuilder builder) => _database.AddStores(builder);

    protected override Task<string> DumpAsync() => _database.DumpAsync();
}

[Collection(PostgresTests.Name)]
public sealed class PostgresPairingFlowConformance(PostgresServer server) : PairingFlowConformance, IDisposable
{
    private readonly PostgresDatabase _database = new(server);

    public void Dispose() => _database.Dispose();

    protected override void AddStores(DeviceAuthorizationBuilder builder) => _database.AddStores(builder);

    protected override Task<string> DumpAsync() => _database.DumpAsync();
}

public sealed class ConformanceTests
{
    [Theory]
    [InlineData(typeof(PairingStoreConformance))]
    [InlineData(typeof(DeviceRepositoryConformance))]
    [InlineData(typeof(PairingFlowConformance))]
    public void Every_store_is_proved_on_every_database(Type kit)
    {
        var databases = GetType().Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(TestDatabase))).Select(type => type.Name.Replace("Database", "", StringComparison.Ordinal));
        Assert.All(databases, database => Assert.Contains(GetType().Assembly.GetTypes(), type => type.Name == database + kit.Name && type.IsSubclassOf(kit) && type.IsSealed));
    }
}
