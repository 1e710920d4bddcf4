using DeviceAuthorization.Storage;
using DictionaryStore;

namespace DeviceAuthorization.Tests;

// The three classes of docs/store-authors.md, for the store that it begins with.
public sealed class DictionaryPairingStoreConformance : PairingStoreConformance
{
    private readonly DictionaryPairingStore _store = new();

    protected override IPairingStore CreateStore() => _store;

    protected override IPairingStore CreateBoundedStore(int capacity) => new DictionaryPairingStore(capacity);
}

public sealed class DictionaryDeviceRepositoryConformance : DeviceRepositoryConformance
{
    private readonly DictionaryDeviceRepository _repository = new();

    protected override IDeviceRepository CreateRepository() => _repository;
}

public sealed class DictionaryPairingFlowConformance : PairingFlowConformance
{
    private readonly DictionaryPairingStore _store = new();
    private readonly DictionaryDeviceRepository _repository = new();

    protected override void AddStores(DeviceAuthorizationBuilder builder)
    {
        builder.Services.AddSingleton<IPairingStore>(_store);
        builder.Services.AddSingleton<IDeviceRepository>(_repository);
    }
}
