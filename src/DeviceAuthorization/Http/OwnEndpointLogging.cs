using Microsoft.AspNetCore.HttpLogging;

namespace DeviceAuthorization.Http;

/// <summary>
/// Keeps codes, tokens and secrets out of the host's HTTP logging: it records no bodies, no queries, and no paths with a user code.
/// <c>HttpLoggingAttribute</c> would be wrong here: it replaces the host's choice of fields, so it could add some.
/// </summary>
internal sealed class OwnEndpointLogging(MappedEndpoints mapped) : IHttpLoggingInterceptor
{
    private const HttpLoggingFields Secret = HttpLoggingFields.RequestBody | HttpLoggingFields.ResponseBody | HttpLoggingFields.RequestQuery;

    public ValueTask OnRequestAsync(HttpLoggingInterceptorContext logContext)
    {
        if (logContext.IsAnyEnabled(Secret | HttpLoggingFields.RequestPath) && mapped.Find(logContext.HttpContext) is { } endpoint)
        {
            var hasCodeInPath = endpoint.RoutePattern.GetParameter(OwnEndpoint.UserCodeParameter) is not null;
            logContext.TryDisable(hasCodeInPath ? Secret | HttpLoggingFields.RequestPath : Secret);
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask OnResponseAsync(HttpLoggingInterceptorContext logContext) => ValueTask.CompletedTask;
}
