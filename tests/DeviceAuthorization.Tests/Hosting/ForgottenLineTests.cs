using System.Net;
using DeviceAuthorization.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Tests;

/// <summary>
/// What somebody reads who forgot a line of their Program.cs: one sentence that says what to write. In Development, where the container checks
/// itself at build.
/// </summary>
public sealed class ForgottenLineTests
{
    private static readonly Action<IServiceCollection> SignIn = services => services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie();

    private static readonly Action<IServiceCollection> Everything = services =>
    {
        services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie().AddDeviceToken();
        services.AddDeviceAuthorization(options => options.Scopes.Add("library.read", "See your library"));
    };

    public static TheoryData<Action<WebApplication>> Maps =>
    [
        app => app.MapDeviceAuthorization(),
        app => app.MapDevicePairingPage(),
        app => app.MapDevicesPage(),
        app => app.MapDevices(),
        app => app.MapClientTokens(),
        app => app.MapDeviceAuthorizationMetadata(),
        app => app.MapTokenIntrospection(),
    ];

    public static TheoryData<Action<WebApplication>> EndpointsOfDevices =>
    [
        app => app.MapGet("/library", () => "games").RequireScope("library.read"),
        app => app.MapGet("/library", () => "games").RequirePairedDevice(),
        app => app.MapGet("/library", (PairedDevice device) => device.Id),
        app => app.MapGet("/library", (PairedDevice? device) => device?.Id),
        app => app.MapGroup("/api").RequireScope("library.read").MapGet("/library", () => "games"),
    ];

    [Theory, MemberData(nameof(Maps))]
    public async Task AddDeviceAuthorization(Action<WebApplication> map)
    {
        Assert.Equal("Call services.AddDeviceAuthorization() first.", await FailsAsync<InvalidOperationException>(SignIn, map));
        Assert.Equal("Call services.AddDeviceAuthorization() first.", await FailsAsync<InvalidOperationException>(_ => { }, map));
    }

    [Fact]
    public async Task AddDeviceAuthorization_where_only_devices_are_authenticated()
    {
        var message = await FailsAsync<OptionsValidationException>(services => services.AddAuthentication().AddCookie().AddDeviceToken(), app => app.MapGet("/library", () => "games"));
        Assert.Equal("Call services.AddDeviceAuthorization(), too: AddDeviceToken() authenticates the devices that pair with it.", message);
    }

    [Fact]
    public async Task Identity_or_its_sign_in_manager()
    {
        foreach (var lacking in (Action<IServiceCollection>[])[_ => { }, services => TestAccounts.AddTo(services).AddIdentityCore<IdentityUser>()])
        {
            var message = await FailsAsync<OptionsValidationException>(
                services =>
                {
                    Everything(services);
                    lacking(services);
                    services.AddDeviceAuthorization().AddIdentityPolicy<IdentityUser>();
                },
                app => app.MapDeviceAuthorization());
            Assert.Equal(
                "AddIdentityPolicy<IdentityUser>() needs ASP.NET Core Identity with IdentityUser: call AddIdentity, AddDefaultIdentity or AddIdentityApiEndpoints with it, or AddIdentityCore(…).AddSignInManager().",
                message);
        }
    }

    /// <summary>At the start, or at the latest when somebody calls the endpoint: nothing of ours runs before.</summary>
    [Theory, MemberData(nameof(EndpointsOfDevices))]
    public async Task AddDeviceAuthorization_where_only_endpoints_of_devices_are_mapped(Action<WebApplication> map)
    {
        var message = await FailsAsync<InvalidOperationException>(
            services => SignIn(services.AddAuthorization()),
            map,
            async app =>
            {
                using var client = app.GetTestClient();
                await client.GetAsync("/library");

                // The developer's page caught it.
                throw app.Services.GetFakeLogCollector().GetSnapshot().Select(entry => entry.Exception).OfType<InvalidOperationException>().First();
            });
        Assert.Equal("Call services.AddDeviceAuthorization() first.", message);
    }

    [Theory, MemberData(nameof(Maps))]
    public async Task AddAuthentication(Action<WebApplication> map)
    {
        const string Message = "Call services.AddAuthentication() with the scheme people sign in with, such as AddCookie(), first.";
        Assert.Equal(Message, await FailsAsync<InvalidOperationException>(services => services.AddDeviceAuthorization(), map));
        Assert.Equal(Message, await FailsAsync<InvalidOperationException>(
            services => services.AddAuthentication().AddDeviceToken().Services.AddDeviceAuthorization(), map));
    }

