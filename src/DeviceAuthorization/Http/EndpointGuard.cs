using System.Globalization;
using System.Net;
using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.RomM;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace DeviceAuthorization.Http;

/// <summary>What holds for every endpoint of the flow: nothing is cached, HTTPS is required, and trouble is 503, never an OAuth error.</summary>
internal static class EndpointGuard
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(5);

    public static async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        context.Response.Headers.CacheControl = "no-store"; // RFC 6749 §5.1
        context.Response.Headers.Pragma = "no-cache";
        var dialect = IDialect.Of(context.Request);
        if (IsRefused(context))
        {
            await dialect.Problem(StatusCodes.Status400BadRequest, "HTTPS is required.").ExecuteAsync(context);
            return;
        }

        try
        {
            await next(context);
        }
        catch (BadHttpRequestException malformed) when (!context.Response.HasStarted)
        {
            await dialect.Problem(malformed.StatusCode, "The request body could not be read.").ExecuteAsync(context);
        }
        catch (Exception exception) when (IsTrouble(context))
        {
            await Unavailable(context, exception).ExecuteAsync(context);
        }
    }

    /// <summary>Whether a request is refused because it came over plain HTTP. Endpoints and pages both ask here.</summary>
    public static bool IsRefused(HttpContext context)
    {
        if (IsConfidential(context))
        {
            return false;
        }

        context.RequestServices.GetRequiredService<ClientNetwork>().PlainHttpRefused(context);
        return true;
    }

    /// <summary>Whether a failed request can still be answered.</summary>
    public static bool IsTrouble(HttpContext context) => !context.RequestAborted.IsCancellationRequested && !context.Response.HasStarted;

    /// <summary>
    /// Try again: an OAuth error here would make devices give up (RFC 8628 §3.5), so there is none.
    /// </summary>
    public static IResult Unavailable(HttpContext context)
    {
        RetryAfter(context, RetryDelay);
        return JsonDialect.Error(StatusCodes.Status503ServiceUnavailable, "Temporarily unavailable. Try again later.");
    }

    /// <summary>The same answer, and an entry in the log.</summary>
    public static IResult Unavailable(HttpContext context, Exception exception)
    {
        context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(EndpointGuard).FullName!).RequestFailed(exception);
        context.Response.Headers.CacheControl = "no-store";
        return Unavailable(context);
    }

    /// <summary>In whole seconds (RFC 9110 §10.2.3), rounded up: whoever waits as long as that gets through.</summary>
    public static void RetryAfter(HttpContext context, TimeSpan wait) =>
        context.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);

    /// <summary>405 with the headers of every other answer; ASP.NET Core's own would be cacheable.</summary>
    public static void RefuseOtherMethods(RouteGroupBuilder group, string method, params ReadOnlySpan<string> patterns)
    {
        var allowed = HttpMethods.IsGet(method) ? "GET, HEAD" : method;
        foreach (var pattern in patterns)
        {
            group.Map(pattern, (HttpContext context) =>
            {
                context.Response.Headers.Allow = allowed;
                return IDialect.Of(context.Request).Problem(StatusCodes.Status405MethodNotAllowed, $"The method must be {method}.");
            }).ExcludeFromDescription();
        }
    }

    private static bool IsConfidential(HttpContext context) =>
        context.Request.IsHttps
        || (context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address))
        || context.RequestServices.GetRequiredService<IHostEnvironment>().IsDevelopment()
        || !context.RequestServices.GetRequiredService<IOptions<DeviceAuthorizationOptions>>().Value.RequireHttps;
}
