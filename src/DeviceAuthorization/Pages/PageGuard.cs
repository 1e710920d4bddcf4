using DeviceAuthorization.Http;
using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization.Pages;

/// <summary>Trouble is a page, too.</summary>
internal static class PageGuard
{
    public static async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            if (EndpointGuard.IsRefused(context))
            {
                await ResultHtml.NotSecure(Frame(context), context).ExecuteAsync(context);
                return;
            }

            await next(context);
        }
        catch (BadHttpRequestException malformed) when (!context.Response.HasStarted)
        {
            await ResultHtml.Page(Frame(context), context, PageFrame.IsOfDevices(context) ? "Outdated" : "Start_again", malformed.StatusCode).ExecuteAsync(context);
        }
        catch (Exception exception) when (EndpointGuard.IsTrouble(context))
        {
            var unavailable = EndpointGuard.Unavailable(context, exception);
            try
            {
                await ResultHtml.Page(Frame(context), context, "Try_again", StatusCodes.Status503ServiceUnavailable).ExecuteAsync(context);
            }
            catch (Exception) when (EndpointGuard.IsTrouble(context)) // the host's layout or texts fail
            {
                await unavailable.ExecuteAsync(context);
            }
        }
    }

    private static PageFrame Frame(HttpContext context) => context.RequestServices.GetRequiredService<PageFrame>();
}
