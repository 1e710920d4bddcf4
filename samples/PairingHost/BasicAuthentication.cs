using System.Net.Http.Headers;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace PairingHost;

/// <summary>HTTP Basic, for scripts: <c>curl -u alice:demo</c>.</summary>
internal sealed class BasicAuthentication(
    Accounts accounts, IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "Basic";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var bytes = new byte[256];
        return Task.FromResult(
            AuthenticationHeaderValue.TryParse(Request.Headers.Authorization, out var header)
            && Convert.TryFromBase64String(header.Parameter ?? "", bytes, out var length)
            && Encoding.UTF8.GetString(bytes, 0, length).Split(':', 2) is [var username, var password]
            && accounts.SignIn(username, password) is { } account
                ? AuthenticateResult.Success(new AuthenticationTicket(Accounts.Principal(account, SchemeName), SchemeName))
                : AuthenticateResult.Fail("Wrong user or password."));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = "Basic realm=\"PairingHost\"";
        return base.HandleChallengeAsync(properties);
    }
}
