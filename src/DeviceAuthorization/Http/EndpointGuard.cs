using System.Globalization;
using System.Net;
using DeviceAuthorization.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Http;

/// <summary>Guards every endpoint: forbids caching, requires HTTPS, and answers a failure with 503, never with an OAuth error.</summary>
internal sealed class EndpointGuard(
    ClientNetwork network, IHostEnvironment environment, IOptions<DeviceAuthorizationOptions> options, ILogger<EndpointGuard> logger)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(5);

    private readonly bool _allowsHttp = environment.IsDevelopment() || !options.Value.RequireHttps;

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        context.Response.Headers.CacheControl = "no-store"; // RFC 6749 §5.1
        context.Response.Headers.Pragma = "no-cache";
        if (IsRefused(context))
        {
            await Problems.Of(context.Request, StatusCodes.Status400BadRequest, "HTTPS is required.").ExecuteAsync(context);
            return;
        }

        try
        {
            await next(context);
        }
        catch (BadHttpRequestException malformed) when (!context.Response.HasStarted)
        {
            await Problems.Of(context.Request, malformed.StatusCode, "The request body could not be read.").ExecuteAsync(context);
        }
        catch (Exception exception) when (CanAnswer(context))
        {
            await Failed(context, exception).ExecuteAsync(context);
        }
    }

    /// <summary>Whether a request is refused because it came over plain HTTP. Logs the first one.</summary>
    public bool IsRefused(HttpContext context)
    {
        if (_allowsHttp || context.Request.IsHttps || (context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address)))
        {
            return false;
        }

        network.PlainHttpRefused(context);
        return true;
    }

    /// <summary>Whether a request that failed can still be answered.</summary>
    public static bool CanAnswer(HttpContext context) => !context.RequestAborted.IsCancellationRequested && !context.Response.HasStarted;

    /// <summary>Logs the failure, and answers as <see cref="Unavailable"/> does.</summary>
    public IResult Failed(HttpContext context, Exception exception)
    {
        logger.RequestFailed(exception);
        context.Response.Headers.CacheControl = "no-store";
        return Unavailable(context);
    }

    /// <summary>Asks the client to try again. An OAuth error would make devices give up (RFC 8628 §3.5), so the answer has none.</summary>
    public static IResult Unavailable(HttpContext context)
    {
        RetryAfter(context, RetryDelay);
        return Problems.Detail(StatusCodes.Status503ServiceUnavailable, "Temporarily unavailable. Try again later.");
    }

    /// <summary>Sets <c>Retry-After</c> in whole seconds (RFC 9110 §10.2.3), rounded up: after this time the next request is not too early.</summary>
    public static void RetryAfter(HttpContext context, TimeSpan wait) =>
        context.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
}
