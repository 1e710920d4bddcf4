using DeviceAuthorization.Http.Flow;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Http.Tokens;

/// <summary>
/// What a token is (RFC 7662), for an API that runs apart from the host. Who cannot prove to be a client is 401 (§2.3), so that nobody
/// tries tokens out; who can, and is not allowed to ask, is 403: other credentials of the same client would not help. All that is
/// not live is one answer, without a reason (§2.2). Asking is no use of the token.
/// </summary>
internal static class IntrospectionEndpoint
{
    public static RouteGroupBuilder Map(IEndpointRouteBuilder endpoints, string prefix)
    {
        var group = endpoints.MapOwn(prefix, EndpointRole.Flow);
        group.MapPost("", IntrospectAsync).Describe(FlowDescriptions.Introspect);
        EndpointGuard.RefuseOtherMethods(group, HttpMethods.Post, "");
        return group;
    }

    private static async Task<IResult> IntrospectAsync(
        HttpContext context,
        ClientCredentials credentials,
        IDeviceRepository devices,
        IPairingPolicy policy,
        IOptions<DeviceAuthorizationOptions> options,
        TimeProvider clock)
    {
        if (!(await TokenRequest.ReadAsync(context, credentials, mustProve: true)).TryGet(out var request, out var refusal))
        {
            return refusal;
        }

        if (options.Value.FindClient(request.ClientId) is not { MayIntrospect: true })
        {
            return FormDialect.Error(PairingError.UnauthorizedClient, "This client may not ask about tokens.", StatusCodes.Status403Forbidden);
        }

        return TypedResults.Json(
            DeviceToken.TryParse(request.Token, options.Value.TokenPrefix, out var token)
            && await devices.FindTokenAsync(token.Hash(), context.RequestAborted) is var (issued, device)
            && issued.IsLive(clock.Now())
            && await policy.ScopesNowAsync(issued.UserId, issued.Scopes, context.RequestAborted) is { } scopes
                ? new Introspection(true)
                {
                    Scope = scopes.Count > 0 ? string.Join(' ', scopes) : null,
                    ClientId = issued.ClientId,
                    Subject = issued.UserId,
                    ExpiresAt = issued.ExpiresAt?.ToUnixTimeSeconds(),
                    IssuedAt = issued.CreatedAt.ToUnixTimeSeconds(),
                    TokenType = "Bearer",
                    DeviceId = device?.Id,
                    TokenId = issued.Id.ToString(),
                }
                : new Introspection(false),
            WireJson.Default.Introspection);
    }
}