    [Fact]
    public async Task The_right_name_of_the_scheme() => Assert.Equal(
        "DeviceAuthorization:ApproverScheme is 'Cookie', but the host has no authentication scheme of that name. It has 'Cookies', 'DeviceToken'.",
        await FailsAsync<InvalidOperationException>(
            services =>
            {
                Everything(services);
                services.Configure<DeviceAuthorizationOptions>(options => options.ApproverScheme = "Cookie");
            },
            app => app.MapDeviceAuthorization()));

    [Theory, MemberData(nameof(EndpointsOfDevices))]
    public async Task AddDeviceToken(Action<WebApplication> map)
    {
        var message = await FailsAsync<InvalidOperationException>(services =>
        {
            SignIn(services);
            services.AddDeviceAuthorization(options => options.Scopes.Add("library.read", ""));
        }, map);
        Assert.EndsWith("/library' is for paired devices: call services.AddAuthentication().AddDeviceToken(), which authenticates them.", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public async Task The_scheme_that_an_endpoint_names()
    {
        var message = await FailsAsync<InvalidOperationException>(Everything, app => app.MapGet("/library", () => "games").RequireScope("library.read", "People"));
        Assert.EndsWith("/library' requires a scope from the authentication scheme 'People', but the host has no scheme of that name.", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AddDeviceToken_where_people_may_still_call(bool isAdded)
    {
        await using var app = await StartAsync(
            services =>
            {
                var authentication = services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie();
                _ = isAdded ? authentication.AddDeviceToken() : authentication;
                services.AddDeviceAuthorization();
            },
            app => app.MapDevices());
        var warnings = Messages(app, 56);
        Assert.Equal(isAdded ? 0 : 1, warnings.Length);
        Assert.All(warnings, warning => Assert.Contains("Call services.AddAuthentication().AddDeviceToken().", warning, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_right_name_of_a_scope()
    {
        await using var app = await StartAsync(Everything, app =>
        {
            app.MapDeviceAuthorization();
            app.MapGet("/library", () => "games").RequireScope("libary.read");
            app.MapGet("/games", () => "games").RequireScope("libary.read");
            app.MapGet("/news", () => "news").RequireScope("library.read");
            app.MapGet("/staff", () => "staff").RequireScope("staff", CookieAuthenticationDefaults.AuthenticationScheme); // people have scopes of their own
        });
        var warning = Assert.Single(Messages(app, 57));
        Assert.Contains(
            "/library' requires the scope 'libary.read', which DeviceAuthorization:Scopes does not declare, so no device that pairs now can call it. Declared: 'library.read'.",
            warning, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_scope_where_devices_pair_with_another_host()
    {
        await using var app = await StartAsync(Everything, app => app.MapGet("/library", () => "games").RequireScope("library.write"));
        Assert.Empty(Messages(app, 57));
    }

    [Fact]
    public async Task Nothing()
    {
        await using var app = await StartAsync(Everything, app =>
        {
            app.UseAuthorization();
            app.MapDeviceAuthorization();
            app.MapDevicePairingPage();
            app.MapDevices();
            app.MapGet("/library", (PairedDevice device) => device.Id).RequireScope("library.read");
        });
        Assert.DoesNotContain(app.Services.GetFakeLogCollector().GetSnapshot(), entry => entry.Level > LogLevel.Information);
        using var client = app.GetTestClient();
        using var answer = await client.GetAsync("/library");
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.NotNull(app.Services.CreateScope().ServiceProvider.GetRequiredService<DeviceTokenHandler>()); // the host's container can make it
    }

    private static string[] Messages(WebApplication app, int id) =>
        [.. app.Services.GetFakeLogCollector().GetSnapshot().Where(entry => entry.Id.Id == id).Select(entry => entry.Message)];

    private static async Task<string> FailsAsync<TException>(Action<IServiceCollection> add, Action<WebApplication> map, Func<WebApplication, Task>? use = null)
        where TException : Exception => (await Assert.ThrowsAsync<TException>(async () =>
        {
            await using var app = await StartAsync(add, map);
            await (use?.Invoke(app) ?? Task.CompletedTask);
        })).Message;

    private static async Task<WebApplication> StartAsync(Action<IServiceCollection> add, Action<WebApplication> map)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Development", ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders().AddFakeLogging();
        add(builder.Services);
        var app = builder.Build();
        try
        {
            map(app);
            await app.StartAsync();
            return app;
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }
}
