using System.Reflection;
using DeviceAuthorization.Authentication;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization;

/// <summary>
/// The device that a request is about: the one that it names, or else the one that makes it. Take it as a parameter of a minimal-API
/// handler, where <c>device_id</c> of the route or the query names it; or ask <c>HttpContext.FindDeviceAsync(id)</c>, in MVC too, with
/// an id from the body.
/// </summary>
public sealed class RequestDevice : IBindableFromHttpContext<RequestDevice>
{
    private const string ParameterName = "device_id";

    private RequestDevice(Device? device, bool isUnknown) => (Device, IsUnknown) = (device, isUnknown);

    /// <summary>The device; always one of the user who calls. <see langword="null"/> when none is named and none calls, or the named one is unknown.</summary>
    public Device? Device { get; }

    /// <summary>Whether the request names a device that the user does not have: answer 404, and do not take another one instead.</summary>
    public bool IsUnknown { get; }

    internal static async ValueTask<RequestDevice> FindAsync(HttpContext context, string? deviceId)
    {
        var caller = context.GetPairedDevice();
        if (string.IsNullOrEmpty(deviceId))
        {
            return new RequestDevice(caller?.Device, isUnknown: false);
        }

        var userId = caller?.UserId ?? context.RequestServices.GetRequiredService<ApproverSession>().UserId(context.User);
        var device = userId is null
            ? null
            : await context.RequestServices.GetRequiredService<IDeviceRepository>().FindAsync(userId, deviceId, context.RequestAborted);
        return new RequestDevice(device, isUnknown: device is null);
    }

    /// <summary>For minimal APIs.</summary>
    static ValueTask<RequestDevice?> IBindableFromHttpContext<RequestDevice>.BindAsync(HttpContext context, ParameterInfo parameter) =>
        FindAsync(context, context.Request.RouteValues[ParameterName] as string ?? context.Request.Query[ParameterName])!;
}
