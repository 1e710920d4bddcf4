using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization;

/// <summary>
/// The person behind a request, by the host's own sign-in. A device token is never one: else a paired device could pair others.
/// </summary>
internal sealed class ApproverSession(IAuthenticationSchemeProvider schemes, IOptions<DeviceAuthorizationOptions> options)
{
    /// <summary>Finds out who is signed in; the refusal is in RomM's JSON.</summary>
    public async Task<Parsed<Approver>> AuthenticateAsync(HttpContext context)
    {
        if (await SignedInAsync(context) is not { } principal)
        {
            return Parsed.Refuse<Approver>(ApproverJson.NotAuthenticated(context));
        }

        return Identify(principal) is { } approver ? approver : Parsed.Refuse<Approver>(ApproverJson.Forbidden());
    }

    /// <summary>
    /// The same, for what changes something: a browser must say, where it says anything, that the request comes from this origin.
    /// That another site could also send an Authorization header changes nothing.
    /// </summary>
    public async Task<Parsed<Approver>> AuthenticateForDecisionAsync(HttpContext context) =>
        IsCrossSite(context.Request) ? Parsed.Refuse<Approver>(ApproverJson.Forbidden()) : await AuthenticateAsync(context);

    /// <summary>Who is signed in; null when nobody is.</summary>
    public async Task<ClaimsPrincipal?> SignedInAsync(HttpContext context) =>
        (await context.AuthenticateAsync(await SchemeAsync())).Principal is { Identity.IsAuthenticated: true } principal ? principal : null;

    /// <summary>The approver behind a principal; null when it is a device, or has no user id.</summary>
    public static Approver? Identify(ClaimsPrincipal principal)
    {
        if (principal.Identities.Any(identity => identity.AuthenticationType == DeviceTokenDefaults.AuthenticationType)
            || (principal.FindFirst(ClaimTypes.NameIdentifier) ?? principal.FindFirst("sub"))?.Value is not { Length: > 0 } userId)
        {
            return null;
        }

        var scopes = principal.FindAll(DeviceTokenDefaults.ScopeClaim).SelectMany(claim => claim.Value.Split(' ')).ToArray();
        return new Approver(userId, scopes.Length > 0 ? scopes : null);
    }

    /// <summary>The scheme people sign in with: the configured one, the host's default, or its only one besides ours.</summary>
    public async Task<string> SchemeAsync()
    {
        if (options.Value.ApproverScheme is { } configured)
        {
            return configured;
        }

        if (await schemes.GetDefaultAuthenticateSchemeAsync() is { } byDefault && byDefault.HandlerType != typeof(DeviceTokenHandler))
        {
            return byDefault.Name;
        }

        return (await schemes.GetAllSchemesAsync()).Where(scheme => scheme.HandlerType != typeof(DeviceTokenHandler)).ToArray() is [var only]
            ? only.Name
            : throw new InvalidOperationException(
                "Cannot tell which authentication scheme people sign in with. Set DeviceAuthorization:ApproverScheme, or name a default scheme in AddAuthentication(…).");
    }

    /// <summary>
    /// Whether a browser says that the request comes from another site. <c>Sec-Fetch-Site</c> has the last word; browsers send none
    /// over plain HTTP, and old ones never.
    /// </summary>
    public bool IsCrossSite(HttpRequest request)
    {
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        if (site.Length > 0)
        {
            return site is not ("same-origin" or "none");
        }

        var origin = request.Headers.Origin.ToString();
        return origin.Length > 0
            && !origin.Equals($"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase)
            && !origin.Equals(options.Value.PublicOrigin?.GetLeftPart(UriPartial.Authority), StringComparison.OrdinalIgnoreCase);
    }
}
