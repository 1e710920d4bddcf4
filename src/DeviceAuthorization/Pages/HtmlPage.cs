using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Html;
using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization;

/// <summary>An HTML answer: never cached, framed, or named in a referrer, and with no script, whatever its status.</summary>
internal sealed class HtmlPage(IHtmlContent content, int status = StatusCodes.Status200OK) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = status;
        response.ContentType = "text/html; charset=utf-8";
        response.Headers.CacheControl = "no-store";
        response.Headers.Pragma = "no-cache";
        response.Headers.ContentSecurityPolicy = PairingHtml.ContentSecurityPolicy;
        response.Headers.XFrameOptions = "DENY";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "no-referrer"; // the link that brings a code has it in its query
        response.Headers["Cross-Origin-Opener-Policy"] = "same-origin";
        await using var html = new StringWriter(CultureInfo.InvariantCulture);
        content.WriteTo(html, HtmlEncoder.Default);
        await response.WriteAsync(html.ToString(), Encoding.UTF8, httpContext.RequestAborted);
    }
}
