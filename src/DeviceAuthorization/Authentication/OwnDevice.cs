using DeviceAuthorization.Http;
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
        var token = await context.AuthenticateAsync(DeviceTokenDefaults.AuthenticationScheme);
        if (context.Features.Get<Failure>() is { } failed)
        {
            return failed.Answer;
        }

        if (token.Principal is { } caller)
        {
            context.User = caller; // a token takes precedence over a session, as everywhere
        }

        var id = context.Request.RouteValues[RouteParameter] as string;
        if (context.GetPairedDevice() is { } device)
        {
            return device.Id == id ? null : NotFound();
        }

        if (token.Failure is not null || context.RequestServices.GetRequiredService<ApproverSession>().UserId(context.User) is null)
        {
            await context.ChallengeAsync(DeviceTokenDefaults.AuthenticationScheme);
            return Problems.Detail(context.Response.StatusCode, "Not authenticated");
        }

        try
        {
            if ((await RequestDevice.FindAsync(context, id)).Device is null)
            {
                return NotFound();
            }
        }
        catch (FailureException failure)
        {
            return failure.Answer;
        }

        return allowOwner ? null : Problems.Detail(StatusCodes.Status403Forbidden, "Only the device itself can do this");
    }

    // One text for unknown devices, those of others, and the caller's other devices.
    private static IResult NotFound() => Problems.Detail(StatusCodes.Status404NotFound, "Device not found");
}

/// <summary>Metadata of an endpoint that <see cref="OwnDevice"/> guards.</summary>
internal sealed record GuardsOwnDevice;
