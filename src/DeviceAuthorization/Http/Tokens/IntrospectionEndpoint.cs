using DeviceAuthorization.Flow;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Http.Tokens;

/// <summary>
/// An API outside the host asks what a token is (RFC 7662). 401: the caller did not authenticate, so nobody can try out tokens (§2.3). 403: the
/// client may not ask, even with other credentials. Every token that is not live gets the same answer, without a reason (§2.2). Introspection does
/// not count as a use of the token.
/// </summary>
internal static class IntrospectionEndpoint
{
    public static RouteGroupBuilder Map(IEndpointRouteBuilder endpoints, string prefix)
    {
        var group = endpoints.MapOwn(prefix, EndpointRole.Flow);
        group.MapPost("", IntrospectAsync).Describe(TokenDescriptions.Introspect);
        group.RefuseOtherMethods(HttpMethods.Post, "");
        return group;
    }

    private static async Task<IResult> IntrospectAsync(
        HttpContext context, ClientCredentials credentials, WatchedDeviceRepository devices, WatchedPolicy policy, IOptions<DeviceAuthorizationOptions> options, TimeProvider clock)
    {
        if (!(await TokenOfClient.ReadAsync(context, credentials.AuthenticateAsync)).TryGet(out var request, out var refusal))
        {
            return refusal;
        }

        if (options.Value.FindClient(request.ClientId!) is not { MayIntrospect: true })
        {
            return Problems.OAuth(PairingError.UnauthorizedClient, "This client may not ask about tokens.", StatusCodes.Status403Forbidden);
        }

        return TypedResults.Json(
            await devices.FindPresentedAsync(request.Token, options.Value.TokenPrefix, context.RequestAborted) is var (issued, device)
            && issued.IsLive(clock.Now())
            && await policy.ScopesNowAsync(issued.UserId, issued.Scopes, issued.AccountStamp, context.RequestAborted) is { } scopes
                ? new Introspection(
                    true,
                    Scope: scopes.Count > 0 ? string.Join(' ', scopes) : null,
                    ClientId: issued.ClientId,
                    Subject: issued.UserId,
                    ExpiresAt: issued.ExpiresAt?.ToUnixTimeSeconds(),
                    IssuedAt: issued.CreatedAt.ToUnixTimeSeconds(),
                    TokenType: "Bearer",
                    DeviceId: device?.Id,
                    TokenId: issued.Id.ToString())
                : new Introspection(false),
            OAuthJson.Default.Introspection);
    }
}
