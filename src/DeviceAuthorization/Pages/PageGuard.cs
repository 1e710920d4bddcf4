using DeviceAuthorization.Http;
using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization.Pages;

/// <summary>Guards every page: requires HTTPS, and answers a failure with a page.</summary>
internal sealed class PageGuard(EndpointGuard guard)
{
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        Exception failure;
        try
        {
            if (guard.IsRefused(context))
            {
                await ResultHtml.NotSecure(Frame(context), context).ExecuteAsync(context);
                return;
            }

            await next(context);
            return;
        }
        catch (Exception exception) when (exception is BadHttpRequestException ? !context.Response.HasStarted : EndpointGuard.CanAnswer(context))
        {
            failure = exception;
        }

        var malformed = failure as BadHttpRequestException;
        var unavailable = malformed is null ? guard.Failed(context, failure) : null;
        try
        {
            var key = malformed is null ? "Try_again" : PageFrame.IsOfDevices(context) ? "Outdated" : "Start_again";
            await ResultHtml.Page(Frame(context), context, key, malformed?.StatusCode ?? StatusCodes.Status503ServiceUnavailable).ExecuteAsync(context);
        }
        catch (Exception exception) when (EndpointGuard.CanAnswer(context)) // the host's layout or texts fail
        {
            await (unavailable ?? guard.Failed(context, exception)).ExecuteAsync(context);
        }
    }

    // Resolved for each request, not when the page is mapped: creating the host's layout may fail.
    private static PageFrame Frame(HttpContext context) => context.RequestServices.GetRequiredService<PageFrame>();
}
