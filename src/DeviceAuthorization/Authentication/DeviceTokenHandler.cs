using System.Security.Claims;
using System.Text.Encodings.Web;
using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Flow;
using DeviceAuthorization.Http;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Authentication;

/// <summary>
/// Authenticates a device or script by its access token (RFC 6750). Reads only the <c>Authorization</c> header. Caches nothing: a revoked token, a
/// removed device or an inactive user is refused on the next request. If a store fails, nobody is authenticated, and the challenge is 503, or 500 if the host's set-up is wrong.
/// </summary>
internal sealed class DeviceTokenHandler(
    LiveTokens tokens,
    EndpointGuard guard,
    IOptionsMonitor<DeviceTokenOptions> options,
    ILoggerFactory logger,
    UrlEncoder encoder)
    : AuthenticationHandler<DeviceTokenOptions>(options, new FrameworkLoggers(logger), encoder)
{
    private const string BearerScheme = "Bearer ";
    // One text for unknown, expired and revoked tokens, so that callers cannot tell them apart (RFC 6750 §3.1).
    private const string InvalidToken = "The token is not valid.";
    private const string InvalidRequest = "There is more than one Authorization header.";
    private const string NoDevice = "The token belongs to no device.";

    /// <summary>The bearer token in an <c>Authorization</c> header (RFC 6750 §2.1); null if it has other credentials.</summary>
    public static string? Bearer(string header) =>
        header.StartsWith(BearerScheme, StringComparison.OrdinalIgnoreCase) ? header[BearerScheme.Length..].Trim(' ') : null;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var header = Request.Headers.Authorization;
        if (header.Count > 1)
        {
            return AuthenticateResult.Fail(InvalidRequest);
        }

        if (header is not [{ } credentials] || Bearer(credentials) is not { } token)
        {
            return AuthenticateResult.NoResult();
        }

        try
        {
            return await AuthenticateAsync(token);
        }
        catch (Exception exception) when ((StoreWatch.HasLogged(exception) || Mistake.IsOfSetUp(exception)) && EndpointGuard.CanAnswer(Context))
        {
            Context.Features.Set(guard.Failed(Context, exception));
            return AuthenticateResult.Fail(exception);
        }
    }

    private async Task<AuthenticateResult> AuthenticateAsync(string token)
    {
        if (await tokens.FindAsync(token, Context.RequestAborted) is not { } live)
        {
            return AuthenticateResult.Fail(InvalidToken);
        }

        if (tokens.IsUseDue(live))
        {
            Response.OnCompleted(() => tokens.RecordUseAsync(live)); // delays no answer
        }

        Context.Features.Set(live.Device is null ? null : new PairedDevice(live.Device, live.Id, live.Scopes));
        Claim[] claims =
        [
            new(ClaimTypes.NameIdentifier, live.UserId),
            .. live.Device is null ? [] : new Claim[] { new(DeviceTokenDefaults.DeviceIdClaim, live.Device.Id) },
            new(DeviceTokenDefaults.TokenIdClaim, live.Id.ToString()),
            .. live.Scopes.Select(scope => new Claim(DeviceTokenDefaults.ScopeClaim, scope)),
        ];
        var principal = new ClaimsPrincipal(new ClaimsIdentity(claims, DeviceTokenDefaults.AuthenticationType));
        return AuthenticateResult.Success(new AuthenticationTicket(principal, Scheme.Name));
    }

    /// <summary>RFC 6750 §3.1: names no error if the request has no token. A token that could not be checked is neither valid nor invalid.</summary>
    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        var failure = (await HandleAuthenticateOnceSafeAsync()).Failure;
        if (Context.Features.Get<Failure>() is { } failed)
        {
            await failed.Answer.ExecuteAsync(Context);
            return;
        }

        var (status, error) = failure?.Message switch
        {
            null => (StatusCodes.Status401Unauthorized, ""),
            InvalidRequest => (StatusCodes.Status400BadRequest, $", error=\"invalid_request\", error_description=\"{InvalidRequest}\""),
            _ => (StatusCodes.Status401Unauthorized, $", error=\"invalid_token\", error_description=\"{InvalidToken}\""),
        };
        Answer(status, error);
    }

    /// <summary>RFC 6750 §3.1: the token lacks a scope, or belongs to no device. The RFC has no other error for a valid token without a device.</summary>
    protected override async Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        var metadata = Context.GetEndpoint()?.Metadata;
        var scope = string.Join(' ', metadata?.GetOrderedMetadata<RequireScopeAttribute>().Select(required => required.Scope) ?? []);
        var lacksDevice = metadata?.GetOrderedMetadata<IAuthorizeData>().Any(data => data.Policy == PairedDeviceRequirement.PolicyName) == true
            && (await HandleAuthenticateOnceSafeAsync()).Principal?.HasClaim(claim => claim.Type == DeviceTokenDefaults.DeviceIdClaim) == false;
        Answer(
            StatusCodes.Status403Forbidden,
            ", error=\"insufficient_scope\""
            + (lacksDevice ? $", error_description=\"{NoDevice}\"" : "")
            + (scope.Length > 0 ? $", scope=\"{scope}\"" : ""));
    }

    private void Answer(int status, string error)
    {
        Response.StatusCode = status;
        Response.Headers.CacheControl = "no-store";
        var challenge = $"Bearer realm=\"{Options.Realm}\"{error}";
        if (!Response.Headers.WWWAuthenticate.Contains(challenge, StringComparer.Ordinal)) // an endpoint may also name a scheme that forwards to this one
        {
            Response.Headers.Append("WWW-Authenticate", challenge);
        }
    }

    /// <summary>
    /// The base class logs each refused call at Information, in the category of this type. It is ASP.NET Core's own line, with ASP.NET Core's id, so it belongs
    /// to ASP.NET Core's category: there, every template's <c>"Microsoft.AspNetCore": "Warning"</c> turns it off.
    /// </summary>
    private sealed class FrameworkLoggers(ILoggerFactory loggers) : ILoggerFactory
    {
        public ILogger CreateLogger(string categoryName) => loggers.CreateLogger($"Microsoft.AspNetCore.Authentication.{nameof(DeviceTokenHandler)}");

        public void AddProvider(ILoggerProvider provider) => loggers.AddProvider(provider);

        public void Dispose()
        {
            // the host's loggers outlive this request
        }
    }
}
