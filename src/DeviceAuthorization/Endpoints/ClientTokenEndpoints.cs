using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace DeviceAuthorization;

/// <summary>
/// A user's tokens, in RomM's JSON: make, list, change, renew, revoke. A device may list and revoke; what gives or widens access is for
/// people, or a stolen token could outlive its revocation.
/// </summary>
internal static class ClientTokenEndpoints
{
    private const int LongestName = 255;

    public static RouteGroupBuilder Map(IEndpointRouteBuilder endpoints, string prefix)
    {
        var group = endpoints.MapGroup(prefix);
        group.AddEndpointFilter(EndpointGuard.InvokeAsync);
        group.MapPost("/", CreateAsync);
        group.MapGet("/", ListAsync);
        group.MapPatch("/{id:guid}", ChangeAsync);
        group.MapPut("/{id:guid}/regenerate", RegenerateAsync);
        group.MapDelete("/{id:guid}", RevokeAsync);
        return group;
    }

    /// <summary>Makes a token that is bound to no device. It is shown in this answer and nowhere else.</summary>
    private static async Task<IResult> CreateAsync(HttpContext context, DeviceApi api)
    {
        if (!(await PersonAsync(context, api)).TryGet(out var person, out var refusal))
        {
            return refusal;
        }

        if (!(await JsonDialect.ReadAsync(context.Request, WireJson.Default.ClientTokenCreate)).TryGet(out var create, out var unread))
        {
            return unread;
        }

        if (!ReportedText.TryClean(create.Name, LongestName, out var name) || name is null || !TryReadScopes(create.Scopes, out var scopes))
        {
            return JsonDialect.Unprocessable("name and at least one scope are required; a name is at most 255 characters without control characters.");
        }

        if (!TokenLifetimes.TryParse(api.Options, create.ExpiresIn, out var lifetime))
        {
            return JsonDialect.Unprocessable(TokenLifetimes.Problem(api.Options));
        }

        var has = await api.Policy.ScopesNowAsync(person.UserId, scopes, context.RequestAborted) ?? [];
        var known = has.Where(scope => api.Options.Scopes.ContainsKey(scope) && (person.Scopes?.Contains(scope, StringComparer.Ordinal) ?? true));
        if (scopes.Except(known, StringComparer.Ordinal).ToArray() is { Length: > 0 } extra)
        {
            return JsonDialect.Error(StatusCodes.Status403Forbidden, $"Scopes exceed your permissions: {string.Join(", ", extra)}");
        }

        var (raw, now) = (DeviceToken.New(api.Options.TokenPrefix), api.Clock.Now());
        var token = new IssuedToken
        {
            Id = Guid.NewGuid(),
            UserId = person.UserId,
            Hash = raw.Hash(),
            Name = name,
            Scopes = scopes,
            CreatedAt = now,
            ExpiresAt = ExpiryOf(lifetime ?? api.Options.TokenLifetime, now),
        };
        var conditions = new TokenIssueConditions(now, api.Options.MaxTokensPerUser, ReplacesEarlier: false);
        return (await api.Repository.TryIssueTokenAsync(token, conditions, context.RequestAborted)).Token is { } issued
            ? TypedResults.Json(ClientTokenSchema.From(issued, raw), WireJson.Default.ClientTokenSchema, statusCode: StatusCodes.Status201Created)
            : JsonDialect.Error(StatusCodes.Status400BadRequest, $"Maximum of {api.Options.MaxTokensPerUser} tokens per user reached");
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
    private static async Task<IResult> ChangeAsync(Guid id, HttpContext context, DeviceApi api)
    {
        if (!(await PersonAsync(context, api)).TryGet(out var person, out var refusal))
        {
            return refusal;
        }

        if (!(await JsonDialect.ReadAsync(context.Request, WireJson.Default.ClientTokenChange)).TryGet(out var change, out var unread))
        {
            return unread;
        }

        IReadOnlyList<string>? scopes = null;
        if (!ReportedText.TryClean(change.Name, LongestName, out var name) || (change.Name is not null && name is null)
            || (change.Scopes is not null && !TryReadScopes(change.Scopes, out scopes)))
        {
            return JsonDialect.Unprocessable("A name is 1 to 255 characters without control characters; scopes name at least one.");
        }

        if (!TokenLifetimes.TryParse(api.Options, change.ExpiresIn, out var lifetime))
        {
            return JsonDialect.Unprocessable(TokenLifetimes.Problem(api.Options));
        }

        var widens = false;
        var changed = await api.Registry.ChangeTokenAsync(
            person.UserId,
            id,
            token =>
            {
                var expiresAt = lifetime is null ? token.ExpiresAt : ExpiryOf(lifetime.Value, api.Clock.Now());
                widens = (scopes?.Except(token.Scopes, StringComparer.Ordinal).Any() ?? false)
                    || (lifetime is not null && token.ExpiresAt is { } today && !(expiresAt <= today));
                return widens ? token : token with { Name = name ?? token.Name, Scopes = scopes ?? token.Scopes, ExpiresAt = expiresAt };
            },
            context.RequestAborted);
        return widens
            ? JsonDialect.Unprocessable("A token can only lose scopes and end sooner. For more, pair again or make a new one.")
            : Found(changed);
    }

    /// <summary>Gives a token a new secret; the old one is refused at once. Name, scopes, device and expiry stay.</summary>
    private static async Task<IResult> RegenerateAsync(Guid id, HttpContext context, DeviceApi api)
    {
        if (!(await PersonAsync(context, api)).TryGet(out var person, out var refusal))
        {
            return refusal;
        }

        var raw = DeviceToken.New(api.Options.TokenPrefix);
        var token = await api.Registry.ChangeTokenAsync(
            person.UserId, id, token => token with { Hash = raw.Hash(), LastUsedAt = null }, context.RequestAborted);
        return Found(token, raw);
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

    private static bool TryReadScopes(IReadOnlyList<string?>? sent, out IReadOnlyList<string> scopes)
    {
        scopes = [.. (sent ?? []).OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        return sent is { Count: > 0 and <= ScopeParameter.MaxScopes } && sent.All(ScopeParameter.IsToken);
    }

    private static DateTimeOffset? ExpiryOf(TimeSpan lifetime, DateTimeOffset now) => lifetime == Timeout.InfiniteTimeSpan ? null : now + lifetime;

    private static IResult Found(IssuedToken? token, DeviceToken? raw = null) => token is null
        ? NotFound()
        : TypedResults.Json(ClientTokenSchema.From(token, raw), WireJson.Default.ClientTokenSchema);

    private static IResult NotFound() => JsonDialect.Error(StatusCodes.Status404NotFound, "Token not found");
}
