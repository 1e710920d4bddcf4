using System.Diagnostics;
using DeviceAuthorization.Authentication;
using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Flow;
using DeviceAuthorization.Http.Devices;
using DeviceAuthorization.RomM;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace DeviceAuthorization.Http.Tokens;

/// <summary>
/// A user's tokens, in RomM's JSON: make, list, change, renew, revoke. A device may list and revoke; what gives or widens access is for
/// people, or a stolen token could outlive its revocation.
/// </summary>
internal static class ClientTokenEndpoints
{
    public static RouteGroupBuilder Map(IEndpointRouteBuilder endpoints, string prefix)
    {
        var group = endpoints.MapOwn(prefix, EndpointRole.Management);
        group.MapPost("/", CreateAsync).Describe(ManagementDescriptions.MakeToken);
        group.MapGet("/", ListAsync).Describe(ManagementDescriptions.ListTokens);
        group.MapPatch("/{id:guid}", ChangeAsync).Describe(ManagementDescriptions.ChangeToken);
        group.MapPut("/{id:guid}/regenerate", RegenerateAsync).Describe(ManagementDescriptions.RenewToken);
        group.MapDelete("/{id:guid}", RevokeAsync).Describe(ManagementDescriptions.RevokeToken);
        return group;
    }

    /// <summary>Makes a token that is bound to no device. It is shown in this answer and nowhere else.</summary>
    private static async Task<IResult> CreateAsync(HttpContext context, DeviceApi api, ClientTokens tokens)
    {
        if (!(await PersonAsync(context, api)).TryGet(out var person, out var refusal))
        {
            return refusal;
        }

        if (!(await JsonDialect.ReadAsync(context.Request, WireJson.Default.ClientTokenCreate)).TryGet(out var create, out var unread))
        {
            return unread;
        }

        var wish = new TokenWish(create.Name, create.Scopes, create.ExpiresIn);
        return await tokens.MakeAsync(person.UserId, person.Scopes, wish, context.RequestAborted) switch
        {
            TokenResult.Done done => TypedResults.Json(
                ClientTokenSchema.From(done.Token, done.Raw), WireJson.Default.ClientTokenSchema, statusCode: StatusCodes.Status201Created),
            TokenResult.Refused refused => Refuse(
                refused, api.Options, "name and at least one scope are required; a name is at most 255 characters without control characters."),
            _ => throw new UnreachableException(),
        };
    }

    private static async Task<IResult> ListAsync(HttpContext context, DeviceApi api)
    {
        if (!(await api.ReadTokensAsync(context)).TryGet(out var caller, out var refusal))
        {
            return refusal;
        }

        var tokens = await api.Repository.ListTokensAsync(caller.UserId, context.RequestAborted);
        return TypedResults.Json([.. tokens.Select(token => ClientTokenSchema.From(token))], WireJson.Default.ClientTokenSchemaArray);
    }

    /// <summary>Renames a live token, takes scopes away, or lets it end sooner: the device goes on without pairing again.</summary>
    private static async Task<IResult> ChangeAsync(Guid id, HttpContext context, DeviceApi api, ClientTokens tokens)
    {
        if (!(await PersonAsync(context, api)).TryGet(out var person, out var refusal))
        {
            return refusal;
        }

        if (!(await JsonDialect.ReadAsync(context.Request, WireJson.Default.ClientTokenChange)).TryGet(out var change, out var unread))
        {
            return unread;
        }

        return await tokens.ChangeAsync(person.UserId, id, new TokenWish(change.Name, change.Scopes, change.ExpiresIn), context.RequestAborted) switch
        {
            TokenResult.Done done => Found(done.Token),
            TokenResult.Refused refused => Refuse(
                refused, api.Options, "A name is 1 to 255 characters without control characters; scopes name at least one."),
            _ => throw new UnreachableException(),
        };
    }

    /// <summary>Gives a token a new secret; the old one is refused at once. Name, scopes, device and expiry stay.</summary>
    private static async Task<IResult> RegenerateAsync(Guid id, HttpContext context, DeviceApi api, ClientTokens tokens)
    {
        if (!(await PersonAsync(context, api)).TryGet(out var person, out var refusal))
        {
            return refusal;
        }

        return await tokens.RenewAsync(person.UserId, person.Scopes, id, context.RequestAborted) switch
        {
            TokenResult.Done done => Found(done.Token, done.Raw),
            TokenResult.Refused refused => Refuse(refused, api.Options, ""),
            _ => throw new UnreachableException(),
        };
    }

    private static async Task<IResult> RevokeAsync(Guid id, HttpContext context, DeviceApi api)
    {
        if (!(await api.WriteTokensAsync(context)).TryGet(out var caller, out var refusal))
        {
            return refusal;
        }

        return await api.Registry.RevokeTokenAsync(caller.UserId, id, context.RequestAborted) is null
            ? NotFound()
            : TypedResults.Text("null", "application/json");
    }

    private static async Task<Parsed<ApiCaller>> PersonAsync(HttpContext context, DeviceApi api) =>
        (await api.WriteTokensAsync(context)).TryGet(out var caller, out var refusal)
            ? caller.IsPerson ? caller : Parsed.Refuse<ApiCaller>(ApproverJson.Forbidden())
            : Parsed.Refuse<ApiCaller>(refusal);

    private static IResult Refuse(TokenResult.Refused refused, DeviceAuthorizationOptions options, string malformed) => refused.Problem switch
    {
        TokenProblem.Name or TokenProblem.Scopes => JsonDialect.Unprocessable(malformed),
        TokenProblem.Lifetime => JsonDialect.Unprocessable(TokenLifetimes.Problem(options)),
        TokenProblem.Beyond => JsonDialect.Error(StatusCodes.Status403Forbidden, $"Scopes exceed your permissions: {string.Join(", ", refused.Scopes)}"),
        TokenProblem.Limit => ApproverJson.TokenLimitReached(options.MaxTokensPerUser),
        TokenProblem.Widens => JsonDialect.Unprocessable("A token can only lose scopes and end sooner. For more, pair again or make a new one."),
        TokenProblem.Gone => NotFound(),
        _ => throw new UnreachableException(),
    };

    private static JsonHttpResult<ClientTokenSchema> Found(IssuedToken token, DeviceToken? raw = null) =>
        TypedResults.Json(ClientTokenSchema.From(token, raw), WireJson.Default.ClientTokenSchema);

    private static IResult NotFound() => JsonDialect.Error(StatusCodes.Status404NotFound, "Token not found");
}
