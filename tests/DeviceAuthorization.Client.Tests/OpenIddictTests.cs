using System.Net;
using System.Security.Claims;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Abstractions;
using OpenIddict.Server.AspNetCore;
using static DeviceAuthorization.Client.PairingProgress;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace DeviceAuthorization.Client.Tests;

/// <summary>The client against a server that nobody here wrote: OpenIddict with its device flow, which sends no interval and never asks to slow down.</summary>
public sealed class OpenIddictTests : IAsyncLifetime
{
    private const string Address = "https://id.example.com";

    private readonly FakeTimeProvider _clock = new(TestHost.Epoch);
    private WebApplication _server = null!;
    private HttpClient _http = null!;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseTestServer(server => server.BaseAddress = new Uri(Address));
        builder.Services.AddSingleton<TimeProvider>(_clock);
        builder.Services.AddSingleton<IDataProtectionProvider>(new EphemeralDataProtectionProvider());
        builder.Services.AddRouting();
        builder.Services.AddAuthentication();
        builder.Services.AddSingleton(_ => new SqliteConnection("Data Source=:memory:"));
        builder.Services.AddDbContext<ServerContext>((services, options) => options.UseSqlite(services.GetRequiredService<SqliteConnection>()).UseOpenIddict());
        builder.Services.AddOpenIddict()
            .AddCore(core => core.UseEntityFrameworkCore().UseDbContext<ServerContext>())
            .AddServer(server =>
            {
                server.SetIssuer(Address);
                server.SetDeviceAuthorizationEndpointUris("/device").SetTokenEndpointUris("/token").SetEndUserVerificationEndpointUris("/verify");
                server.AllowDeviceAuthorizationFlow().AllowRefreshTokenFlow();
                server.RegisterScopes("library.read");
                server.AddEncryptionKey(new SymmetricSecurityKey(RandomNumberGenerator.GetBytes(32)));
                server.AddSigningKey(new ECDsaSecurityKey(ECDsa.Create(ECCurve.NamedCurves.nistP256)));
                server.IgnoreEndpointPermissions().IgnoreGrantTypePermissions().IgnoreScopePermissions().DisableScopeValidation();
                server.UseAspNetCore().EnableEndUserVerificationEndpointPassthrough();
            });
        _server = builder.Build();
        _server.UseRouting();
        _server.UseAuthentication();
        _server.MapPost("/verify", VerifyAsync);
        await using (var scope = _server.Services.CreateAsyncScope())
        {
            await scope.ServiceProvider.GetRequiredService<SqliteConnection>().OpenAsync(); // the database lives as long as it is open
            await scope.ServiceProvider.GetRequiredService<ServerContext>().Database.EnsureCreatedAsync();
            await scope.ServiceProvider.GetRequiredService<IOpenIddictApplicationManager>().CreateAsync(
                new OpenIddictApplicationDescriptor { ClientId = "tv", ClientType = ClientTypes.Public });
        }

        await _server.StartAsync();
        _http = _server.GetTestClient();
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_device_pairs()
    {
        var pairing = await Client().StartAsync();
        Assert.Equal($"{Address}/verify", pairing.VerificationUri.AbsoluteUri);
        var steps = new List<PairingProgress>();
        await foreach (var step in pairing.WatchAsync())
        {
            steps.Add(step);
            if (steps.Count == 2)
            {
                await DecideAsync(pairing, "approve");
            }
        }

        Assert.Equal([typeof(Waiting), typeof(Waiting), typeof(Connected)], steps.Select(step => step.GetType()));
        var token = ((Connected)steps[^1]).Token;
        Assert.Equal(("Bearer", "library.read offline_access"), (token.TokenType, token.Scope));
        Assert.NotNull(token.RefreshToken);
        Assert.True(token.ExpiresAt > _clock.GetUtcNow());
    }

    [Fact]
    public async Task A_device_that_restarts_pairs()
    {
        var pairing = await Client().StartAsync();
        await DecideAsync(pairing, "approve");

        Assert.NotEmpty((await Client().Resume(pairing.Save()).WaitAsync()).AccessToken);
    }

    [Fact]
    public async Task A_device_is_denied()
    {
        var pairing = await Client().StartAsync();
        await DecideAsync(pairing, "deny");

        Assert.Equal("access_denied", (await Assert.ThrowsAsync<PairingException>(() => pairing.WaitAsync())).Error);
    }

    [Fact]
    public async Task A_code_expires()
    {
        var pairing = await Client().StartAsync();

        Assert.Equal("expired_token", (await Assert.ThrowsAsync<PairingException>(() => pairing.WaitAsync())).Error);
    }

    [Fact]
    public async Task A_code_that_the_server_says_has_expired_has_expired()
    {
        var pairing = await Client().StartAsync();
        _clock.Advance(TimeSpan.FromHours(1)); // the device slept, and its clock with it
        var steps = new List<PairingProgress>();
        await foreach (var step in pairing.WatchAsync())
        {
            steps.Add(step);
        }

        Assert.Equal([new Expired()], steps);
    }

    [Fact]
    public async Task An_unknown_client_is_refused()
    {
        var thrown = await Assert.ThrowsAsync<PairingException>(() => Client("unknown").StartAsync());

        Assert.Equal(("invalid_client", false), (thrown.Error, thrown.IsTransient));
    }

    private static async Task VerifyAsync(HttpContext context)
    {
        var code = await context.AuthenticateAsync(OpenIddictServerAspNetCoreDefaults.AuthenticationScheme);
        if (context.Request.Form["decision"] == "deny")
        {
            await context.ForbidAsync(
                OpenIddictServerAspNetCoreDefaults.AuthenticationScheme,
                new(new Dictionary<string, string?>(StringComparer.Ordinal) { [OpenIddictServerAspNetCoreConstants.Properties.Error] = Errors.AccessDenied }));
            return;
        }

        var identity = new ClaimsIdentity("test", Claims.Name, Claims.Role);
        identity.SetClaim(Claims.Subject, "alice").SetScopes(code.Principal!.GetScopes());
        await context.SignInAsync(OpenIddictServerAspNetCoreDefaults.AuthenticationScheme, new ClaimsPrincipal(identity), new() { RedirectUri = "/done" });
    }

    private async Task DecideAsync(DevicePairing pairing, string decision)
    {
        using var form = new FormUrlEncodedContent([KeyValuePair.Create("user_code", pairing.UserCode), KeyValuePair.Create("decision", decision)]);
        using var answer = await _http.PostAsync("/verify", form);
        Assert.Equal(decision == "deny" ? HttpStatusCode.BadRequest : HttpStatusCode.Redirect, answer.StatusCode);
    }

    private PairingClient Client(string clientId = "tv") =>
        new(_http, new() { Server = new(Address), ClientId = clientId, Scope = "library.read offline_access" }, new ImpatientClock(_clock));

    private sealed class ServerContext(DbContextOptions<ServerContext> options) : DbContext(options);
}
