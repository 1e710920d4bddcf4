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
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc.Testing.Handlers;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace DeviceAuthorization.Tests;

/// <summary>
/// The kinds of hosts that docs/hosts.md describes. Between the marks is the code of the document, to the letter (<see cref="HostsDocumentTests"/>).
/// </summary>
internal static class HostKinds
{
    public static readonly string[] All =
        ["Cookies", "Identity", "Identity API, cookie", "Identity API, bearer", "OpenID Connect", "OpenID Connect, path base", "JWT", "Blazor"];

    /// <param name="kind">One of <see cref="All"/>.</param>
    /// <param name="services">Adds to the services of the host, after all others.</param>
    /// <param name="map">Adds to what the host maps.</param>
    public static async Task<KindOfHost> StartAsync(string kind, Action<IServiceCollection>? services = null, Action<WebApplication>? map = null)
    {
        // Browsers forget cookies, and handlers check tokens, by the real clock: ours begins there, and a test advances it by less than a minute.
        var clock = new FakeTimeProvider(DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()));
        var pathBase = kind == "OpenID Connect, path base" ? "/tv" : "";
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { EnvironmentName = Environments.Development });
        builder.WebHost.UseTestServer(server => server.BaseAddress = new Uri("https://tv.example.com"));
        builder.Services.AddSingleton<TimeProvider>(clock);
        builder.Services.AddSingleton<IDataProtectionProvider>(new EphemeralDataProtectionProvider());
        builder.Services.AddRouting();
        var pairing = builder.Services.AddDeviceAuthorization(options =>
        {
            options.PublicOrigin = new Uri("https://tv.example.com");
            options.PathBase = pathBase;
            options.Scopes["library.read"] = "See your library";
            options.Scopes["devices.read"] = "See your devices";
        });
        var kindOfHost = kind switch
        {
            "Cookies" => Cookies(builder),
            "Identity" => Identity(builder, pairing),
            "Identity API, cookie" => IdentityApi(builder, pairing, useCookies: true),
            "Identity API, bearer" => IdentityApi(builder, pairing, useCookies: false),
            "OpenID Connect" or "OpenID Connect, path base" => OpenIdConnect(
                builder, await OpenIddictProvider.StartAsync(clock, $"https://tv.example.com{pathBase}/signin-oidc")),
            "JWT" => Jwt(builder),
            "Blazor" => Blazor(builder),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
        };
        services?.Invoke(builder.Services);
        await kindOfHost.StartAsync(builder, clock, pathBase, map);
        return kindOfHost;
    }

    private static KindOfHost Cookies(WebApplicationBuilder builder)
    {
        // docs/hosts.md
        builder.Services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme)
            .AddCookie(options => options.LoginPath = "/login")
            .AddDeviceToken();
        // end

        return new KindOfHost("/login", MapLogin);
    }

    private static KindOfHost Identity(WebApplicationBuilder builder, DeviceAuthorizationBuilder pairing)
    {
        TestAccounts.AddTo(builder.Services);

        // docs/hosts.md
        builder.Services.AddIdentity<IdentityUser, IdentityRole>();
        builder.Services.AddAuthentication().AddDeviceToken();
        pairing.AddIdentityPolicy<IdentityUser>();
        // end

        return new KindOfHost("/Account/Login", app => SignInForm.Map(app, "/Account/Login", async (context, user) =>
        {
            await AddAccountAsync(context.RequestServices, user);
            var signIn = context.RequestServices.GetRequiredService<SignInManager<IdentityUser>>();
            Assert.True((await signIn.PasswordSignInAsync(user, SignInForm.Password, isPersistent: false, lockoutOnFailure: false)).Succeeded);
        }));
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
                await AddAccountAsync(scope.ServiceProvider, user);
            }

            var client = host.Browser();
            using var answer = await client.PostAsJsonAsync($"/login{(useCookies ? "?useCookies=true" : "")}", new { email = user, password = SignInForm.Password });
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            if (!useCookies)
            {
                client.DefaultRequestHeaders.Authorization = new("Bearer", (await answer.JsonAsync()).String("accessToken"));
            }

            return client;
        });
    }

    private static KindOfHost OpenIdConnect(WebApplicationBuilder builder, OpenIddictProvider provider)
    {
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["OpenIdConnect:Authority"] = OpenIddictProvider.Address,
            ["OpenIdConnect:ClientId"] = OpenIddictProvider.Client,
            ["OpenIdConnect:ClientSecret"] = OpenIddictProvider.Secret,
            ["OpenIdConnect:ResponseType"] = "code",
        });

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

        builder.Services.Configure<OpenIdConnectOptions>(
            OpenIdConnectDefaults.AuthenticationScheme, options => options.BackchannelHttpHandler = provider.CreateHandler());
        return new KindOfHost(OpenIddictProvider.SignInPath, provider: provider);
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
            client.DefaultRequestHeaders.Authorization = new("Bearer", TestProvider.Sign(new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["sub"] = user,
                ["auth_time"] = host.Clock.GetUtcNow().ToUnixTimeSeconds(),
            }));
            return Task.FromResult(client);
        });
    }

    private static KindOfHost Blazor(WebApplicationBuilder builder)
    {
        builder.Services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme)
            .AddCookie(options => options.LoginPath = "/login")
            .AddDeviceToken();
        builder.Services.AddRazorComponents();
        return new KindOfHost("/login", Map);

        static void Map(WebApplication app)
        {
            MapLogin(app);

            // docs/hosts.md
            app.UseAntiforgery();
            app.MapRazorComponents<App>();
            // end
        }
    }

    private static void MapLogin(WebApplication app) => SignInForm.Map(app, "/login", (context, user) => context.SignInAsync(
        new ClaimsPrincipal(new ClaimsIdentity([new(ClaimTypes.NameIdentifier, user), new(ClaimTypes.Name, user)], "test"))));

    private static async Task AddAccountAsync(IServiceProvider services, string user)
    {
        var users = services.GetRequiredService<UserManager<IdentityUser>>();
        if (await users.FindByNameAsync(user) is null)
        {
            Assert.True((await users.CreateAsync(new IdentityUser(user) { Id = user }, SignInForm.Password)).Succeeded);
        }
    }

    /// <summary>The root component of a Blazor Web App.</summary>
    [Route("/")]
    private sealed class App : ComponentBase
    {
        protected override void BuildRenderTree(RenderTreeBuilder builder) => builder.AddMarkupContent(0, "<h1>Blazor</h1>");
    }
}

