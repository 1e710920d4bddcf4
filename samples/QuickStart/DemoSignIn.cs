using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Http.HttpResults;

namespace QuickStart;

/// <summary>Stands in for the sign-in that a real host has. Two users with a known password: for Development only.</summary>
internal static class DemoSignIn
{
    public static void MapDemoSignIn(this WebApplication app)
    {
        if (!app.Environment.IsDevelopment())
        {
            throw new InvalidOperationException("The demo sign-in is for the Development environment only: bring your own.");
        }

        app.MapGet("/login", (HttpContext context, IAntiforgery antiforgery, string? returnUrl) => Form(context, antiforgery, returnUrl));
        app.MapPost("/login", async (HttpContext context, IAntiforgery antiforgery, string? returnUrl) =>
        {
            var form = await context.Request.ReadFormAsync();
            var user = form["username"].ToString();
            return !await antiforgery.IsRequestValidAsync(context) || user is not ("alice" or "bob") || form["password"] != "demo"
                ? Form(context, antiforgery, returnUrl)
                : Results.SignIn(
                    new ClaimsPrincipal(new ClaimsIdentity([new(ClaimTypes.NameIdentifier, user), new(ClaimTypes.Name, user)], "demo")),
                    new() { RedirectUri = RedirectHttpResult.IsLocalUrl(returnUrl) ? returnUrl : "/" },
                    CookieAuthenticationDefaults.AuthenticationScheme);
        });
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
}
