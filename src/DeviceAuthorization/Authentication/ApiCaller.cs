using System.Security.Claims;
using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Http;
using DeviceAuthorization.RomM;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization.Authentication;

/// <summary>Who calls the endpoints of devices and tokens.</summary>
/// <param name="UserId">The user.</param>
/// <param name="Scopes">The scopes of the credential; null for all that the account has.</param>
/// <param name="IsPerson">Whether it is the user in person, with a session, and not a token.</param>
internal sealed record ApiCaller(string UserId, IReadOnlyCollection<string>? Scopes, bool IsPerson);

/// <summary>
/// Finds out who calls. A bearer token that is sent counts, even beside a session: a device in an embedded browser stays that device.
/// The scope is one that the token must carry, and the account must have.
/// </summary>
internal sealed class ApiCallers(ApproverSession session, IPairingPolicy policy)
{
    public async Task<Parsed<ApiCaller>> AuthenticateAsync(HttpContext context, string scope)
    {
        if (context.Request.Headers.Authorization is [{ } header, ..] && header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
        {
            if ((await context.AuthenticateAsync(DeviceTokenDefaults.AuthenticationScheme)).Principal is not { } token)
            {
                return Refuse(await ChallengedAsync(context));
            }

            var scopes = token.FindAll(DeviceTokenDefaults.ScopeClaim).Select(claim => claim.Value).ToArray();
            return scopes.Contains(scope, StringComparer.Ordinal)
                ? new ApiCaller(token.FindFirst(ClaimTypes.NameIdentifier)!.Value, scopes, IsPerson: false)
                : Refuse(await InsufficientAsync(context));
        }

        var reads = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
        if (!(reads ? await session.AuthenticateAsync(context) : await session.AuthenticateForDecisionAsync(context)).TryGet(out var person, out var refusal))
        {
            return Refuse(refusal);
        }

        if (await policy.ScopesNowAsync(person.UserId, [scope], context.RequestAborted) is not [_])
        {
            return Refuse(ApproverJson.Forbidden());
        }

        if (person.Scopes?.Contains(scope, StringComparer.Ordinal) == false)
        {
            await session.LacksAsync(context, person, [scope]); // for the log: it names the setting
            return Refuse(ApproverJson.SignInLacksScopes());
        }

        return new ApiCaller(person.UserId, person.Scopes, IsPerson: true);
    }

    private static Parsed<ApiCaller> Refuse(IResult refusal) => Parsed.Refuse<ApiCaller>(refusal);

    /// <summary>The bearer handler's own challenge, with RomM's body.</summary>
    private static async Task<IResult> ChallengedAsync(HttpContext context)
    {
        await context.ChallengeAsync(DeviceTokenDefaults.AuthenticationScheme);
        return JsonDialect.Error(context.Response.StatusCode, "Not authenticated");
    }

    /// <summary>The bearer handler's own refusal, <c>insufficient_scope</c> (RFC 6750 §3.1), with RomM's body.</summary>
    private static async Task<IResult> InsufficientAsync(HttpContext context)
    {
        await context.ForbidAsync(DeviceTokenDefaults.AuthenticationScheme);
        return ApproverJson.Forbidden();
    }
}
