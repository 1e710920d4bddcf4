using DeviceAuthorization.Http.Flow;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Http.Metadata;

/// <summary>Serves the metadata to anyone. It contains only what a client needs.</summary>
internal static class ServerMetadataEndpoint
{
    private const string WellKnown = "/.well-known/oauth-authorization-server";

    private static readonly EndpointDescription Description = new(
        "Device pairing",
        "Get the metadata",
        "Authorization server metadata (RFC 8414): what clients need to know about this host.")
    {
        Answers =
        [
            new(200, typeof(ServerMetadata), "The metadata."),
            DescribedAnswers.Https,
            DescribedAnswers.Problem(404, "The request has another path base than the host."),
            .. DescribedAnswers.Failed,
        ],
    };

    /// <summary>The ways in which a client with a secret can authenticate.</summary>
    private static readonly string[] SecretAuthMethods = ["client_secret_basic", "client_secret_post"];

    /// <summary>
    /// RFC 8414 §3 puts the well-known part between host and path. Many clients append it to the issuer instead, as OpenID Connect does, so it is
    /// also mapped below the path base. Then a request without the path base gets 404, because no issuer of ours is there.
    /// </summary>
    public static RouteGroupBuilder Map(IEndpointRouteBuilder endpoints, string pathBase)
    {
        var group = endpoints.MapOwn("", EndpointRole.Metadata);
        Add(WellKnown + pathBase, mayComeFromOutside: true);
        if (pathBase.Length > 0)
        {
            Add(WellKnown, mayComeFromOutside: false);
        }

        return group;

        void Add(string pattern, bool mayComeFromOutside)
        {
            group.MapGet(
                pattern,
                (HttpContext context, MappedEndpoints mapped, PublicAddress address, IOptions<DeviceAuthorizationOptions> options) =>
                    (mayComeFromOutside || context.Request.PathBase.HasValue) && Fits(context.Request, address)
                        ? Found(context, mapped, address.Issuer(context.Request), options.Value)
                        : Problems.Of(context.Request, StatusCodes.Status404NotFound, "There is no issuer at this address."))
                .Describe(Description);
            group.RefuseOtherMethods(HttpMethods.Get, pattern);
        }
    }

    private static bool Fits(HttpRequest request, PublicAddress address) => !request.PathBase.HasValue || address.Agrees(request);

    private static JsonHttpResult<ServerMetadata> Found(HttpContext context, MappedEndpoints mapped, string issuer, DeviceAuthorizationOptions options)
    {
        context.Response.Headers.CacheControl = "public, max-age=300"; // short: clients learn of a changed setting within five minutes
        context.Response.Headers.Remove("Pragma");
        var (revocation, introspection) = (Find("revocation_endpoint"), Find("introspection_endpoint"));
        string[] methods = ["none", .. options.Clients.Values.Any(client => client.Secret is not null) ? SecretAuthMethods : []];
        return TypedResults.Json(
            new ServerMetadata(
                issuer,
                Find("device_authorization_endpoint")!,
                Find("token_endpoint")!,
                [FormDialect.GrantType],
                [],
                methods,
                Scopes: options.Scopes.Count > 0 ? [.. options.Scopes.Keys.Order(StringComparer.Ordinal)] : null,
                RevocationEndpoint: revocation,
                RevocationEndpointAuthMethods: revocation is null ? null : methods,
                IntrospectionEndpoint: introspection,
                IntrospectionEndpointAuthMethods: introspection is null ? null : SecretAuthMethods),
            OAuthJson.Default.ServerMetadata);

        // The address at which the host mapped the endpoint; the first one if it is mapped twice.
        string? Find(string member) =>
            mapped.Own.FirstOrDefault(endpoint => endpoint.Metadata.GetMetadata<EndpointDescription>()?.MetadataMember == member)
                is { RoutePattern.RawText: { } route } ? $"{issuer}/{route.Trim('/')}" : null;
    }
}
