using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Claims;
using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Http;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Authentication;

/// <summary>
/// The person behind a request, by the host's own sign-in. A device token is never one: else a paired device could pair others.
/// </summary>
internal sealed class ApproverSession(
    IAuthenticationSchemeProvider schemes, IOptions<DeviceAuthorizationOptions> options, TimeProvider clock, ILogger<ApproverSession> logger)
{
    /// <summary>What JWT handlers call <c>scp</c> unless the host sets <c>MapInboundClaims</c> to false.</summary>
    private const string MappedScp = "http://schemas.microsoft.com/identity/claims/scope";

    private static readonly string[] ScopesOfOpenIdConnect = ["openid", "profile", "email", "address", "phone", "offline_access"];

    private readonly ConcurrentDictionary<string, bool> _said = new(StringComparer.Ordinal);

    /// <summary>Fails where it cannot be told which scheme people sign in with, and says when its sign-ins cannot be noted.</summary>
    public async Task CheckAsync(IOptionsMonitor<CookieAuthenticationOptions> cookies)
    {
        await CheckAsync(nameof(options.Value.ApproverScheme), options.Value.ApproverScheme);
        var scheme = await SchemeAsync();
        if (IsCookie((await schemes.GetSchemeAsync(scheme))?.HandlerType) && cookies.Get(scheme).EventsType is { } events && IsFirst(nameof(Log.SignInsNotNoted)))
        {
            logger.SignInsNotNoted(scheme, events.Name);
        }
    }

    /// <summary>Fails where the scheme of the sign-in is none, and says when people cannot sign in from the pages, as far as the scheme tells.</summary>
    public async Task CheckPagesAsync()
    {
        await CheckAsync(nameof(options.Value.ApproverChallengeScheme), options.Value.ApproverChallengeScheme);
        var scheme = await ChallengeSchemeAsync();
        if ((await schemes.GetSchemeAsync(scheme))?.HandlerType.Name is "JwtBearerHandler" or "BearerTokenHandler" or "CompositeIdentityHandler") // the last is of AddIdentityApiEndpoints()
        {
            WarnNoSignInPage(scheme);
        }
    }

    private async Task CheckAsync(string setting, string? scheme)
    {
        if (scheme is not null && await schemes.GetSchemeAsync(scheme) is null)
        {
            var registered = string.Join("', '", (await schemes.GetAllSchemesAsync()).Select(known => known.Name));
            throw new InvalidOperationException(
                $"DeviceAuthorization:{setting} is '{scheme}', but the host has no authentication scheme of that name. It has '{registered}'.");
        }
    }

    /// <summary>Finds out who is signed in; the refusal is in RomM's JSON.</summary>
    public async Task<Parsed<Approver>> AuthenticateAsync(HttpContext context)
    {
        if (await SignedInAsync(context) is not { } ticket)
        {
            return Parsed.Refuse<Approver>(Problems.NotSignedIn(context));
        }

        return Identify(ticket, context) is { } approver ? approver : Parsed.Refuse<Approver>(Problems.Forbidden());
    }

    /// <summary>
    /// The same, for what changes something: a browser must say, where it says anything, that the request comes from this origin.
    /// That another site could also send an Authorization header changes nothing.
    /// </summary>
    public async Task<Parsed<Approver>> AuthenticateForDecisionAsync(HttpContext context) =>
        IsCrossSite(context.Request) ? Parsed.Refuse<Approver>(Problems.Forbidden()) : await AuthenticateAsync(context);

    /// <summary>Who is signed in; null when nobody is.</summary>
    public async Task<AuthenticationTicket?> SignedInAsync(HttpContext context) =>
        (await context.AuthenticateAsync(await SchemeAsync())).Ticket is { Principal.Identity.IsAuthenticated: true } ticket ? ticket : null;

    /// <summary>The approver behind a sign-in; null when it is a device, or has no user id.</summary>
    public Approver? Identify(AuthenticationTicket ticket, HttpContext context)
    {
        var principal = ticket.Principal;
        if (principal.Identities.Any(IsDevice))
        {
            return null;
        }

        if (UserId(principal) is not { Length: > 0 } userId)
        {
            if (IsFirst(nameof(Log.ApproverWithoutId)))
            {
                var types = string.Join(", ", principal.Claims.Select(claim => claim.Type).Distinct(StringComparer.Ordinal));
                logger.ApproverWithoutId(ticket.AuthenticationScheme, types);
            }

            return null;
        }

        return new Approver(userId, ScopesOf(principal), SignedInAt(ticket)) { Address = ClientNetwork.PersonsAddressOf(context) };
    }

    /// <summary>The one reading of who a principal is. Our own tokens hold the id as the host gave it.</summary>
    public string? UserId(ClaimsPrincipal principal) =>
        principal.Identities.FirstOrDefault(IsDevice) is { } device ? device.FindFirst(ClaimTypes.NameIdentifier)?.Value
        : !principal.Identities.Any(identity => identity.IsAuthenticated) ? null
        : options.Value.ApproverUserId is { } find ? find(principal)
        : (principal.FindFirst(ClaimTypes.NameIdentifier) ?? principal.FindFirst("sub"))?.Value;

    /// <summary>Logs once if the sign-in is limited to less than these scopes, and the account has the others: a setting may be wrong.</summary>
    /// <returns>Whether it is.</returns>
    public async Task<bool> WarnIfLimitedAsync(HttpContext context, Approver approver, IEnumerable<string> scopes)
    {
        if (approver.Scopes is not { } held
            || scopes.Except(held, StringComparer.Ordinal).ToArray() is not { Length: > 0 } beyond
            || await context.RequestServices.GetRequiredService<IPairingPolicy>().ScopesNowAsync(approver.UserId, beyond, context.RequestAborted)
                is not { Count: > 0 } lacking)
        {
            return false;
        }

        if (IsFirst(nameof(Log.SignInLacksScopes)))
        {
            var names = string.Join(' ', lacking);
            logger.SignInLacksScopes(approver.UserId, names, options.Value.ApproverScopeClaim ?? "scope or scp");
        }

        return true;
    }

    /// <summary>Logs once why a sign-in does not count as a new one, and what to set.</summary>
    public async Task WarnNotNewAsync(Approver approver)
    {
        if (approver.SignedInAt is null && IsFirst(nameof(Log.SignInTimeUnknown)))
        {
            logger.SignInTimeUnknown(approver.UserId, await SchemeAsync());
        }
        else if (approver.SignedInAt is not null && IsFirst(nameof(Log.SignInNotNew)))
        {
            logger.SignInNotNew(approver.UserId, await ChallengeSchemeAsync());
        }
    }

    /// <summary>Logs once that nobody can sign in from our pages.</summary>
    public void WarnNoSignInPage(string scheme)
    {
        if (IsFirst(nameof(Log.NoSignInPage)))
        {
            logger.NoSignInPage(scheme);
        }
    }

    private static bool IsDevice(ClaimsIdentity identity) => identity.AuthenticationType == DeviceTokenDefaults.AuthenticationType;

    /// <summary>What every request would repeat is logged once.</summary>
    private bool IsFirst(string message) => _said.TryAdd(message, true);

    /// <summary>
    /// The scopes that the credential is limited to; null when it stands for the whole account. The scopes with which an identity provider
    /// signed the person in are its own and limit nothing here, unless the host has scopes of these names, or names the claim that limits.
    /// </summary>
    private string[]? ScopesOf(ClaimsPrincipal principal)
    {
        string[] types = options.Value.ApproverScopeClaim switch
        {
            null => [DeviceTokenDefaults.ScopeClaim, "scp", MappedScp],
            "" => [],
            "scp" => ["scp", MappedScp],
            var type => [type],
        };
        var claims = principal.Claims.Where(claim => types.Contains(claim.Type, StringComparer.Ordinal)).ToArray();
        if (claims.Length == 0)
        {
            return null;
        }

        string[] scopes = [.. claims
            .SelectMany(claim => claim.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Distinct(StringComparer.Ordinal)];
        var areProviders = options.Value.ApproverScopeClaim is null && scopes.Length > 0
            && scopes.All(scope => ScopesOfOpenIdConnect.Contains(scope, StringComparer.Ordinal) && !options.Value.Scopes.ContainsKey(scope));
        return areProviders ? null : scopes;
    }

    /// <summary>
    /// When they last proved who they are: as the identity provider says (OpenID Connect Core 1.0 §2, auth_time), in a claim or where the host
    /// kept it in the ticket; else as <see cref="SignInStamp"/> noted when they signed in here. Null when none tells. The ticket's IssuedUtc
    /// and a JWT's iat and nbf do not: renewals move them.
    /// </summary>
    private DateTimeOffset? SignedInAt(AuthenticationTicket ticket)
    {
        const string AuthTime = "auth_time";
        var said = ticket.Principal.FindFirst(AuthTime)?.Value;
        if (said is null && !ticket.Properties.Items.TryGetValue(AuthTime, out said))
        {
            return SignInStamp.Read(ticket.Properties);
        }

        var latest = (clock.GetUtcNow() + SignInAsked.ClockSkew).ToUnixTimeSeconds(); // a time to come would count for every pairing until then
        return long.TryParse(said, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds <= latest
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : null;
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
    /// The scheme that sends people to the sign-in: the configured one; else the host's default for it, where that leads to a page, which
    /// schemes of APIs do not; else the one that they are signed in with.
    /// </summary>
    public async Task<string> ChallengeSchemeAsync()
    {
        if ((options.Value.ApproverChallengeScheme ?? options.Value.ApproverScheme) is { } configured)
        {
            return configured;
        }

        return await schemes.GetDefaultChallengeSchemeAsync() is { } byDefault && LeadsToPage(byDefault.HandlerType) ? byDefault.Name : await SchemeAsync();

        static bool LeadsToPage(Type handler) =>
            IsCookie(handler) || typeof(IAuthenticationRequestHandler).IsAssignableFrom(handler) || handler == typeof(PolicySchemeHandler);
    }

    /// <summary>
    /// Ends the session in this browser. Schemes of identity providers and those that choose among others hold none: then it is the cookies of
    /// the same user. The provider's own session goes on, and its page lets people choose another account.
    /// </summary>
    public async Task SignOutAsync(HttpContext context)
    {
        var name = await SchemeAsync();
        var handler = (await schemes.GetSchemeAsync(name))?.HandlerType;
        var isOut = typeof(IAuthenticationRequestHandler).IsAssignableFrom(handler); // its own sign-out would be a journey to the provider
        foreach (var cookie in IsCookie(handler) ? [] : (await schemes.GetAllSchemesAsync()).Where(scheme => IsCookie(scheme.HandlerType)))
        {
            if ((await context.AuthenticateAsync(cookie.Name)).Principal is { } principal && UserId(principal) == UserId(context.User))
            {
                await context.SignOutAsync(cookie.Name);
                isOut = true;
            }
        }

        if (!isOut)
        {
            await context.SignOutAsync(name);
        }
    }

    private static bool IsCookie(Type? handler) => typeof(CookieAuthenticationHandler).IsAssignableFrom(handler);

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
