using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Http;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization.Authentication;

/// <summary>
/// Guards an endpoint of the host that is about one device: the parameter <see cref="RouteParameter"/> of its route. A device may ask about itself only.
/// Runs before the handler's parameters are bound, so a body of a caller who may not send it is not read.
/// </summary>
internal static class OwnDevice
{
    public const string RouteParameter = "device_id";

    /// <summary>The answer to a caller who may not pass; null if the caller may.</summary>
    public static async Task<IResult?> RefuseAsync(HttpContext context, bool allowOwner)
    {
        try
        {
            return await TryRefuseAsync(context, allowOwner);
        }
        catch (Exception exception) when ((StoreWatch.HasLogged(exception) || Mistake.IsOfSetUp(exception)) && EndpointGuard.CanAnswer(context))
        {
            return context.RequestServices.GetRequiredService<EndpointGuard>().Failed(context, exception).Answer;
        }
    }

    private static async Task<IResult?> TryRefuseAsync(HttpContext context, bool allowOwner)
    {
        var services = context.RequestServices;
        if (!(await services.GetRequiredService<ApiCallers>().AuthenticateAsync(context, ApiAccess.Any)).TryGet(out var caller, out var refusal))
        {
            return refusal;
        }

        var id = context.Request.RouteValues[RouteParameter] as string;
        if (context.GetPairedDevice() is { } device)
        {
            return device.Id == id ? null : NotFound();
        }

        if (!ReportedText.TryClean(id, int.MaxValue, out _) // a database may fail at such text, which would look like an outage
            || await services.GetRequiredService<WatchedDeviceRepository>().FindAsync(caller.UserId, id!, context.RequestAborted) is null)
        {
            return NotFound();
        }

        if (!allowOwner)
        {
            return Problems.Detail(StatusCodes.Status403Forbidden, "Only the device itself can do this");
        }

        if ((await context.AuthenticateAsync(DeviceTokenDefaults.AuthenticationScheme)).Principal is { } token)
        {
            context.User = token; // as everywhere, it takes precedence over a session; for the handler
        }

        return null;
    }

    // One text for unknown devices, those of others, and the caller's other devices.
    private static IResult NotFound() => Problems.Detail(StatusCodes.Status404NotFound, "Device not found");
}

/// <summary>Metadata of an endpoint that <see cref="OwnDevice"/> guards.</summary>
/// <param name="IsInPlace">False if the endpoint had no handler yet, around which to put the guard.</param>
internal sealed record GuardsOwnDevice(bool IsInPlace);
