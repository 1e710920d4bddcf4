using System.Security.Claims;
using DeviceAuthorization.Flow;
using DeviceAuthorization.Http;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Authentication;

/// <summary>The caller of an endpoint of devices or tokens.</summary>
/// <param name="Scopes">The scopes that limit the credential; null if it stands for the whole account.</param>
internal sealed record ApiCaller(string UserId, IReadOnlyCollection<string>? Scopes);

/// <summary>What an endpoint of devices or tokens requires of its caller.</summary>
/// <param name="Scope">The scope that the account must have, and that a token or a limited session must include; null for none.</param>
internal sealed record ApiAccess(Func<ManagementScopes, string?> Scope)
{
    public static readonly ApiAccess ReadDevices = new(scopes => scopes.ReadDevices);

    public static readonly ApiAccess WriteDevices = new(scopes => scopes.WriteDevices);

    public static readonly ApiAccess ReadTokens = new(scopes => scopes.ReadTokens);

    public static readonly ApiAccess RevokeTokens = new(scopes => scopes.WriteTokens);

    /// <summary>Only people may give or extend access. Otherwise a stolen token could make another one, and outlive its own revocation.</summary>
    public static readonly ApiAccess ManageTokens = new(scopes => scopes.WriteTokens) { IsForPeopleOnly = true };

    /// <summary>A device or a person, with any scopes.</summary>
    public static readonly ApiAccess Any = new(_ => null);

    public bool IsForPeopleOnly { get; private init; }
}

/// <summary>
/// Authenticates the callers of the endpoints of devices and tokens, and runs the handler if they have access. A bearer token takes precedence over a
/// session: a device with an embedded browser acts as the device. People may have a bearer token, too, if the host's sign-in is one.
/// </summary>
internal sealed class ApiCallers(ApproverSession session, WatchedPolicy policy, IOptions<DeviceAuthorizationOptions> options)
{
    public async Task<IResult> HandleAsync(HttpContext context, ApiAccess access, Func<ApiCaller, Task<IResult>> handle) =>
        (await AuthenticateAsync(context, access)).TryGet(out var caller, out var refusal) ? await handle(caller) : refusal;

    /// <summary>As above. Reads the body only if the caller has access.</summary>
    public async Task<IResult> HandleAsync<T>(
        HttpContext context, ApiAccess access, Func<HttpRequest, Task<Parsed<T>>> read, Func<ApiCaller, T, Task<IResult>> handle)
        where T : class =>
        (await AuthenticateAsync(context, access)).TryGet(out var caller, out var refusal)
        && (await read(context.Request)).TryGet(out var body, out refusal)
            ? await handle(caller, body)
            : refusal;

    public async Task<Parsed<ApiCaller>> AuthenticateAsync(HttpContext context, ApiAccess access)
    {
        var scope = access.Scope(options.Value.ManagementScopes);
        return context.Request.Headers.Authorization is [{ } header, ..] && DeviceTokenHandler.Bearer(header) is { } token && !await IsPersonsAsync(context, token)
            ? await AuthenticateTokenAsync(context, scope, access.IsForPeopleOnly)
            : await AuthenticatePersonAsync(context, scope);
    }

    /// <summary>Whether the host's sign-in accepts the bearer token. Never asked about a token that could be ours.</summary>
    private async Task<bool> IsPersonsAsync(HttpContext context, string token) =>
        !DeviceToken.TryParse(token, options.Value.TokenPrefix, out _) && await session.IsSignedInByHeaderAsync(context);

    private static async Task<Parsed<ApiCaller>> AuthenticateTokenAsync(HttpContext context, string? scope, bool isForPeopleOnly)
    {
        if ((await context.AuthenticateAsync(DeviceTokenDefaults.AuthenticationScheme)).Principal is not { } token)
        {
            if (context.Features.Get<Failure>() is { } failed)
            {
                return Refuse(failed.Answer);
            }

            await context.ChallengeAsync(DeviceTokenDefaults.AuthenticationScheme); // the bearer handler's challenge, with RomM's body
            return Refuse(Problems.Detail(context.Response.StatusCode, "Not authenticated"));
        }

        var scopes = token.FindAll(DeviceTokenDefaults.ScopeClaim).Select(claim => claim.Value).ToArray();
        if (scope is not null && !scopes.Contains(scope, StringComparer.Ordinal))
        {
            await context.ForbidAsync(DeviceTokenDefaults.AuthenticationScheme); // insufficient_scope (RFC 6750 §3.1), with RomM's body
            return Refuse(Problems.Forbidden());
        }

        return isForPeopleOnly
            ? Refuse(Problems.Forbidden())
            : new ApiCaller(token.FindFirst(ClaimTypes.NameIdentifier)!.Value, scopes);
    }

    private async Task<Parsed<ApiCaller>> AuthenticatePersonAsync(HttpContext context, string? scope)
    {
        var isReading = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
        if (!(isReading ? await session.AuthenticateAsync(context) : await session.AuthenticateSameSiteAsync(context)).TryGet(out var person, out var refusal))
        {
            return Refuse(refusal);
        }

        string[] required = scope is null ? [] : [scope];
        if (await policy.ScopesNowAsync(person.UserId, required, context.RequestAborted) is not { } has || has.Count < required.Length)
        {
            return Refuse(Problems.Forbidden());
        }

        if (scope is not null && person.Scopes?.Contains(scope, StringComparer.Ordinal) == false)
        {
            await session.WarnIfLimitedAsync(context, person, [scope]);
            return Refuse(Problems.SignInLacksScopes());
        }

        return new ApiCaller(person.UserId, person.Scopes);
    }

    private static Parsed<ApiCaller> Refuse(IResult refusal) => Parsed.Refuse<ApiCaller>(refusal);
}
