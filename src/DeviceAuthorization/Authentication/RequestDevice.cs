using System.Reflection;
using DeviceAuthorization.Authentication;
using DeviceAuthorization.Http;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization;

/// <summary>
/// The device that a request is about: the one that it names, or else the one that makes it. As a parameter of a minimal-API handler or of an
/// MVC action, it reads the name from <c>device_id</c> in the route or the query. For an id from the body, call
/// <c>HttpContext.FindDeviceAsync(id)</c>.
/// </summary>
[BoundToDevice]
public sealed class RequestDevice : IBindableFromHttpContext<RequestDevice>
{
    private RequestDevice(Device? device, bool isUnknown) => (Device, IsUnknown) = (device, isUnknown);

    /// <summary>
    /// The device, which always belongs to the calling user. <see langword="null"/> if the request names none and no device makes it, or if the named
    /// one is unknown.
    /// </summary>
    public Device? Device { get; }

    /// <summary>Whether the request names a device that the user does not have. Answer 404 then; do not use another device instead.</summary>
    public bool IsUnknown { get; }

    internal static async ValueTask<RequestDevice> FindAsync(HttpContext context, string? deviceId)
    {
        var caller = context.GetPairedDevice();
        if (string.IsNullOrEmpty(deviceId) || deviceId == caller?.Id)
        {
            return new RequestDevice(caller?.Device, isUnknown: false);
        }

        var userId = caller?.UserId ?? context.RequestServices.GetRequiredService<ApproverSession>().UserId(context.User);
        try
        {
            var device = userId is null || !ReportedText.TryClean(deviceId, int.MaxValue, out _) // a database may fail at such text, which would look like an outage
                ? null
                : await context.RequestServices.GetRequiredService<WatchedDeviceRepository>().FindAsync(userId, deviceId, context.RequestAborted);
            return new RequestDevice(device, isUnknown: device is null);
        }
        catch (Exception exception) when (StoreWatch.HasLogged(exception) && EndpointGuard.CanAnswer(context))
        {
            var failed = context.RequestServices.GetRequiredService<EndpointGuard>().Failed(context, exception);
            throw new FailureException(failed, "The device could not be looked up.", exception);
        }
    }

    internal static ValueTask<RequestDevice> FindAsync(HttpContext context) =>
        FindAsync(context, context.Request.RouteValues[OwnDevice.RouteParameter] as string ?? context.Request.Query[OwnDevice.RouteParameter]);

    static ValueTask<RequestDevice?> IBindableFromHttpContext<RequestDevice>.BindAsync(HttpContext context, ParameterInfo parameter) => FindAsync(context)!;
}
