using System.Net;
using System.Net.Http.Json;
using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Rendering;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc.Testing.Handlers;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace DeviceAuthorization.Tests;

/// <summary>
/// The kinds of hosts that docs/hosts.md describes. Between the marks is the code of the document, to the letter (<see cref="HostsDocumentTests"/>).
/// </summary>
internal static class HostKinds
{
    private const string Password = "Correct-h0rse";

    public static readonly string[] All = ["Cookies", "Identity", "Identity API, cookie", "Identity API, bearer", "OpenID Connect", "JWT", "Blazor"];

    public static async Task<KindOfHost> StartAsync(string kind)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { EnvironmentName = Environments.Development });
        builder.WebHost.UseTestServer(server => server.BaseAddress = new Uri("https://tv.example.com"));
        builder.Services.AddRouting();
        var pairing = builder.Services.AddDeviceAuthorization(options =>
        {
            options.PublicOrigin = new Uri("https://tv.example.com");
            options.Scopes["library.read"] = "See your library";
            options.Scopes["devices.read"] = "See your devices";
        });
        var kindOfHost = kind switch
        {
            "Cookies" => Cookies(builder),
            "Identity" => Identity(builder, pairing),
            "Identity API, cookie" => IdentityApi(builder, pairing, useCookies: true),
            "Identity API, bearer" => IdentityApi(builder, pairing, useCookies: false),
            "OpenID Connect" => OpenIdConnect(builder),
            "JWT" => Jwt(builder),
            "Blazor" => Blazor(builder),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
        };
        await kindOfHost.StartAsync(builder);
        return kindOfHost;
    }

    private static KindOfHost Cookies(WebApplicationBuilder builder)
    {
        // docs/hosts.md
        builder.Services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme)
            .AddCookie(options => options.LoginPath = "/login")
            .AddDeviceToken();
        // end

        return new KindOfHost("/login", MapLogin, (host, user) => host.SignInOnPageAsync($"/login/{user}"));
    }

    private static KindOfHost Identity(WebApplicationBuilder builder, DeviceAuthorizationBuilder pairing)
    {
        TestAccounts.AddTo(builder.Services);

        // docs/hosts.md
        builder.Services.AddIdentity<IdentityUser, IdentityRole>();
        builder.Services.AddAuthentication().AddDeviceToken();
        pairing.AddIdentityPolicy<IdentityUser>();
        // end

        return new KindOfHost("/Account/Login", TestAccounts.Map, (host, user) => host.SignInOnPageAsync($"/identity/sign-in/{user}"));
    }

    private static KindOfHost IdentityApi(WebApplicationBuilder builder, DeviceAuthorizationBuilder pairing, bool useCookies)
    {
        TestAccounts.AddTo(builder.Services);

        // docs/hosts.md
        builder.Services.AddIdentityApiEndpoints<IdentityUser>();
        builder.Services.AddAuthentication().AddDeviceToken();
        pairing.AddIdentityPolicy<IdentityUser>();
        // end

        return new KindOfHost(null, app => app.MapIdentityApi<IdentityUser>(), async (host, user) =>
        {
            await using (var scope = host.Services.CreateAsyncScope())
            {
                var users = scope.ServiceProvider.GetRequiredService<UserManager<IdentityUser>>();
                Assert.True((await users.CreateAsync(new IdentityUser(user) { Id = user }, Password)).Succeeded);
            }

            var client = host.Browser();
            using var answer = await client.PostAsJsonAsync($"/login{(useCookies ? "?useCookies=true" : "")}", new { email = user, password = Password });
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            if (!useCookies)
            {
                client.DefaultRequestHeaders.Authorization = new("Bearer", (await answer.JsonAsync()).String("accessToken"));
            }

            return client;
        });
    }

    private static KindOfHost OpenIdConnect(WebApplicationBuilder builder)
    {
        // docs/hosts.md
        builder.Services.AddAuthentication(options =>
            {
                options.DefaultScheme = CookieAuthenticationDefaults.AuthenticationScheme;
                options.DefaultChallengeScheme = OpenIdConnectDefaults.AuthenticationScheme;
            })
            .AddCookie()
            .AddOpenIdConnect(options => builder.Configuration.Bind("OpenIdConnect", options))
            .AddDeviceToken();
        // end

        builder.Services.Configure<OpenIdConnectOptions>(OpenIdConnectDefaults.AuthenticationScheme, TestProvider.Configure);
        return new KindOfHost("/authorize", null, async (host, user) =>
        {
            var browser = host.Browser();
            await browser.SignInAtProviderAsync(user: user);
            return browser;
        });
    }

    private static KindOfHost Jwt(WebApplicationBuilder builder)
    {
        // docs/hosts.md
        builder.Services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme)
            .AddJwtBearer(options => builder.Configuration.Bind("Jwt", options))
            .AddDeviceToken();
        // end

        builder.Services.Configure<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme, TestProvider.Configure);
        return new KindOfHost(null, null, (host, user) =>
        {
            var client = host.Browser();
            client.DefaultRequestHeaders.Authorization = new("Bearer", TestProvider.Sign(new Dictionary<string, object>(StringComparer.Ordinal) { ["sub"] = user }));
            return Task.FromResult(client);
        });
    }

    private static KindOfHost Blazor(WebApplicationBuilder builder)
    {
        builder.Services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme)
            .AddCookie(options => options.LoginPath = "/login")
            .AddDeviceToken();
        builder.Services.AddRazorComponents();
        return new KindOfHost("/login", Map, (host, user) => host.SignInOnPageAsync($"/login/{user}"));

        static void Map(WebApplication app)
        {
            MapLogin(app);

            // docs/hosts.md
            app.UseAntiforgery();
            app.MapRazorComponents<App>();
            // end
        }
    }

    private static void MapLogin(WebApplication app) => app.MapGet("/login/{user}", (string user) => Results.SignIn(
        new ClaimsPrincipal(new ClaimsIdentity([new(ClaimTypes.NameIdentifier, user), new(ClaimTypes.Name, user)], "test"))));

    /// <summary>The root component of a Blazor Web App.</summary>
    [Route("/")]
    private sealed class App : ComponentBase
    {
        protected override void BuildRenderTree(RenderTreeBuilder builder) => builder.AddMarkupContent(0, "<h1>Blazor</h1>");
    }
}

