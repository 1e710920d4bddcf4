using System.Globalization;
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
        if (await SignedInAsync(context) is not { } ticket)
        {
            return Parsed.Refuse<Approver>(ApproverJson.NotAuthenticated(context));
        }

        return Identify(ticket, context) is { } approver ? approver : Parsed.Refuse<Approver>(ApproverJson.Forbidden());
    }

    /// <summary>
    /// The same, for what changes something: a browser must say, where it says anything, that the request comes from this origin.
    /// That another site could also send an Authorization header changes nothing.
    /// </summary>
    public async Task<Parsed<Approver>> AuthenticateForDecisionAsync(HttpContext context) =>
        IsCrossSite(context.Request) ? Parsed.Refuse<Approver>(ApproverJson.Forbidden()) : await AuthenticateAsync(context);

    /// <summary>Who is signed in; null when nobody is.</summary>
    public async Task<AuthenticationTicket?> SignedInAsync(HttpContext context) =>
        (await context.AuthenticateAsync(await SchemeAsync())).Ticket is { Principal.Identity.IsAuthenticated: true } ticket ? ticket : null;

    /// <summary>The approver behind a sign-in; null when it is a device, or has no user id.</summary>
    public static Approver? Identify(AuthenticationTicket ticket, HttpContext context)
    {
        var principal = ticket.Principal;
        if (principal.Identities.Any(identity => identity.AuthenticationType == DeviceTokenDefaults.AuthenticationType)
            || UserId(principal) is not { Length: > 0 } userId)
        {
            return null;
        }

        var scopes = principal.FindAll(DeviceTokenDefaults.ScopeClaim).SelectMany(claim => claim.Value.Split(' ')).ToArray();
        return new Approver(userId, scopes.Length > 0 ? scopes : null, SignedInAt(ticket)) { Address = ClientNetwork.PersonsAddressOf(context) };
    }

    /// <summary>What an identity provider says (OpenID Connect Core 1.0 §2, auth_time); else since when the session is.</summary>
    private static DateTimeOffset? SignedInAt(AuthenticationTicket ticket) =>
        long.TryParse(ticket.Principal.FindFirst("auth_time")?.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : ticket.Properties.IssuedUtc;

    /// <summary>The one reading of who a principal is.</summary>
    public static string? UserId(ClaimsPrincipal principal) =>
        (principal.FindFirst(ClaimTypes.NameIdentifier) ?? principal.FindFirst("sub"))?.Value;

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
    /// Whether a browser says that the request comes from another site. <c>Sec-Fetch-Site</c> has the last word where it is sent, which is
    /// over HTTPS and on loopback.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="fromOurPage">
    /// Whether <c>Origin: null</c> is accepted: a page with <c>Referrer-Policy: no-referrer</c>, as ours, sends it to its own site, too
    /// (Fetch standard, "append a request Origin header"). Its antiforgery token then tells.
    /// </param>
    public bool IsCrossSite(HttpRequest request, bool fromOurPage = false)
    {
        if (request.Headers["Sec-Fetch-Site"].ToString() is { Length: > 0 } site)
        {
            return site is not ("same-origin" or "none");
        }

        return request.Headers.Origin.ToString() is { Length: > 0 } origin
            && !(fromOurPage && origin == "null")
            && !origin.Equals($"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase)
            && !origin.Equals(options.Value.PublicOrigin?.GetLeftPart(UriPartial.Authority), StringComparison.OrdinalIgnoreCase);
    }
}
