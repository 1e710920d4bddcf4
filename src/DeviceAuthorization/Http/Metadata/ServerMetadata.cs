using System.Text.Json.Serialization;
using DeviceAuthorization.Http.Flow;
using DeviceAuthorization.Http.Tokens;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Http.Metadata;

/// <summary>
/// RFC 8414 §2. <c>response_types_supported</c> is required there, and empty arrays are to be left out: clients insist on the member, so it
/// is there. What is left out would mean something (<c>client_secret_basic</c>, other grants), so nothing is.
/// </summary>
internal sealed record ServerMetadata(
    [property: JsonPropertyName("issuer")] string Issuer,
    [property: JsonPropertyName("device_authorization_endpoint")] string DeviceAuthorizationEndpoint,
    [property: JsonPropertyName("token_endpoint")] string TokenEndpoint,
    [property: JsonPropertyName("grant_types_supported")] IReadOnlyList<string> GrantTypes,
    [property: JsonPropertyName("response_types_supported")] IReadOnlyList<string> ResponseTypes,
    [property: JsonPropertyName("token_endpoint_auth_methods_supported")] IReadOnlyList<string> TokenEndpointAuthMethods)
{
    [JsonPropertyName("scopes_supported"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Scopes { get; init; }

    [JsonPropertyName("revocation_endpoint"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RevocationEndpoint { get; init; }

    [JsonPropertyName("revocation_endpoint_auth_methods_supported"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? RevocationEndpointAuthMethods { get; init; }

    [JsonPropertyName("introspection_endpoint"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? IntrospectionEndpoint { get; init; }

    [JsonPropertyName("introspection_endpoint_auth_methods_supported"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? IntrospectionEndpointAuthMethods { get; init; }
}

/// <summary>Serves the metadata, to anybody: it says nothing that a client does not need.</summary>
internal static class ServerMetadataEndpoint
{
    private const string WellKnown = "/.well-known/oauth-authorization-server";

    /// <summary>How clients can say who they are that have a secret.</summary>
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
                        : IDialect.Of(context.Request).Problem(StatusCodes.Status404NotFound, "There is no issuer at this address."))
                .Describe(FlowDescriptions.Metadata);
            EndpointGuard.RefuseOtherMethods(group, HttpMethods.Get, pattern);
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
            WireJson.Default.ServerMetadata);

        // Where the host mapped it, whatever its prefix and groups are; where it did so twice, the first.
        string? Find(string member) =>
            mapped.Own.FirstOrDefault(endpoint => endpoint.Metadata.GetMetadata<EndpointDescription>()?.MetadataMember == member)
                is { RoutePattern.RawText: { } route } ? $"{issuer}/{route.Trim('/')}" : null;
    }
}
