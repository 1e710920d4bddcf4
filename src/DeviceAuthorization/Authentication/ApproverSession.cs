using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Claims;
using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Flow;
using DeviceAuthorization.Http;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Authentication;

/// <summary>Finds the person behind a request, by the host's own sign-in. Never accepts a device token: a paired device could pair others.</summary>
internal sealed class ApproverSession(
    IAuthenticationSchemeProvider schemes, IOptions<DeviceAuthorizationOptions> options, TimeProvider clock, ILogger<ApproverSession> logger)
{
    /// <summary>The claim type that JWT handlers use for <c>scp</c>, unless the host sets <c>MapInboundClaims</c> to false.</summary>
    private const string MappedScp = "http://schemas.microsoft.com/identity/claims/scope";

    private static readonly string[] ScopesOfOpenIdConnect = ["openid", "profile", "email", "address", "phone", "offline_access"];

    private readonly ConcurrentDictionary<string, bool> _said = new(StringComparer.Ordinal);

    /// <summary>Throws if the scheme that people sign in with is unclear. Logs if <see cref="SignInStamp"/> cannot record its sign-ins.</summary>
    public async Task CheckAsync(IOptionsMonitor<CookieAuthenticationOptions> cookies)
    {
        if ((await schemes.GetAllSchemesAsync()).All(scheme => scheme.HandlerType == typeof(DeviceTokenHandler)))
        {
            throw new InvalidOperationException("Call services.AddAuthentication() with the scheme people sign in with, such as AddCookie(), first.");
        }

        await CheckAsync(nameof(options.Value.ApproverScheme), options.Value.ApproverScheme);
        var scheme = await SchemeAsync();
        if (IsCookie((await schemes.GetSchemeAsync(scheme))?.HandlerType) && cookies.Get(scheme).EventsType is { } events && IsFirst(nameof(Log.SignInsNotNoted)))
        {
            logger.SignInsNotNoted(scheme, events.Name);
        }
    }

    /// <summary>Throws if the scheme of the sign-in does not exist. Logs if that scheme is known to have no sign-in page.</summary>
    public async Task CheckPagesAsync()
    {
        await CheckAsync(nameof(options.Value.ApproverChallengeScheme), options.Value.ApproverChallengeScheme);
        var scheme = await ChallengeSchemeAsync();
        if ((await schemes.GetSchemeAsync(scheme))?.HandlerType.Name is "JwtBearerHandler" or "BearerTokenHandler" or "CompositeIdentityHandler") // AddIdentityApiEndpoints() adds the last
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

    /// <summary>Finds the approver who is signed in. A refusal is in RomM's JSON.</summary>
    public async Task<Parsed<Approver>> AuthenticateAsync(HttpContext context)
    {
        if (await SignedInAsync(context) is not { } ticket)
        {
            return Parsed.Refuse<Approver>(Problems.NotSignedIn(context));
        }

        return Identify(ticket, context) is { } approver ? approver : Parsed.Refuse<Approver>(Problems.Forbidden());
    }

    /// <summary>
    /// As above, for requests that change something. Refuses a request that the browser marks as cross-site, even if it has an Authorization header,
    /// unless it is from one of <see cref="DeviceAuthorizationOptions.ApproverOrigins"/>. Logs the first one.
    /// </summary>
    public async Task<Parsed<Approver>> AuthenticateSameSiteAsync(HttpContext context)
    {
        var origin = context.Request.Headers.Origin.ToString();
        if (options.Value.ApproverOrigins.Contains(origin, StringComparer.OrdinalIgnoreCase) || !IsCrossSite(context.Request))
        {
            return await AuthenticateAsync(context);
        }

        if (origin.Length > 0 && IsFirst(nameof(Log.OriginRefused)))
        {
            logger.OriginRefused(origin);
        }

        return Parsed.Refuse<Approver>(Problems.Forbidden());
    }

    /// <summary>The ticket of the host's sign-in; null if nobody is signed in, or their account ended that sign-in.</summary>
    public async Task<AuthenticationTicket?> SignedInAsync(HttpContext context) =>
        await FindSchemeAsync() is { } scheme
        && (await context.AuthenticateAsync(scheme)).Ticket is { Principal.Identity.IsAuthenticated: true } ticket
        && await context.RequestServices.GetRequiredService<WatchedPolicy>().AcceptsSignInAsync(ticket.Principal, context.RequestAborted)
            ? ticket
            : null;

    /// <summary>Whether somebody is signed in, and not by a cookie: the scheme read another header.</summary>
    public async Task<bool> IsSignedInByHeaderAsync(HttpContext context) =>
        await SignedInAsync(context) is { } ticket && !IsCookie((await schemes.GetSchemeAsync(ticket.AuthenticationScheme))?.HandlerType);

    /// <summary>The approver behind a sign-in; null if it is a device, or has no user id of 1 to 255 characters.</summary>
    public Approver? Identify(AuthenticationTicket ticket, HttpContext context)
    {
        var principal = ticket.Principal;
        if (principal.Identities.Any(IsDevice))
        {
            return null;
        }

        if (UserId(principal) is not { Length: > 0 and <= Approver.LongestUserId } userId)
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

    /// <summary>The user id of a principal; null if it has none. Our own tokens hold the id that the host gave.</summary>
    public string? UserId(ClaimsPrincipal principal) =>
        principal.Identities.FirstOrDefault(IsDevice) is { } device ? device.FindFirst(ClaimTypes.NameIdentifier)?.Value
        : !principal.Identities.Any(identity => identity.IsAuthenticated) ? null
        : options.Value.ApproverUserId is { } find ? HostCode.Run(nameof(options.Value.ApproverUserId), () => find(principal))
        : (principal.FindFirst(ClaimTypes.NameIdentifier) ?? principal.FindFirst("sub"))?.Value;

    /// <summary>Logs once if the sign-in lacks scopes that the account has: a setting may be wrong.</summary>
    /// <returns>Whether the sign-in lacks such scopes.</returns>
    public async Task<bool> WarnIfLimitedAsync(HttpContext context, Approver approver, IEnumerable<string> scopes)
    {
        if (approver.Scopes is not { } held
            || scopes.Except(held, StringComparer.Ordinal).ToArray() is not { Length: > 0 } beyond
            || await context.RequestServices.GetRequiredService<WatchedPolicy>().ScopesNowAsync(approver.UserId, beyond, context.RequestAborted)
                is not { Count: > 0 } lacking)
        {
            return false;
        }

        if (IsFirst(nameof(Log.SignInLacksScopes)))
        {
            var names = string.Join(' ', lacking);
            logger.SignInLacksScopes(AuditText.Id(approver.UserId), names, options.Value.ApproverScopeClaim ?? "scope or scp");
        }

        return true;
    }

    /// <summary>Logs once why a sign-in does not count as a new one, and what to set.</summary>
    public async Task WarnNotNewAsync(Approver approver)
    {
        if (approver.SignedInAt is null && IsFirst(nameof(Log.SignInTimeUnknown)))
        {
            logger.SignInTimeUnknown(AuditText.Id(approver.UserId), await SchemeAsync());
        }
        else if (approver.SignedInAt is not null && IsFirst(nameof(Log.SignInNotNew)))
        {
            logger.SignInNotNew(AuditText.Id(approver.UserId), await ChallengeSchemeAsync());
        }
    }

    /// <summary>Logs once that people cannot sign in from our pages.</summary>
    public void WarnNoSignInPage(string scheme)
    {
        if (IsFirst(nameof(Log.NoSignInPage)))
        {
            logger.NoSignInPage(scheme);
        }
    }

    private static bool IsDevice(ClaimsIdentity identity) => identity.AuthenticationType == DeviceTokenDefaults.AuthenticationType;

    /// <summary>Whether the message was not logged before. Every request would repeat it.</summary>
    private bool IsFirst(string message) => _said.TryAdd(message, true);

    /// <summary>
    /// The scopes that the credential is limited to; null if it stands for the whole account. OpenID Connect's own scopes limit nothing here, unless
    /// the host defines scopes of these names or names the claim that limits.
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
    /// When the person last proved who they are; null if unknown. Reads <c>auth_time</c> (OpenID Connect Core 1.0 §2) from a claim or the ticket, and
    /// otherwise the record of <see cref="SignInStamp"/> or <see cref="BearerSignInStamp"/>. Ignores the ticket's IssuedUtc and a JWT's iat and nbf,
    /// because renewals move them.
    /// </summary>
    private DateTimeOffset? SignedInAt(AuthenticationTicket ticket)
    {
        const string AuthTime = "auth_time";
        var said = ticket.Principal.FindFirst(AuthTime)?.Value;
        if (said is null && !ticket.Properties.Items.TryGetValue(AuthTime, out said))
        {
            return SignInStamp.Read(ticket.Properties);
        }

        var latest = (clock.GetUtcNow() + SignInAsked.ClockSkew).ToUnixTimeSeconds(); // until it comes, a future time would count as new for every pairing
        return long.TryParse(said, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds <= latest
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : null;
    }

    /// <summary>The scheme that people sign in with: the configured one, else the host's default, else its only one besides ours.</summary>
    public async Task<string> SchemeAsync() => await FindSchemeAsync() ?? throw new InvalidOperationException(
        "Cannot tell which authentication scheme people sign in with. Set DeviceAuthorization:ApproverScheme, or name a default scheme in AddAuthentication(…).");

    /// <summary>As above; null if it is unclear, or if the host is for devices only.</summary>
    private async Task<string?> FindSchemeAsync()
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
            : null;
    }

    /// <summary>
    /// The scheme that leads people to the sign-in page: the configured one, else the host's default challenge scheme, else the scheme that people
    /// sign in with. A default that has no page, such as that of an API, does not count.
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
    /// Ends the session in this browser. Identity providers' schemes and forwarding schemes keep no session, so this signs the same user out of the
    /// cookie schemes. The provider's own session continues; its page lets people choose another account.
    /// </summary>
    public async Task SignOutAsync(HttpContext context)
    {
        var name = await SchemeAsync();
        var handler = (await schemes.GetSchemeAsync(name))?.HandlerType;
        var isOut = typeof(IAuthenticationRequestHandler).IsAssignableFrom(handler); // its own sign-out would redirect to the provider
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
    /// Whether a browser marks the request as cross-site. If the browser sends <c>Sec-Fetch-Site</c> (over HTTPS and on loopback), only that header
    /// counts.
    /// </summary>
    /// <param name="fromOurPage">
    /// Whether to accept <c>Origin: null</c>. A page with <c>Referrer-Policy: no-referrer</c>, as ours, sends it even to its own site (Fetch
    /// standard, "append a request Origin header"). The antiforgery token must then prove where the form is from.
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
