namespace DeviceAuthorization;

/// <summary>
/// Says which devices are online, in a host that knows better than by their last call, for example by its sockets. Register one with
/// <c>services.AddScoped&lt;IDevicePresence, …&gt;()</c>. Without one, <see cref="DeviceAuthorizationOptions.OnlineAfterCall"/> decides.
/// </summary>
public interface IDevicePresence
{
    /// <summary>Which of these devices are online. An exception fails the request.</summary>
    /// <param name="devices">All devices of one user.</param>
    /// <returns>Their ids. Others are ignored.</returns>
    ValueTask<IReadOnlyCollection<string>> FindOnlineAsync(IReadOnlyList<Device> devices, CancellationToken cancellationToken);
}
