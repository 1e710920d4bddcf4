using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Http;

/// <summary>The purpose of an endpoint of this library. It decides which part of the host's set-up applies.</summary>
internal enum EndpointRole
{
    /// <summary>Devices and clients call it without a session of the host.</summary>
    Flow,

    /// <summary>Approvers decide here by JSON. It finds the approver itself.</summary>
    Approval,

    /// <summary>The metadata of RFC 8414. It is public, and the host's CORS policy applies.</summary>
    Metadata,

    /// <summary>Devices and tokens, by JSON.</summary>
    Management,

    PairingPage,

    DevicesPage,
}

/// <summary>Marks an endpoint as one of this library's.</summary>
/// <param name="Page">The path of the endpoint's page, below the path base; null if the endpoint belongs to no page.</param>
internal sealed record OwnEndpoint(EndpointRole Role, string? Page)
{
    /// <summary>The parameter of a route that holds a user code.</summary>
    public const string UserCodeParameter = "code";

    /// <summary>Whether callers have no session of the host. The host's authorization would lock every device out.</summary>
    public bool IsAnonymous => Role is EndpointRole.Flow or EndpointRole.Approval or EndpointRole.Metadata;
}

/// <summary>Maps groups of this library's endpoints.</summary>
internal static class OwnEndpointExtensions
{
    private static readonly OutputCacheAttribute NeverCached = new() { NoStore = true };

    /// <summary>Maps a group whose endpoints are never in the output cache, answer HEAD beside GET, and run inside the guard.</summary>
    public static RouteGroupBuilder MapOwn(this IEndpointRouteBuilder endpoints, string prefix, EndpointRole role) =>
        endpoints.MapOwn(prefix, role, endpoints.ServiceProvider.GetRequiredService<EndpointGuard>().InvokeAsync);

    /// <param name="guard">Runs around every handler, and answers if the handler fails.</param>
    public static RouteGroupBuilder MapOwn(this IEndpointRouteBuilder endpoints, string prefix, EndpointRole role, Func<HttpContext, RequestDelegate, Task> guard)
    {
        var group = endpoints.MapGroup(prefix);
        var cors = OwnCorsPolicy.Of(role, endpoints.ServiceProvider.GetRequiredService<IOptions<DeviceAuthorizationOptions>>().Value);

        // Finally runs after all conventions that the host adds to this group or to a group around it.
        ((IEndpointConventionBuilder)group).Finally(endpoint =>
        {
            var metadata = endpoint.Metadata;
            metadata.Add(new OwnEndpoint(role, role is EndpointRole.PairingPage or EndpointRole.DevicesPage ? PageOf(endpoint) : null));
            metadata.Add(NeverCached); // output caching ignores Cache-Control, and users whose scheme is not the default
            if (cors is not null)
            {
                metadata.Add(cors); // last, so it replaces the host's
            }

            AllowAnonymous(metadata);
            AnswerHead(metadata);

            // Not an endpoint filter: ASP.NET Core resolves the handler's services before it, and a factory of the host may throw.
            var handle = endpoint.RequestDelegate!;
            endpoint.RequestDelegate = context =>
            {
                // A cache in front of routing has not seen NeverCached. It reads this after the handler.
                if (context.Features.Get<IOutputCacheFeature>() is { } cache)
                {
                    cache.Context.AllowCacheStorage = false;
                }

                return guard(context, handle);
            };
        });
        return group;
    }

    /// <summary>Answers other methods with 405 and the usual headers. ASP.NET Core's own 405 could be cached.</summary>
    public static void RefuseOtherMethods(this RouteGroupBuilder group, string method, params ReadOnlySpan<string> patterns)
    {
        var allowed = HttpMethods.IsGet(method) ? "GET, HEAD" : method;
        foreach (var pattern in patterns)
        {
            group.Map(pattern, (HttpContext context) =>
            {
                context.Response.Headers.Allow = allowed;
                return Problems.Of(context.Request, StatusCodes.Status405MethodNotAllowed, $"The method must be {method}.");
            }).ExcludeFromDescription();
        }
    }

    /// <summary>
    /// Exempts an endpoint from the host's fallback policy, unless the host put authorization of its own on it. A policy that always succeeds
    /// would be wrong here: beside an <see cref="AuthorizationPolicy"/>, ASP.NET Core ignores RequireAuthorization() without arguments.
    /// </summary>
    private static void AllowAnonymous(IList<object> metadata)
    {
        if (!metadata.Any(item => item is IAuthorizeData or AuthorizationPolicy or IAuthorizationRequirementData))
        {
            metadata.Add(new AllowAnonymousAttribute());
        }
    }

    /// <summary>Answers HEAD where GET is answered (RFC 9110 §9.1). The server omits the body.</summary>
    private static void AnswerHead(IList<object> metadata)
    {
        for (var i = 0; i < metadata.Count; i++)
        {
            if (metadata[i] is IHttpMethodMetadata { HttpMethods: [var method] } && HttpMethods.IsGet(method))
            {
                metadata[i] = new HttpMethodMetadata([HttpMethods.Get, HttpMethods.Head]);
            }
        }
    }

    /// <summary>The route without its last part: a page's routes are its path with a slash or one more segment.</summary>
    private static string PageOf(EndpointBuilder endpoint)
    {
        var route = ((RouteEndpointBuilder)endpoint).RoutePattern.RawText!;
        return "/" + route[..route.LastIndexOf('/')].Trim('/');
    }
}
