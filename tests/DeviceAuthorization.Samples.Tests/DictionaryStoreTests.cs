using DeviceAuthorization.Storage;
using DictionaryStore;

namespace DeviceAuthorization.Tests;

// The three classes of docs/store-authors.md, for the store that it begins with.
public sealed class DictionaryPairingStoreConformance : PairingStoreConformance
{
    private readonly DictionaryPairingStore _store = new(); // empty: xunit makes an instance for each test

    protected override IPairingStore CreateStore() => _store; // each call, if your store has connections: one of its own

    protected override IPairingStore CreateBoundedStore(int capacity) => new DictionaryPairingStore(capacity);
}

public sealed class DictionaryDeviceRepositoryConformance : DeviceRepositoryConformance
{
    private readonly DictionaryDeviceRepository _repository = new();

    protected override IDeviceRepository CreateRepository() => _repository;
}

public sealed class DictionaryPairingFlowConformance : PairingFlowConformance // the whole flow over HTTP, on two nodes in this process
{
    private readonly DictionaryPairingStore _store = new();
    private readonly DictionaryDeviceRepository _repository = new();

    protected override void AddStores(DeviceAuthorizationBuilder builder) // called for each node, as a host would
    {
        builder.Services.AddSingleton<IPairingStore>(_store);
        builder.Services.AddSingleton<IDeviceRepository>(_repository); // leave one out: the nodes share it in memory
    }
}
