using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization;

/// <summary>
/// What a token is (RFC 7662), for an API that runs apart from the host. Who cannot prove to be a client is 401 (§2.3), so that nobody
/// tries tokens out; who can, and is not allowed to ask, is 403: other credentials of the same client would not help. All that is
/// not live is one answer, without a reason (§2.2). Asking is no use of the token.
/// </summary>
internal static class IntrospectionEndpoint
{
    private static readonly string[] Known = ["client_id", "client_secret", "token", "token_type_hint"];

    public static RouteGroupBuilder Map(IEndpointRouteBuilder endpoints, string prefix)
    {
        var group = endpoints.MapGroup(prefix);
        group.AddEndpointFilter(EndpointGuard.InvokeAsync);
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
        if (!(await FormDialect.ReadFormAsync(context.Request, Known)).TryGet(out var form, out var unread))
        {
            return unread;
        }

        if (!(await credentials.ReadAsync(context, form, mustProve: true)).TryGet(out var clientId, out var unidentified))
        {
            return unidentified;
        }

        if (options.Value.FindClient(clientId) is not { MayIntrospect: true })
        {
            return FormDialect.Error(PairingError.UnauthorizedClient, "This client may not ask about tokens.", StatusCodes.Status403Forbidden);
        }

        if (form["token"] is not { } text)
        {
            return FormDialect.Error(PairingError.InvalidRequest, "The parameter token is missing.");
        }

        return TypedResults.Json(
            DeviceToken.TryParse(text, options.Value.TokenPrefix, out var token)
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
