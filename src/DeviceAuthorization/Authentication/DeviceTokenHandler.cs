using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization;

/// <summary>
/// Authenticates a paired device by its bearer token (RFC 6750), from the <c>Authorization</c> header and nowhere else. Nothing is
/// cached: a revoked token, a removed device or an inactive user is refused on the next request.
/// </summary>
internal sealed class DeviceTokenHandler(
    IDeviceRepository devices,
    IPairingPolicy policy,
    LastUse lastUse,
    IOptions<DeviceAuthorizationOptions> flow,
    IOptionsMonitor<DeviceTokenOptions> options,
    ILoggerFactory logger,
    UrlEncoder encoder)
    : AuthenticationHandler<DeviceTokenOptions>(options, logger, encoder)
{
    private const string Bearer = "Bearer ";
    private const int LongestToken = 512;

    // One text for unknown, expired and revoked: which of them it is, is nobody's business (RFC 6750 §3.1).
    private const string InvalidToken = "The token is not valid.";
    private const string InvalidRequest = "There is more than one Authorization header.";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var header = Request.Headers.Authorization;
        if (header.Count > 1)
        {
            return AuthenticateResult.Fail(InvalidRequest);
        }

        if (header is not [{ } credentials] || !credentials.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
        {
            return AuthenticateResult.NoResult();
        }

        var now = TimeProvider.Now();
        if (credentials.Length > LongestToken
            || !DeviceToken.TryParse(credentials[Bearer.Length..].Trim(' '), flow.Value.TokenPrefix, out var token)
            || await devices.FindTokenAsync(token.Hash(), Context.RequestAborted) is not var (issued, device)
            || now >= issued.ExpiresAt
            || await policy.ScopesNowAsync(issued.UserId, issued.Scopes, Context.RequestAborted) is not { } scopes)
        {
            return AuthenticateResult.Fail(InvalidToken);
        }

        lastUse.Record(Context, issued, now);
        Context.Features.Set(device is null ? null : new PairedDevice(device, issued.Id, scopes));
        Claim[] claims =
        [
            new(ClaimTypes.NameIdentifier, issued.UserId),
            .. device is null ? [] : new Claim[] { new(DeviceTokenDefaults.DeviceIdClaim, device.Id) },
            new(DeviceTokenDefaults.TokenIdClaim, issued.Id.ToString()),
            .. scopes.Select(scope => new Claim(DeviceTokenDefaults.ScopeClaim, scope)),
        ];
        var principal = new ClaimsPrincipal(new ClaimsIdentity(claims, DeviceTokenDefaults.AuthenticationType));
        return AuthenticateResult.Success(new AuthenticationTicket(principal, Scheme.Name));
    }

    /// <summary>RFC 6750 §3.1: no error where no token was sent.</summary>
    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        var (status, error) = (await HandleAuthenticateOnceSafeAsync()).Failure?.Message switch
        {
            null => (StatusCodes.Status401Unauthorized, ""),
            InvalidRequest => (StatusCodes.Status400BadRequest, $", error=\"invalid_request\", error_description=\"{InvalidRequest}\""),
            _ => (StatusCodes.Status401Unauthorized, $", error=\"invalid_token\", error_description=\"{InvalidToken}\""),
        };
        Answer(status, error);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        var required = Context.GetEndpoint()?.Metadata.GetOrderedMetadata<RequiredScope>().Select(scope => scope.Name) ?? [];
        var scope = string.Join(' ', required);
        Answer(StatusCodes.Status403Forbidden, ", error=\"insufficient_scope\"" + (scope.Length > 0 ? $", scope=\"{scope}\"" : ""));
        return Task.CompletedTask;
    }

    private void Answer(int status, string error)
    {
        Response.StatusCode = status;
        Response.Headers.CacheControl = "no-store";
        Response.Headers.Append("WWW-Authenticate", $"Bearer realm=\"{Options.Realm}\"{error}");
    }
}
