using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Http;

/// <summary>
/// Guards every endpoint: forbids caching, requires HTTPS, and answers a failure with 503, or with 500 if it is a <see cref="Mistake"/> of the host;
/// a device never gives up because of it.
/// </summary>
internal sealed class EndpointGuard(
    ClientNetwork network, IHostEnvironment environment, IOptions<DeviceAuthorizationOptions> options, ILogger<EndpointGuard> logger)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, bool> _logged = new(StringComparer.Ordinal);
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
            await Failed(context, exception).Answer.ExecuteAsync(context);
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

    /// <summary>
    /// Logs the failure: an outage that <see cref="StoreWatch"/> logs only at Debug, a mistake with its exception only once. Every request would repeat
    /// them. Finds the answer.
    /// </summary>
    public Failure Failed(HttpContext context, Exception exception)
    {
        context.Response.Headers.CacheControl = "no-store";
        if (Mistake.Behind(exception, context.RequestServices) is not { } mistake)
        {
            if (StoreWatch.HasLogged(exception))
            {
                logger.RequestMetOutage(exception);
            }
            else
            {
                logger.RequestFailed(exception);
            }

            return new(StatusCodes.Status503ServiceUnavailable, Unavailable(context), null);
        }

        if (_logged.TryAdd(mistake.Key, true))
        {
            logger.HostMistake(exception, mistake.Cause);
        }
        else
        {
            logger.HostMistakeAgain(mistake.Cause);
        }

        context.Response.Headers.Remove("Retry-After"); // waiting would not help
        var shown = environment.IsDevelopment() ? mistake.Cause : null;
        return new(StatusCodes.Status500InternalServerError, Problems.Detail(StatusCodes.Status500InternalServerError, shown ?? "This server has a fault. Its log says which."), shown);
    }

    /// <summary>
    /// Asks the client to try again. Many clients of RFC 8628 read the member <c>error</c> of a poll and not the status, and give up at any error but
    /// <c>authorization_pending</c> and <c>slow_down</c> (§3.5), also at none.
    /// </summary>
    public static IResult Unavailable(HttpContext context) => new Later(IsTokenEndpoint(context) && !RequestBody.IsJson(context.Request)
        ? Problems.OAuth(PairingError.SlowDown, "Temporarily unavailable. Try again later.", StatusCodes.Status503ServiceUnavailable)
        : Problems.Detail(StatusCodes.Status503ServiceUnavailable, "Temporarily unavailable. Try again later."));

    /// <summary>Says in the answer when the client may try again.</summary>
    public static void RetryLater(HttpContext context) => RetryAfter(context, RetryDelay);

    private static bool IsTokenEndpoint(HttpContext context) =>
        context.GetEndpoint()?.Metadata.GetMetadata<EndpointDescription>()?.MetadataMember == "token_endpoint";

    /// <summary>Sets <c>Retry-After</c> in whole seconds (RFC 9110 §10.2.3), rounded up: after this time the next request is not too early.</summary>
    public static void RetryAfter(HttpContext context, TimeSpan wait) =>
        context.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);

    /// <summary>Sets the header only when it answers: an anonymous endpoint may answer 200 although the caller's token could not be checked.</summary>
    private sealed class Later(IResult answer) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            RetryLater(httpContext);
            return answer.ExecuteAsync(httpContext);
        }
    }
}

/// <summary>What became of a request that failed.</summary>
/// <param name="Answer">The answer without a page.</param>
/// <param name="Cause">What a page may show; null outside Development, and during an outage.</param>
internal sealed record Failure(int Status, IResult Answer, string? Cause);
