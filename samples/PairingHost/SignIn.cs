using System.Net.Http.Headers;
using System.Text;
using System.Text.Encodings.Web;
using DeviceAuthorization;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace PairingHost;

/// <summary>
/// Stands in for the sign-in that a real host has: a page for people, JSON for single-page applications, HTTP Basic for scripts. One
/// scheme forwards to the right one, so that every request has exactly one caller.
/// </summary>
internal static class SignIn
{
    /// <summary>Whoever calls: a device by its token, a script by its password, a person by the cookie.</summary>
    public const string AnyScheme = "Any";

    private const string BasicScheme = "Basic";

    public static void AddSignIn(this WebApplicationBuilder builder)
    {
        if (!builder.Environment.IsDevelopment() && !builder.Configuration.GetValue<bool>("SignIn:OutsideDevelopment"))
        {
            throw new InvalidOperationException("The demo sign-in is for the Development environment only: bring your own.");
        }

        builder.Services.AddAuthentication(AnyScheme)
            .AddPolicyScheme(AnyScheme, null, options => options.ForwardDefaultSelector = context => context.Request.Headers.Authorization.ToString() switch
            {
                var header when header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) => DeviceTokenDefaults.AuthenticationScheme,
                var header when header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase) => BasicScheme,
                _ => CookieAuthenticationDefaults.AuthenticationScheme,
            })
            .AddScheme<AuthenticationSchemeOptions, BasicHandler>(BasicScheme, null)
            .AddCookie(options =>
            {
                options.LoginPath = "/login";
                options.Events.OnRedirectToLogin = context => AnswerAsync(context, StatusCodes.Status401Unauthorized);
                options.Events.OnRedirectToAccessDenied = context => AnswerAsync(context, StatusCodes.Status403Forbidden);
            })
            .AddDeviceToken();
    }

    public static void MapSignIn(this WebApplication app)
    {
        app.MapGet("/login", (HttpContext context, IAntiforgery antiforgery, string? returnUrl) => Form(context, antiforgery, returnUrl));
        app.MapPost("/login", async (HttpContext context, IAntiforgery antiforgery, string? returnUrl) =>
        {
            var form = await context.Request.ReadFormAsync();
            return await antiforgery.IsRequestValidAsync(context) && Accounts.SignIn(form["username"], form["password"]) is { } account
                ? Results.SignIn(
                    Accounts.Principal(account, "password"),
                    new() { RedirectUri = RedirectHttpResult.IsLocalUrl(returnUrl) ? returnUrl : "/" },
                    CookieAuthenticationDefaults.AuthenticationScheme)
                : Form(context, antiforgery, returnUrl);
        });
        app.MapPost("/api/login", (Credentials credentials) => Accounts.SignIn(credentials.Username, credentials.Password) is { } account
            ? Results.SignIn(Accounts.Principal(account, "password"), authenticationScheme: CookieAuthenticationDefaults.AuthenticationScheme)
            : Results.Json(new { detail = "Invalid credentials" }, statusCode: StatusCodes.Status401Unauthorized));
        app.MapPut("/api/users/{id}", (string id, AccountChange change, Accounts accounts) =>
        {
            if (Accounts.Find(id) is null || change.Enabled is not { } enabled)
            {
                return Results.BadRequest();
            }

            accounts.SetEnabled(id, enabled);
            return Results.Ok();
        }).RequireAuthorization(policy => policy.AddAuthenticationSchemes(CookieAuthenticationDefaults.AuthenticationScheme).RequireRole("admin"));
        app.MapPost("/api/logout", () => Results.SignOut(authenticationSchemes: [CookieAuthenticationDefaults.AuthenticationScheme]));
    }

    /// <summary>People who open a page are sent to sign in; programs that call the API get a status, and with a 401 the scheme that devices use.</summary>
    private static Task AnswerAsync(RedirectContext<CookieAuthenticationOptions> context, int status)
    {
        if (context.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal))
        {
            context.Response.StatusCode = status;
            if (status == StatusCodes.Status401Unauthorized)
            {
                context.Response.Headers.WWWAuthenticate = "Bearer realm=\"PairingHost\"";
            }
        }
        else
        {
            context.Response.Redirect(context.RedirectUri);
        }

        return Task.CompletedTask;
    }

    private static IResult Form(HttpContext context, IAntiforgery antiforgery, string? returnUrl)
    {
        var tokens = antiforgery.GetAndStoreTokens(context);
        return Results.Content($$"""
            <!DOCTYPE html><html lang="en"><meta name="viewport" content="width=device-width"><title>Sign in</title>
            <style>body { color-scheme: light dark; font: 1.1rem/1.6 system-ui; max-width: 20rem; margin: 2rem auto; padding: 0 1rem } input, button { font: inherit; width: 100%; margin-bottom: .8rem }</style>
            <h1>Sign in</h1><p>alice, bob or carol, password demo</p>
            <form method="post" action="/login?returnUrl={{UrlEncoder.Default.Encode(returnUrl ?? "/")}}">
            <input type="hidden" name="{{tokens.FormFieldName}}" value="{{tokens.RequestToken}}">
            <label>User <input name="username" autocomplete="username" required></label>
            <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
            <button>Sign in</button></form></html>
            """, "text/html");
    }

    private sealed record Credentials(string? Username, string? Password);

    private sealed record AccountChange(bool? Enabled);

    private sealed class BasicHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            var bytes = new byte[256];
            var known = AuthenticationHeaderValue.TryParse(Request.Headers.Authorization, out var header)
                && Convert.TryFromBase64String(header.Parameter ?? "", bytes, out var length)
                && Encoding.UTF8.GetString(bytes, 0, length).Split(':', 2) is [var username, var password]
                && Accounts.SignIn(username, password) is { } account
                    ? new AuthenticationTicket(Accounts.Principal(account, BasicScheme), Scheme.Name)
                    : null;
            return Task.FromResult(known is null ? AuthenticateResult.Fail("Wrong user or password.") : AuthenticateResult.Success(known));
        }

        protected override Task HandleChallengeAsync(AuthenticationProperties properties)
        {
            Response.Headers.WWWAuthenticate = "Basic realm=\"PairingHost\"";
            return base.HandleChallengeAsync(properties);
        }
    }
}
