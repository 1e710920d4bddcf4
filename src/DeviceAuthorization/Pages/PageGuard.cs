using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace DeviceAuthorization;

/// <summary>Trouble is a page, too.</summary>
internal static class PageGuard
{
    public static async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
    {
        var context = invocation.HttpContext;
        var frame = context.RequestServices.GetRequiredService<PageFrame>();
        try
        {
            return await next(invocation);
        }
        catch (BadHttpRequestException malformed)
        {
            return ResultHtml.Page(frame, context, frame.IsOfDevices(context) ? "Outdated" : "Start_again", malformed.StatusCode);
        }
        catch (Exception exception) when (!context.RequestAborted.IsCancellationRequested)
        {
            context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(PairingService).FullName!).RequestFailed(exception);
            context.Response.Headers.RetryAfter = "5";
            return ResultHtml.Page(frame, context, "Try_again", StatusCodes.Status503ServiceUnavailable);
        }
    }
}
