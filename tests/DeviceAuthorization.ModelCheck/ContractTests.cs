using DeviceAuthorization.Storage;
using DeviceAuthorization.Testing;

namespace DeviceAuthorization.ModelCheck;

/// <summary>The abstract store keeps the contract that every store keeps. So what holds over it holds over each store that passes the kit.</summary>
public sealed class AbstractPairingStoreConformance : PairingStoreConformance
{
    private readonly LiveStores _stores = new();

    protected override IPairingStore CreateStore() => _stores;
}

/// <summary>As <see cref="AbstractPairingStoreConformance"/>, for devices and tokens.</summary>
public sealed class AbstractDeviceRepositoryConformance : DeviceRepositoryConformance
{
    private readonly LiveStores _stores = new();

    protected override IDeviceRepository CreateRepository() => _stores;
}
