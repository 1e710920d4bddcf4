using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace DeviceAuthorization.Tests;

public sealed class InMemoryPairingStoreConformance : PairingStoreConformance, IDisposable
{
    private readonly InMemoryPairingStore _store = new(Options.Create(new DeviceAuthorizationOptions()), new FakeTimeProvider(TestData.Start));

    public void Dispose() => _store.Dispose();

    protected override IPairingStore CreateStore() => _store;
}

public sealed class InMemoryDeviceRepositoryConformance : DeviceRepositoryConformance
{
    private readonly InMemoryDeviceRepository _repository = new();

    protected override IDeviceRepository CreateRepository() => _repository;
}

public sealed class ConformanceTests
{
    [Theory]
    [InlineData(typeof(IPairingStore), typeof(PairingStoreConformance))]
    [InlineData(typeof(IDeviceRepository), typeof(DeviceRepositoryConformance))]
    public void Every_store_has_a_conformance_class_named_after_it(Type contract, Type kit)
    {
        var stores = contract.Assembly.GetTypes().Where(type => type is { IsAbstract: false } && type.IsAssignableTo(contract)).Select(type => type.Name).ToArray();
        Assert.NotEmpty(stores);
        Assert.All(stores, store => Assert.Contains(GetType().Assembly.GetTypes(), type => type.Name == store + "Conformance" && type.IsSubclassOf(kit) && type.IsSealed));
    }
}
