using System.Diagnostics;
using DeviceAuthorization.Authentication;
using DeviceAuthorization.Flow;
using DeviceAuthorization.RomM;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Http.Tokens;

/// <summary>The access tokens of a user, in RomM's JSON: make, list, change, renew, revoke one or all.</summary>
internal static class ClientTokenEndpoints
{
    public static RouteGroupBuilder Map(IEndpointRouteBuilder endpoints, string prefix)
    {
        var group = endpoints.MapOwn(prefix, EndpointRole.Management);
        group.MapPost("/", MakeAsync).Describe(TokenDescriptions.MakeToken);
        group.MapGet("/", ListAsync).Describe(TokenDescriptions.ListTokens);
        group.MapPatch("/{id:guid}", ChangeAsync).Describe(TokenDescriptions.ChangeToken);
        group.MapPut("/{id:guid}/regenerate", RenewAsync).Describe(TokenDescriptions.RenewToken);
        group.MapDelete("/{id:guid}", RevokeAsync).Describe(TokenDescriptions.RevokeToken);
        group.MapPost("/revoke-all", RevokeAllAsync).Describe(TokenDescriptions.RevokeAllTokens);
        return group;
    }

    /// <summary>Makes a token that is bound to no device. Only this answer contains it.</summary>
    private static Task<IResult> MakeAsync(HttpContext context, ApiCallers callers, AccessTokens tokens, IOptions<DeviceAuthorizationOptions> options) =>
        callers.HandleAsync(context, ApiAccess.ManageTokens, ReadAsync, async (person, wanted) =>
            await tokens.MakeAsync(person.UserId, person.Scopes, wanted, context.RequestAborted) switch
            {
                TokenResult.Done done => TypedResults.Json(
                    ClientTokenSchema.From(done.Token, done.Raw), RomMJson.Default.ClientTokenSchema, statusCode: StatusCodes.Status201Created),
                TokenResult.Refused refused => Refuse(
                    refused, options.Value, "name and at least one scope are required; a name is at most 255 characters without control characters."),
                _ => throw new UnreachableException(),
            });

    private static Task<IResult> ListAsync(HttpContext context, ApiCallers callers, DeviceRegistry registry) =>
        callers.HandleAsync(context, ApiAccess.ReadTokens, async caller =>
        {
            var tokens = await registry.ListTokensAsync(caller.UserId, context.RequestAborted);
            return TypedResults.Json([.. tokens.Select(token => ClientTokenSchema.From(token))], RomMJson.Default.ClientTokenSchemaArray);
        });

    /// <summary>Renames a live token, removes scopes from it, or lets it expire sooner. Its device does not have to pair again.</summary>
    private static Task<IResult> ChangeAsync(Guid id, HttpContext context, ApiCallers callers, AccessTokens tokens, IOptions<DeviceAuthorizationOptions> options) =>
        callers.HandleAsync(context, ApiAccess.ManageTokens, ReadAsync, async (person, wanted) =>
            await tokens.ChangeAsync(person.UserId, id, wanted, context.RequestAborted) switch
            {
                TokenResult.Done done => Found(done.Token),
                TokenResult.Refused refused => Refuse(refused, options.Value, "A name is 1 to 255 characters without control characters; scopes name at least one."),
                _ => throw new UnreachableException(),
            });

    /// <summary>Gives a token a new secret. The old one is refused at once. Name, scopes, device and expiry stay.</summary>
    private static Task<IResult> RenewAsync(Guid id, HttpContext context, ApiCallers callers, AccessTokens tokens, IOptions<DeviceAuthorizationOptions> options) =>
        callers.HandleAsync(context, ApiAccess.ManageTokens, async person =>
            await tokens.RenewAsync(person.UserId, person.Scopes, id, context.RequestAborted) switch
            {
                TokenResult.Done done => Found(done.Token, done.Raw),
                TokenResult.Refused refused => Refuse(refused, options.Value, ""),
                _ => throw new UnreachableException(),
            });

    private static Task<IResult> RevokeAsync(Guid id, HttpContext context, ApiCallers callers, DeviceRegistry registry) =>
        callers.HandleAsync(context, ApiAccess.RevokeTokens, async caller =>
            await registry.RevokeTokenAsync(caller.UserId, id, context.RequestAborted) is null ? NotFound() : TypedResults.Text("null", RequestBody.Json));

    /// <summary>
    /// Signs out every device. Not a DELETE of the collection: that is what a client sends that lost the id of the one token it wants to revoke.
    /// </summary>
    private static Task<IResult> RevokeAllAsync(HttpContext context, ApiCallers callers, DeviceAccess access) =>
        callers.HandleAsync(context, ApiAccess.RevokeTokens, async caller =>
        {
            await access.SignOutEverywhereAsync(caller.UserId, SignOutDevices.Keep, context.RequestAborted);
            return TypedResults.NoContent();
        });

    private static Task<Parsed<TokenProperties>> ReadAsync(HttpRequest request) => JsonBody.ReadAsync(request, RomMJson.Default.TokenProperties);

    private static IResult Refuse(TokenResult.Refused refused, DeviceAuthorizationOptions options, string malformed) => refused.Problem switch
    {
        TokenProblem.Name or TokenProblem.Scopes => Problems.Unprocessable(malformed),
        TokenProblem.Lifetime => Problems.Unprocessable(TokenLifetimes.Problem(options)),
        TokenProblem.Beyond => Problems.Detail(StatusCodes.Status403Forbidden, $"Scopes exceed your permissions: {string.Join(", ", refused.Scopes)}"),
        TokenProblem.Limit => ApproverJson.LimitReached(options.MaxTokensPerUser, "tokens"),
        TokenProblem.Widens => Problems.Unprocessable("A token can only lose scopes and end sooner. For more, pair again or make a new one."),
        TokenProblem.Gone => NotFound(),
        _ => throw new UnreachableException(),
    };

    private static JsonHttpResult<ClientTokenSchema> Found(AccessToken token, DeviceToken? raw = null) =>
        TypedResults.Json(ClientTokenSchema.From(token, raw), RomMJson.Default.ClientTokenSchema);

    private static IResult NotFound() => Problems.Detail(StatusCodes.Status404NotFound, "Token not found");
}