/// <summary>A host of a kind, as it runs.</summary>
/// <param name="signInPage">The path that people are sent to who are not signed in; null if the host has no pages.</param>
/// <param name="map">What the host maps besides the library.</param>
/// <param name="signIn">Signs a person in; their browser or app.</param>
internal sealed class KindOfHost(string? signInPage, Action<WebApplication>? map, Func<KindOfHost, string, Task<HttpClient>> signIn) : IAsyncDisposable
{
    private WebApplication? _app;

    public string? SignInPage => signInPage;

    public IServiceProvider Services => _app!.Services;

    public async Task StartAsync(WebApplicationBuilder builder)
    {
        _app = builder.Build();
        _app.UseRouting();
        _app.UseAuthentication();
        _app.UseAuthorization();
        map?.Invoke(_app);
        _app.MapDeviceAuthorization();
        _app.MapDevices();
        _app.MapClientTokens();
        if (signInPage is not null)
        {
            _app.MapDevicePairingPage();
            _app.MapDevicesPage();
        }

        _app.MapGet("/api/library", (PairedDevice device) => device.UserId).RequireScope("library.read");
        await _app.StartAsync();
    }

    public Task<HttpClient> SignInAsync(string user) => signIn(this, user);

    public async Task<HttpClient> SignInOnPageAsync(string path)
    {
        var browser = Browser();
        (await browser.GetAsync(path)).EnsureSuccessStatusCode();
        return browser;
    }

    /// <summary>A browser with cookies of its own.</summary>
    public HttpClient Browser() => Client(new CookieContainerHandler(), null);

    public HttpClient Device(string? token = null) => Client(null, token);

    public ValueTask DisposeAsync() => _app!.DisposeAsync();

    private HttpClient Client(DelegatingHandler? cookies, string? token)
    {
        var server = _app!.GetTestServer().CreateHandler();
        cookies?.InnerHandler = server;
        return new HttpClient(cookies ?? server)
        {
            BaseAddress = new Uri("https://tv.example.com"),
            DefaultRequestHeaders = { Authorization = token is null ? null : new("Bearer", token) },
        };
    }
}
