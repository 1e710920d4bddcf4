using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Html;
using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization.Pages;

/// <summary>An HTML answer. With any status, it is never cached, framed or named in a referrer.</summary>
internal sealed class HtmlPage(IHtmlContent content, string contentSecurityPolicy, int status) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = status;
        response.ContentType = "text/html; charset=utf-8";
        response.Headers.CacheControl = "no-store";
        response.Headers.Pragma = "no-cache";
        response.Headers.ContentSecurityPolicy = contentSecurityPolicy;
        response.Headers.XFrameOptions = "DENY";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "no-referrer"; // a link can have the code in its query
        response.Headers["Cross-Origin-Opener-Policy"] = "same-origin";
        response.Headers["Cross-Origin-Resource-Policy"] = "same-origin";
        response.Headers.Vary = "Accept-Language, Cookie";
        await using var html = new StringWriter(CultureInfo.InvariantCulture);
        content.WriteTo(html, Markup.Encoder);
        await response.WriteAsync(html.ToString(), Encoding.UTF8, httpContext.RequestAborted);
    }
}

/// <summary>Redirects to the next page after a POST. A reload then requests that page, and does not send the form again.</summary>
/// <param name="location">A path of this host, with its path base.</param>
internal sealed class SeeOther(string location) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = StatusCodes.Status303SeeOther;
        response.Headers.Location = location;
        response.Headers.CacheControl = "no-store";
        response.Headers["Referrer-Policy"] = "no-referrer";
        return Task.CompletedTask;
    }
}
