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
        var failed = malformed is null ? guard.Failed(context, failure) : null;
        if (failed is { Status: StatusCodes.Status503ServiceUnavailable })
        {
            EndpointGuard.RetryLater(context);
        }

        try
        {
            await Page(Frame(context), context, malformed, failed).ExecuteAsync(context);
        }
        catch (Exception exception) when (EndpointGuard.CanAnswer(context)) // the host's layout or texts fail
        {
            await (failed ?? guard.Failed(context, exception)).Answer.ExecuteAsync(context);
        }
    }

    private static HtmlPage Page(PageFrame frame, HttpContext context, BadHttpRequestException? malformed, Failure? failed) => failed switch
    {
        null => ResultHtml.Page(frame, context, PageFrame.IsOfDevices(context) ? "Outdated" : "Start_again", malformed!.StatusCode),
        { Status: StatusCodes.Status500InternalServerError } => ResultHtml.Page(
            frame, context, "Fault", failed.Status, more: _ => failed.Cause is { } cause ? Markup.Html($"<p><code>{cause}</code></p>") : Markup.Nothing),
        _ => ResultHtml.Page(frame, context, "Try_again", failed.Status),
    };

    // Resolved for each request, not when the page is mapped: creating the host's layout may fail.
    private static PageFrame Frame(HttpContext context) => context.RequestServices.GetRequiredService<PageFrame>();
}
