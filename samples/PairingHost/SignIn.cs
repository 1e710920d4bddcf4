using System.Text.Encodings.Web;
using DeviceAuthorization;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Http.HttpResults;

namespace PairingHost;

/// <summary>The sign-in, in place of yours: a page for people, JSON for single-page applications, HTTP Basic for scripts, tokens for devices.</summary>
internal static class SignIn
{
    /// <summary>A device with its token, a script with its password, or a person with a cookie.</summary>
    public const string AnyScheme = "Any";

    private const string CookieScheme = CookieAuthenticationDefaults.AuthenticationScheme;

    public static void AddSignIn(this WebApplicationBuilder builder)
    {
        if (!builder.Environment.IsDevelopment())
        {
            throw new InvalidOperationException("Everybody knows the passwords of this sample, so it runs in the Development environment only.");
        }

        // Any forwards each request to the one scheme that fits it.
        builder.Services.AddAuthentication(AnyScheme)
            .AddPolicyScheme(AnyScheme, null, options => options.ForwardDefaultSelector = context => context.Request.Headers.Authorization.ToString() switch
            {
                var header when header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) => DeviceTokenDefaults.AuthenticationScheme,
                var header when header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase) => BasicAuthentication.SchemeName,
                _ => CookieScheme,
            })
            .AddDeviceToken()
            .AddScheme<AuthenticationSchemeOptions, BasicAuthentication>(BasicAuthentication.SchemeName, null)
            .AddCookie(options =>
            {
                options.LoginPath = "/login";
                options.Events.OnRedirectToLogin = context => RefuseAsync(context, StatusCodes.Status401Unauthorized);
                options.Events.OnRedirectToAccessDenied = context => RefuseAsync(context, StatusCodes.Status403Forbidden);
            });
    }

    public static void MapSignIn(this WebApplication app)
    {
        // People sign in on a page, which sends them back to where they came from.
        app.MapGet("/login", (HttpContext context, IAntiforgery antiforgery, string? returnUrl) => Form(context, antiforgery, returnUrl));
        app.MapPost("/login", async (HttpContext context, IAntiforgery antiforgery, Accounts accounts, string? returnUrl) =>
        {
            var form = await context.Request.ReadFormAsync();
            return await antiforgery.IsRequestValidAsync(context) && accounts.SignIn(form["username"], form["password"]) is { } account
                ? SignedIn(account, RedirectHttpResult.IsLocalUrl(returnUrl) ? returnUrl : "/")
                : Form(context, antiforgery, returnUrl);
        });

        // Single-page applications sign in with JSON.
        app.MapPost("/api/login", (Credentials credentials, Accounts accounts) => accounts.SignIn(credentials.Username, credentials.Password) is { } account
            ? SignedIn(account)
            : Results.Json(new { detail = "Invalid credentials" }, statusCode: StatusCodes.Status401Unauthorized));

        // An administrator locks an account, or unlocks it.
        app.MapPut("/api/users/{id}", (string id, AccountChange change, Accounts accounts) =>
        {
            if (accounts.Find(id) is not { } account || change.Enabled is not { } enabled)
            {
                return Results.BadRequest();
            }

            account.IsEnabled = enabled;
            return Results.Ok();
        }).RequireAuthorization(policy => policy.AddAuthenticationSchemes(CookieScheme).RequireRole("admin"));

        app.MapPost("/api/logout", () => Results.SignOut(authenticationSchemes: [CookieScheme]));
    }

    private static IResult SignedIn(Account account, string? redirectUri = null) =>
        Results.SignIn(Accounts.Principal(account, "password"), new() { RedirectUri = redirectUri }, CookieScheme);

    /// <summary>Sends a person on a page to the sign-in. A program gets the status, and with a 401 the scheme that devices use.</summary>
    private static Task RefuseAsync(RedirectContext<CookieAuthenticationOptions> context, int status)
    {
        if (!context.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal))
        {
            context.Response.Redirect(context.RedirectUri);
            return Task.CompletedTask;
        }

        context.Response.StatusCode = status;
        if (status == StatusCodes.Status401Unauthorized)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer realm=\"PairingHost\"";
        }

        return Task.CompletedTask;
    }

    private static IResult Form(HttpContext context, IAntiforgery antiforgery, string? returnUrl)
    {
        var tokens = antiforgery.GetAndStoreTokens(context);
        return Results.Content($$"""
            <!DOCTYPE html><html lang="en"><meta name="viewport" content="width=device-width"><title>Sign in</title>
            <style>body { color-scheme: light dark; font: 1.1rem/1.6 system-ui; max-width: 20rem; margin: 2rem auto; padding: 0 1rem } input, button { font: inherit; width: 100%; margin-bottom: .8rem }</style>
            <h1>Sign in</h1><p>alice or bob, password demo</p>
            <form method="post" action="/login?returnUrl={{UrlEncoder.Default.Encode(returnUrl ?? "/")}}">
            <input type="hidden" name="{{tokens.FormFieldName}}" value="{{tokens.RequestToken}}">
            <label>User <input name="username" autocomplete="username" required></label>
            <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
            <button>Sign in</button></form></html>
            """, "text/html");
    }

    private sealed record Credentials(string? Username, string? Password);

    private sealed record AccountChange(bool? Enabled);
}
