using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace DeviceAuthorization.Http;

/// <summary>
/// Keeps the host's CORS policies (default, named or inline) away from this library's endpoints: no other site may read an approver's pages. Where
/// <see cref="DeviceAuthorizationOptions"/> allows origins, an <see cref="OwnCorsPolicy"/> replaces them. A policy's result is applied when the response starts. The endpoint is known by then, even if UseCors() stands before UseRouting().
/// <c>DisableCorsAttribute</c> would be wrong here: ASP.NET Core fails the request if the CORS middleware is not in use.
/// </summary>
/// <param name="inner">The framework's service, or the host's own.</param>
internal sealed class OwnEndpointCors(ICorsService inner, MappedEndpoints mapped) : ICorsService
{
    public CorsResult EvaluatePolicy(HttpContext context, CorsPolicy policy) => inner.EvaluatePolicy(context, policy);

    public void ApplyResult(CorsResult result, HttpResponse response)
    {
        var endpoint = Find(response.HttpContext, result.IsPreflightRequest);
        if (endpoint?.Metadata.GetMetadata<OwnEndpoint>() is null or { Role: EndpointRole.Metadata })
        {
            inner.ApplyResult(result, response);
        }
        else if (endpoint.Metadata.GetMetadata<OwnCorsPolicy>() is { } own)
        {
            inner.ApplyResult(inner.EvaluatePolicy(response.HttpContext, own.Policy), response);
        }
    }

    /// <summary>
    /// Finds the endpoint that a request is about. For a preflight, routing finds nothing or the host's fallback, or at best another endpoint, so the
    /// path decides. If routing found another endpoint, the whole path must match. Otherwise its end is enough, because the path base may not be
    /// split off yet.
    /// </summary>
    private Endpoint? Find(HttpContext context, bool isPreflight)
    {
        var (routed, path) = (context.GetEndpoint(), context.Request.Path);
        return !isPreflight ? routed
            : routed is null or RouteEndpoint { Order: int.MaxValue } ? mapped.AtEndOf(path) // MapFallback() has this order
            : mapped.At(path) ?? routed;
    }
}

/// <summary>The origins that this library's endpoints allow, as the options say. The host calls <c>UseCors()</c>.</summary>
internal sealed record OwnCorsPolicy(CorsPolicy Policy) : ICorsPolicyMetadata
{
    /// <summary>How long browsers remember the answer to a preflight.</summary>
    private static readonly TimeSpan PreflightAge = TimeSpan.FromMinutes(10);

    /// <summary>The policy of endpoints with a role; null if they allow no other origin.</summary>
    public static OwnCorsPolicy? Of(EndpointRole role, DeviceAuthorizationOptions options) => role switch
    {
        EndpointRole.Approval or EndpointRole.Management when options.ApproverOrigins.Count > 0 => new(Build(options.ApproverOrigins).AllowCredentials().Build()),
        EndpointRole.Flow when options.DeviceOrigins.Count > 0 => new(Build(options.DeviceOrigins).Build()),
        _ => null,
    };

    private static CorsPolicyBuilder Build(IEnumerable<string> origins) => new CorsPolicyBuilder([.. origins])
        .AllowAnyHeader()
        .AllowAnyMethod()
        .WithExposedHeaders("Preference-Applied", "Retry-After", "WWW-Authenticate")
        .SetPreflightMaxAge(PreflightAge);
}
