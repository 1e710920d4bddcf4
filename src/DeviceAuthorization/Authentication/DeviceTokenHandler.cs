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
internal sealed class DeviceTokenHandler : AuthenticationHandler<DeviceTokenOptions>
{
    private const int LongestToken = 512;
    private static readonly TimeSpan TouchDebounce = TimeSpan.FromMinutes(5);

    // One text for unknown, expired and revoked: which of them it is, is nobody's business (RFC 6750 §3.1).
    private const string InvalidToken = "The token is not valid.";
    private const string InvalidRequest = "There is more than one Authorization header.";

    private readonly IDeviceRepository _devices;
    private readonly IPairingPolicy _policy;
    private readonly string _tokenPrefix;

    /// <summary>For dependency injection.</summary>
    public DeviceTokenHandler(
        IDeviceRepository devices,
        IPairingPolicy policy,
        IOptions<DeviceAuthorizationOptions> flow,
        IOptionsMonitor<DeviceTokenOptions> options,
        ILoggerFactory logger,
        UrlEncoder encoder)
        : base(options, logger, encoder)
    {
        ArgumentNullException.ThrowIfNull(flow);
        (_devices, _policy, _tokenPrefix) = (devices, policy, flow.Value.TokenPrefix);
    }

    /// <inheritdoc/>
    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var header = Request.Headers.Authorization;
        if (header.Count > 1)
        {
            return AuthenticateResult.Fail(InvalidRequest);
        }

        if (header.Count == 0 || !header[0]!.StartsWith("Bearer", StringComparison.OrdinalIgnoreCase) || header[0] is not [_, _, _, _, _, _, ' ', ..])
        {
            return AuthenticateResult.NoResult();
        }

        var (value, now) = (header[0]!["Bearer ".Length..].Trim(' '), TimeProvider.Now());
        if (value.Length > LongestToken
            || !DeviceToken.TryParse(value, _tokenPrefix, out var token)
            || await _devices.FindTokenAsync(token.Hash(), Context.RequestAborted) is not var (issued, device)
            || now >= issued.ExpiresAt
            || await _policy.ScopesNowAsync(issued.UserId, issued.Scopes, Context.RequestAborted) is not { } scopes)
        {
            return AuthenticateResult.Fail(InvalidToken);
        }

        if (!(issued.LastUsedAt + TouchDebounce > now))
        {
            TouchAfterResponse(issued.Id, now);
        }

        Context.Features.Set(new PairedDevice(device, issued.Id, scopes));
        var identity = new ClaimsIdentity(
            [
                new(ClaimTypes.NameIdentifier, issued.UserId),
                new(DeviceTokenDefaults.DeviceIdClaim, device.Id),
                new(DeviceTokenDefaults.TokenIdClaim, issued.Id.ToString()),
                .. scopes.Select(scope => new Claim(DeviceTokenDefaults.ScopeClaim, scope)),
            ],
            DeviceTokenDefaults.AuthenticationType);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Scheme.Name));
    }

    /// <inheritdoc/>
    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        var failure = (await HandleAuthenticateOnceSafeAsync()).Failure?.Message;
        (Response.StatusCode, var error) = failure switch
        {
            null => (StatusCodes.Status401Unauthorized, ""), // no credentials, no error (RFC 6750 §3.1)
            InvalidRequest => (StatusCodes.Status400BadRequest, $", error=\"invalid_request\", error_description=\"{failure}\""),
            _ => (StatusCodes.Status401Unauthorized, $", error=\"invalid_token\", error_description=\"{InvalidToken}\""),
        };
        Challenge(error);
    }

    /// <inheritdoc/>
    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        Response.StatusCode = StatusCodes.Status403Forbidden;
        var required = Context.GetEndpoint()?.Metadata.GetOrderedMetadata<RequiredScope>().Select(scope => scope.Name) ?? [];
        var scopes = string.Join(' ', required);
        Challenge(", error=\"insufficient_scope\"" + (scopes.Length > 0 ? $", scope=\"{scopes}\"" : ""));
        return Task.CompletedTask;
    }

    private void Challenge(string error)
    {
        Response.Headers.Append("WWW-Authenticate", $"Bearer realm=\"{Options.Realm}\"{error}");
        Response.Headers.CacheControl = "no-store";
    }

    /// <summary>Neither delays the answer nor fails it.</summary>
    private void TouchAfterResponse(Guid tokenId, DateTimeOffset now) => Response.OnCompleted(async () =>
    {
        try
        {
            await _devices.TouchAsync(tokenId, now, TouchDebounce, CancellationToken.None);
        }
        catch (Exception exception)
        {
            Logger.TouchFailed(exception, tokenId);
        }
    });
}
