using DeviceAuthorization.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Filters;

namespace DeviceAuthorization;

/// <summary>
/// Lets a device call an action of an MVC controller, or a Razor page, only about itself, as <c>RequireOwnDevice()</c> does for other endpoints. Stands on
/// an action, a controller or a page model. The route must have the parameter <c>{device_id}</c>. The host does not start if this stands on a minimal API:
/// nothing would run it there.
/// </summary>
/// <remarks>
/// Take the device from a <see cref="PairedDevice"/> or <see cref="RequestDevice"/> parameter, or the id from <c>[FromRoute]</c>: MVC prefers a form to
/// the route. On an action and its controller both count, so the stricter one decides.
/// </remarks>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class RequireOwnDeviceAttribute : Attribute, IAsyncAuthorizationFilter
{
    /// <summary>Whether the device's owner passes, too: with a session, or with a token that is bound to no device.</summary>
    /// <value><see langword="false"/> by default: 403.</value>
    public bool AllowOwner { get; set; }

    async Task IAsyncAuthorizationFilter.OnAuthorizationAsync(AuthorizationFilterContext context)
    {
        if (await OwnDevice.RefuseAsync(context.HttpContext, AllowOwner) is { } refusal)
        {
            context.Result = new Refusal(refusal);
        }
    }

    private sealed class Refusal(IResult answer) : ActionResult
    {
        public override Task ExecuteResultAsync(ActionContext context) => answer.ExecuteAsync(context.HttpContext);
    }
}
