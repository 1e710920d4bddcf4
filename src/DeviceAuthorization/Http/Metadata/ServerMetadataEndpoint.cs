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
        "What clients need to know",
        "Authorization server metadata (RFC 8414).")
    {
        Answers =
        [
            new(200, typeof(ServerMetadata), "The metadata."),
            DescribedAnswers.Https,
            DescribedAnswers.Problem(404, "Asked for below another path base than the host's."),
            DescribedAnswers.Unavailable,
        ],
    };

    /// <summary>How a client that has a secret can authenticate.</summary>
    private static readonly string[] SecretAuthMethods = ["client_secret_basic", "client_secret_post"];

    /// <summary>
    /// The well-known part stands between host and path (RFC 8414 §3). Many clients append it to the issuer instead, as OpenID Connect does;
    /// so it is below the path base, too. At the top, without a path, is no issuer of ours then: 404.
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
        context.Response.Headers.CacheControl = "public, max-age=300"; // short: a setting that was changed is known in five minutes
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
                methods)
            {
                Scopes = options.Scopes.Count > 0 ? [.. options.Scopes.Keys.Order(StringComparer.Ordinal)] : null,
                RevocationEndpoint = revocation,
                RevocationEndpointAuthMethods = revocation is null ? null : methods,
                IntrospectionEndpoint = introspection,
                IntrospectionEndpointAuthMethods = introspection is null ? null : SecretAuthMethods,
            },
            OAuthJson.Default.ServerMetadata);

        // Where the host mapped it, whatever its prefix and groups are; where it did so twice, the first.
        string? Find(string member) =>
            mapped.Own.FirstOrDefault(endpoint => endpoint.Metadata.GetMetadata<EndpointDescription>()?.MetadataMember == member)
                is { RoutePattern.RawText: { } route } ? $"{issuer}/{route.Trim('/')}" : null;
    }
}
