using System.Security.Claims;
using System.Security.Cryptography;
using DeviceAuthorization.Testing;
using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Abstractions;
using OpenIddict.Server.AspNetCore;
using OpenIddict.Validation.AspNetCore;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace DeviceAuthorization.Benchmarks;

/// <summary>
/// OpenIddict on PostgreSQL, tuned: pooled contexts, prepared statements, its caches on (the default), and the cheapest format of tokens. Its access
/// tokens are reference tokens, as ours are: opaque, and looked up in the database at each call, so that a revoked one is refused at once.
/// </summary>
internal static class Peer
{
    public const string Device = "/connect/device";
    public const string Token = "/connect/token";
    public const string Verification = "/connect/verify";

    public static async Task<WebApplication> BuildAsync(WebApplicationBuilder builder, string connection)
    {
        var services = builder.Services;
        services.AddDbContextPool<PeerContext>(options => options.UseNpgsql(Hosts.Tuned(connection)).UseOpenIddict());
        services.AddAuthentication(FakeApproverDefaults.AuthenticationScheme).AddFakeApprover();
        services.AddAuthorization();
        services.AddOpenIddict()
            .AddCore(core => core.UseEntityFrameworkCore().UseDbContext<PeerContext>())
            .AddServer(server =>
            {
                server.SetDeviceAuthorizationEndpointUris(Device).SetTokenEndpointUris(Token).SetEndUserVerificationEndpointUris(Verification);
                server.AllowDeviceAuthorizationFlow();
                server.RegisterScopes(Wire.Scope);
                server.AddEncryptionKey(new SymmetricSecurityKey(RandomNumberGenerator.GetBytes(32)));
                server.AddSigningKey(new ECDsaSecurityKey(ECDsa.Create(ECCurve.NamedCurves.nistP256)));
                server.UseReferenceAccessTokens();
                server.UseDataProtection(); // cheaper than its JWT
                server.IgnoreEndpointPermissions().IgnoreGrantTypePermissions().IgnoreScopePermissions().DisableScopeValidation();
                server.UseAspNetCore().EnableEndUserVerificationEndpointPassthrough().DisableTransportSecurityRequirement();
            })
            .AddValidation(validation =>
            {
                validation.UseLocalServer();
                validation.UseDataProtection();
                validation.UseAspNetCore();
            });

        var app = builder.Build();
        await using (var scope = app.Services.CreateAsyncScope())
        {
            await scope.ServiceProvider.GetRequiredService<PeerContext>().Database.EnsureCreatedAsync();
            await scope.ServiceProvider.GetRequiredService<IOpenIddictApplicationManager>().CreateAsync(new OpenIddictApplicationDescriptor
            {
                ClientId = Wire.Client,
                ClientType = ClientTypes.Public,
            });
        }

        app.MapPost(Verification, VerifyAsync);
        app.MapGet(Server.Call, Server.AnswerAsync).RequireAuthorization(policy =>
            policy.AddAuthenticationSchemes(OpenIddictValidationAspNetCoreDefaults.AuthenticationScheme).RequireAuthenticatedUser());
        return app;
    }

    private static async Task VerifyAsync(HttpContext context)
    {
        var code = await context.AuthenticateAsync(OpenIddictServerAspNetCoreDefaults.AuthenticationScheme);
        if (context.User.FindFirstValue(ClaimTypes.NameIdentifier) is not { } user || code is not { Succeeded: true })
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        var identity = new ClaimsIdentity(TokenValidationParameters.DefaultAuthenticationType, Claims.Name, Claims.Role);
        identity.SetClaim(Claims.Subject, user).SetScopes(code.Principal.GetScopes());
        await context.SignInAsync(OpenIddictServerAspNetCoreDefaults.AuthenticationScheme, new ClaimsPrincipal(identity), new AuthenticationProperties { RedirectUri = "/" });
    }

    private sealed class PeerContext(DbContextOptions<PeerContext> options) : DbContext(options);
}
