namespace DeviceAuthorization.Tests;

public sealed class SqlitePairingStoreConformance : PairingStoreConformance, IDisposable
{
    private readonly SqliteDatabase _database = new();

    public void Dispose() => _database.Dispose();

    protected override IPairingStore CreateStore() => _database.CreateStore();
}

public sealed class SqliteDeviceRepositoryConformance : DeviceRepositoryConformance, IDisposable
{
    private readonly SqliteDatabase _database = new();

    public void Dispose() => _database.Dispose();

    protected override IDeviceRepository CreateRepository() => _database.CreateRepository();
}

[Collection(PostgresTests.Name)]
public sealed class PostgresPairingStoreConformance(PostgresServer server) : PairingStoreConformance, IDisposable
{
    private readonly PostgresDatabase _database = new(server);

    public void Dispose() => _database.Dispose();

    protected override IPairingStore CreateStore() => _database.CreateStore();
}

[Collection(PostgresTests.Name)]
public sealed class PostgresDeviceRepositoryConformance(PostgresServer server) : DeviceRepositoryConformance, IDisposable
{
    private readonly PostgresDatabase _database = new(server);

    public void Dispose() => _database.Dispose();

    protected override IDeviceRepository CreateRepository() => _database.CreateRepository();
}

public sealed class ConformanceTests
{
    [Theory]
    [InlineData(typeof(PairingStoreConformance))]
    [InlineData(typeof(DeviceRepositoryConformance))]
    public void Every_store_is_proved_on_every_database(Type kit)
    {
        var databases = GetType().Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(TestDatabase))).Select(type => type.Name.Replace("Database", "", StringComparison.Ordinal));
        Assert.All(databases, database => Assert.Contains(GetType().Assembly.GetTypes(), type => type.Name == database + kit.Name && type.IsSubclassOf(kit) && type.IsSealed));
    }
}
