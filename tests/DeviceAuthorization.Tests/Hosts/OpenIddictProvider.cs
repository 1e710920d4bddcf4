using System.Security.Claims;
using System.Security.Cryptography;
using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Abstractions;
using OpenIddict.Server.AspNetCore;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace DeviceAuthorization.Tests;

/// <summary>
/// An OpenID Connect provider that runs in process: discovery, authorization code with PKCE, one client. It keeps people signed in by a cookie of its own,
/// and asks for the password again for <c>prompt=login</c>, <c>prompt=select_account</c> and <c>max_age</c>.
/// </summary>
internal sealed class OpenIddictProvider : IAsyncDisposable
{
    public const string Address = "https://id.example.com";
    public const string SignInPath = "/authorize";
    public const string Client = "tv";
    public const string Secret = "the secret of the host";

    private readonly WebApplication _app;

    private OpenIddictProvider(WebApplication app) => _app = app;

    public static async Task<OpenIddictProvider> StartAsync(TimeProvider clock, string redirectUri)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseTestServer(server => server.BaseAddress = new Uri(Address));
        builder.Services.AddSingleton(clock);
        builder.Services.AddSingleton<IDataProtectionProvider>(new EphemeralDataProtectionProvider());
        builder.Services.AddRouting();
        builder.Services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie(options => options.SlidingExpiration = false);
        builder.Services.AddOpenIddict().AddServer(server =>
        {
            server.EnableDegradedMode(); // no database: the handlers below know the client
            server.SetIssuer(Address).SetAuthorizationEndpointUris(SignInPath).SetTokenEndpointUris("/token");
            server.AllowAuthorizationCodeFlow().RequireProofKeyForCodeExchange();
            server.RegisterScopes(Scopes.Profile);
            server.AddEncryptionKey(new SymmetricSecurityKey(RandomNumberGenerator.GetBytes(32)));
            server.AddSigningKey(new ECDsaSecurityKey(ECDsa.Create(ECCurve.NamedCurves.nistP256))); // made in no time, unlike RSA
            server.AddEventHandler<ValidateAuthorizationRequestContext>(handler => handler.UseInlineHandler(context =>
            {
                if (context.ClientId != Client || context.RedirectUri != redirectUri)
                {
                    context.Reject(Errors.InvalidClient, $"The redirect URI '{context.RedirectUri}' of client '{context.ClientId}' is not registered.");
                }

                return default;
            }));
            server.AddEventHandler<ValidateTokenRequestContext>(handler => handler.UseInlineHandler(context =>
            {
                if (context.ClientId != Client || context.ClientSecret != Secret)
                {
                    context.Reject(Errors.InvalidClient);
                }

                return default;
            }));
            server.UseAspNetCore().EnableAuthorizationEndpointPassthrough();
        });

        var app = builder.Build();
        app.UseRouting();
        app.UseAuthentication();
        app.MapMethods(SignInPath, ["GET", "POST"], AuthorizeAsync);
        await app.StartAsync();
        return new OpenIddictProvider(app);
    }

    public HttpMessageHandler CreateHandler() => _app.GetTestServer().CreateHandler();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static async Task<IResult> AuthorizeAsync(HttpContext context, TimeProvider clock)
    {
        var request = context.GetOpenIddictServerRequest()!;
        var session = await context.AuthenticateAsync();
        var (user, signedInAt) = (session.Principal?.Identity?.Name, session.Properties?.IssuedUtc);
        if ((string?)request["password"] == SignInForm.Password)
        {
            (user, signedInAt) = ((string)request["user"]!, clock.GetUtcNow());
            await context.SignInAsync(new ClaimsPrincipal(new ClaimsIdentity([new(ClaimTypes.Name, user)], "password")));
        }
        else if (user is null || signedInAt is null
            || request.HasPromptValue(PromptValues.Login) || request.HasPromptValue(PromptValues.SelectAccount)
            || clock.GetUtcNow() - signedInAt >= TimeSpan.FromSeconds(request.MaxAge ?? long.MaxValue / TimeSpan.TicksPerSecond))
        {
            return SignInForm.Show(SignInPath, request.GetParameters().Select(parameter => (parameter.Key, (string?)parameter.Value)));
        }

        var identity = new ClaimsIdentity("OpenIddict", Claims.Name, Claims.Role);
        identity.SetClaim(Claims.Subject, user).SetClaim(Claims.Name, user).SetClaim(Claims.AuthenticationTime, signedInAt.Value.ToUnixTimeSeconds());
        identity.SetScopes(request.GetScopes());
        identity.SetDestinations(_ => [Destinations.IdentityToken]);
        return Results.SignIn(new ClaimsPrincipal(identity), authenticationScheme: OpenIddictServerAspNetCoreDefaults.AuthenticationScheme);
    }
}
