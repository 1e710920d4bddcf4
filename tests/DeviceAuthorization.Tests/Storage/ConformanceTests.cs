using DeviceAuthorization.Storage;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace DeviceAuthorization.Tests;

public sealed class InMemoryPairingStoreConformance : PairingStoreConformance, IDisposable
{
    private readonly InMemoryPairingStore _store = NewStore(1000);
    private InMemoryPairingStore? _bounded;

    public void Dispose()
    {
        _store.Dispose();
        _bounded?.Dispose();
    }

    protected override IPairingStore CreateStore() => _store;

    protected override IPairingStore CreateBoundedStore(int capacity) => _bounded = NewStore(capacity);

    private static InMemoryPairingStore NewStore(int capacity) =>
        new(Options.Create(new DeviceAuthorizationOptions { MaxLivePairings = capacity }), new FakeTimeProvider(TestData.Start));
}

public sealed class InMemoryDeviceRepositoryConformance : DeviceRepositoryConformance
{
    private readonly InMemoryDeviceRepository _repository = new();

    protected override IDeviceRepository CreateRepository() => _repository;
}

/// <summary>Both stores in memory, as <c>AddDeviceAuthorization()</c> registers them.</summary>
public sealed class InMemoryPairingFlowConformance : PairingFlowConformance
{
    protected override void AddStores(DeviceAuthorizationBuilder builder)
    {
    }
}

public sealed class ConformanceTests
{
    [Theory]
    [InlineData(typeof(IPairingStore), typeof(PairingStoreConformance))]
    [InlineData(typeof(IDeviceRepository), typeof(DeviceRepositoryConformance))]
    [InlineData(typeof(IAttemptLimiter), typeof(AttemptLimiterConformance))]
    public void Every_store_has_a_conformance_class_named_after_it(Type contract, Type kit)
    {
        var stores = contract.Assembly.GetTypes().Where(type => type is { IsAbstract: false } && type.IsAssignableTo(contract) && !type.Name.StartsWith("Watched", StringComparison.Ordinal)).Select(type => type.Name).ToArray();
        Assert.NotEmpty(stores);
        Assert.All(stores, store => Assert.Contains(GetType().Assembly.GetTypes(), type => type.Name == store + "Conformance" && type.IsSubclassOf(kit) && type.IsSealed));
        Assert.All(stores, store => Assert.Contains(
            GetType().Assembly.GetTypes(), type => type.Name == store.Replace(contract.Name[1..], "PairingFlowConformance", StringComparison.Ordinal) && type.IsSubclassOf(typeof(PairingFlowConformance)) && type.IsSealed));
    }
}
