using DeviceAuthorization.Http;
using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization.Pages;

/// <summary>Trouble is a page, too.</summary>
internal static class PageGuard
{
    public static async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        Exception failure;
        try
        {
            if (EndpointGuard.IsRefused(context))
            {
                await ResultHtml.NotSecure(Frame(context), context).ExecuteAsync(context);
                return;
            }

            await next(context);
            return;
        }
        catch (Exception exception) when (exception is BadHttpRequestException ? !context.Response.HasStarted : EndpointGuard.IsTrouble(context))
        {
            failure = exception;
        }

        var malformed = failure as BadHttpRequestException;
        var unavailable = malformed is null ? EndpointGuard.Unavailable(context, failure) : null;
        try
        {
            var key = malformed is null ? "Try_again" : PageFrame.IsOfDevices(context) ? "Outdated" : "Start_again";
            await ResultHtml.Page(Frame(context), context, key, malformed?.StatusCode ?? StatusCodes.Status503ServiceUnavailable).ExecuteAsync(context);
        }
        catch (Exception exception) when (EndpointGuard.IsTrouble(context)) // the host's layout or texts fail
        {
            await (unavailable ?? EndpointGuard.Unavailable(context, exception)).ExecuteAsync(context);
        }
    }

    private static PageFrame Frame(HttpContext context) => context.RequestServices.GetRequiredService<PageFrame>();
}
