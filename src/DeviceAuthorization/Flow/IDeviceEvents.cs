namespace DeviceAuthorization;

/// <summary>Events of devices that the host handles. Register one with <c>services.AddScoped&lt;IDeviceEvents, …&gt;()</c>.</summary>
public interface IDeviceEvents
{
    /// <summary>
    /// A known device registered again with <c>reset_syncs</c>: forget what it has synchronised. The request waits for this call, and fails if it
    /// fails.
    /// </summary>
    ValueTask SyncsResetAsync(Device device, CancellationToken cancellationToken) => ValueTask.CompletedTask;
}

/// <summary>The default: does nothing.</summary>
internal sealed class NoDeviceEvents : IDeviceEvents;
