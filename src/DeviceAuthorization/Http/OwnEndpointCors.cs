using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace DeviceAuthorization.Http;

/// <summary>
/// Keeps the host's CORS policies (default, named or inline) away from this library's endpoints: no other site may read an approver's pages. A
/// policy's result is applied when the response starts. The endpoint is known by then, even if UseCors() stands before UseRouting().
/// <c>DisableCorsAttribute</c> would be wrong here: ASP.NET Core fails the request if the CORS middleware is not in use.
/// </summary>
/// <param name="inner">The framework's service, or the host's own.</param>
internal sealed class OwnEndpointCors(ICorsService inner, MappedEndpoints mapped) : ICorsService
{
    public CorsResult EvaluatePolicy(HttpContext context, CorsPolicy policy) => inner.EvaluatePolicy(context, policy);

    public void ApplyResult(CorsResult result, HttpResponse response)
    {
        if (Find(response.HttpContext, result.IsPreflightRequest) is null or { Role: EndpointRole.Metadata })
        {
            inner.ApplyResult(result, response);
        }
    }

    /// <summary>
    /// Finds the endpoint that a request is about. For a preflight, routing finds nothing or the host's fallback, or at best another endpoint, so the
    /// path decides. If routing found another endpoint, the whole path must match. Otherwise its end is enough, because the path base may not be
    /// split off yet.
    /// </summary>
    private OwnEndpoint? Find(HttpContext context, bool isPreflight)
    {
        var (routed, path) = (context.GetEndpoint(), context.Request.Path);
        var endpoint = !isPreflight ? routed
            : routed is null or RouteEndpoint { Order: int.MaxValue } ? mapped.AtEndOf(path) // MapFallback() has this order
            : mapped.At(path) ?? routed;
        return endpoint?.Metadata.GetMetadata<OwnEndpoint>();
    }
}
