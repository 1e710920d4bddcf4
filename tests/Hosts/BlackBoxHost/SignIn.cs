using System.Text.Encodings.Web;
using DeviceAuthorization;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Http.HttpResults;

namespace BlackBoxHost;

/// <summary>A page where people sign in, for a cookie. Devices call with their tokens.</summary>
internal static class SignIn
{
    public const string AnyScheme = "Any";

    private const string CookieScheme = CookieAuthenticationDefaults.AuthenticationScheme;

    public static void AddSignIn(this WebApplicationBuilder builder) => builder.Services.AddAuthentication(AnyScheme)
        .AddPolicyScheme(AnyScheme, null, options => options.ForwardDefaultSelector = context =>
            context.Request.Headers.Authorization.ToString().StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
                ? DeviceTokenDefaults.AuthenticationScheme
                : CookieScheme)
        .AddDeviceToken()
        .AddCookie(options =>
        {
            options.LoginPath = "/login";
            options.Events.OnRedirectToLogin = RefuseAsync;
        });

    public static void MapSignIn(this WebApplication app)
    {
        app.MapGet("/login", Form);
        app.MapPost("/login", async (HttpContext context, IAntiforgery antiforgery, string? returnUrl) =>
        {
            var form = await context.Request.ReadFormAsync();
            return await antiforgery.IsRequestValidAsync(context) && Accounts.SignIn(form["username"], form["password"]) is { } user
                ? Results.SignIn(user, new() { RedirectUri = RedirectHttpResult.IsLocalUrl(returnUrl) ? returnUrl : "/" }, CookieScheme)
                : Form(context, antiforgery, returnUrl);
        });
        app.MapPost("/api/logout", () => Results.SignOut(authenticationSchemes: [CookieScheme]));
        app.MapPut("/api/users/{number:int:range(1,3)}", (int number, AccountChange change, Accounts accounts) => accounts.SetEnabled(number, change.Enabled))
            .RequireAuthorization(policy => policy.AddAuthenticationSchemes(CookieScheme).RequireRole("admin"));
    }

    /// <summary>Sends people to the sign-in page. The API answers 401 with the scheme that devices use.</summary>
    private static Task RefuseAsync(RedirectContext<CookieAuthenticationOptions> context)
    {
        if (context.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal))
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            context.Response.Headers.WWWAuthenticate = "Bearer realm=\"BlackBoxHost\"";
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
            <!DOCTYPE html><html lang="en"><title>Sign in</title>
            <form method="post" action="/login?returnUrl={{UrlEncoder.Default.Encode(returnUrl ?? "/")}}">
            <input type="hidden" name="{{tokens.FormFieldName}}" value="{{tokens.RequestToken}}">
            <label>User <input name="username"></label> <label>Password <input name="password" type="password"></label> <button>Sign in</button></form></html>
            """, "text/html");
    }

    private sealed record AccountChange(bool Enabled);
}
