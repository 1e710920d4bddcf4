namespace DeviceAuthorization;

/// <summary>What the registry tells the host. Register one with <c>services.AddScoped&lt;IDeviceEvents, …&gt;()</c>.</summary>
public interface IDeviceEvents
{
    /// <summary>
    /// A recognised device registered again and asked to start afresh (<c>reset_syncs</c>): forget what it has synchronised. The request
    /// waits for this, and fails with it.
    /// </summary>
    /// <param name="device">The device.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    ValueTask SyncsResetAsync(Device device, CancellationToken cancellationToken) => ValueTask.CompletedTask;
}

/// <summary>For a host that registered none.</summary>
internal sealed class NoDeviceEvents : IDeviceEvents;
