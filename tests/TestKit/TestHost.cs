using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Security.Claims;
using DeviceAuthorization.Http;
using DeviceAuthorization.Rules;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc.Testing.Handlers;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace DeviceAuthorization.TestKit;

/// <summary>
/// A host as a user of the library writes it: cookie sign-in, three scopes, one API endpoint. Time stands still until
/// <see cref="Clock"/> is advanced. In memory by default; on a real loopback port with <c>kestrel: true</c>.
/// </summary>
public sealed class TestHost : IAsyncDisposable
{
    public static readonly DateTimeOffset Epoch = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private readonly WebApplication _app;
    private readonly List<HttpClient> _clients = [];
    private readonly ConcurrentQueue<string> _undescribed;

    private TestHost(WebApplication app, TestClock clock, FakeLogCollector logs, ConcurrentQueue<string> undescribed) =>
        (_app, Clock, Logs, _undescribed) = (app, clock, logs, undescribed);

    public TestClock Clock { get; }

    /// <summary>Every log record of the host, from Trace on.</summary>
    public FakeLogCollector Logs { get; }

    public IServiceProvider Services => _app.Services;

    /// <summary>Where Kestrel listens; only with <c>kestrel: true</c>.</summary>
    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single());

    public static async Task<TestHost> StartAsync(
        Action<DeviceAuthorizationOptions>? configure = null,
        Action<IServiceCollection>? services = null,
        Action<WebApplication>? map = null,
        bool kestrel = false,
        string environment = "Production",
        string? pathBase = null,
        Action<WebApplication>? mapFlow = null)
    {
        var clock = new TestClock(Epoch);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { EnvironmentName = environment });
        if (kestrel)
        {
            builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        }
        else
        {
            builder.WebHost.UseTestServer(server => server.BaseAddress = new Uri("https://tv.example.com"));
        }

        builder.Logging.AddFakeLogging().SetMinimumLevel(LogLevel.Trace);
        builder.Services.AddSingleton<TimeProvider>(clock);
        builder.Services.AddSingleton<IDataProtectionProvider>(new EphemeralDataProtectionProvider());
        builder.Services.AddRouting();
        builder.Services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme)
            .AddCookie(options =>
            {
                options.LoginPath = "/login";
                options.TimeProvider = clock;
            })
            .AddDeviceToken();
        services?.Invoke(builder.Services);
        builder.Services.AddDeviceAuthorization(options =>
        {
            options.PublicOrigin = new Uri("https://tv.example.com");
            options.Scopes.Add("library.read", "See your library");
            options.Scopes.Add("library.write", "Change your library");
            options.Scopes.Add("profile", "See your name");
            options.RateLimits.Enabled = false;
            configure?.Invoke(options);
        });

        var app = builder.Build();
        if (pathBase is not null)
        {
            app.UsePathBase(pathBase);
        }

        var undescribed = new ConcurrentQueue<string>();
        app.UseRouting();
        app.Use(async (context, next) =>
        {
            await next();
            var (status, description) = (context.Response.StatusCode, context.GetEndpoint()?.Metadata.GetMetadata<EndpointDescription>());
            if (description?.Answers.All(answer => answer.Status != status) == true
                && context.GetEndpoint()?.Metadata.GetMetadata<IAuthorizeData>() is null // then the host's own authorization may answer
                && !HttpMethods.IsOptions(context.Request.Method) // the CORS middleware's answer
                && !context.RequestAborted.IsCancellationRequested)
            {
                undescribed.Enqueue($"{context.Request.Method} {context.Request.Path} answered {status}");
            }
        });
        app.UseAuthentication();
        app.UseAuthorization();
        if (mapFlow is not null)
        {
            mapFlow(app);
        }
        else
        {
            app.MapDeviceAuthorization();
            app.MapDevicePairingPage();
        }

        app.MapGet("/test/sign-in/{user}", (string user, string? scope) => Results.SignIn(
            new ClaimsPrincipal(new ClaimsIdentity(
                [
                    new(ClaimTypes.NameIdentifier, user),
                    new(ClaimTypes.Name, user),
                    .. scope is null ? [] : new Claim[] { new("scope", scope) },
                ],
                "test")),
            authenticationScheme: CookieAuthenticationDefaults.AuthenticationScheme)).AllowAnonymous();
        app.MapGet("/api/library", (PairedDevice device) => Results.Json(new { user = device.UserId, device = device.Id, name = device.Name }))
            .RequireScope("library.read");
        app.MapGet("/api/admin", () => "admin").RequireScope("library.write");
        map?.Invoke(app);
        await app.StartAsync();
        return new TestHost(app, clock, app.Services.GetFakeLogCollector(), undescribed);
    }

    /// <summary>A client that nobody is signed in with: a device.</summary>
    public HttpClient Device(params DelegatingHandler[] handlers) => Client(handlers);

    /// <summary>A browser with its own cookies, in which nobody is signed in. Follows no redirects.</summary>
    public HttpClient Browser() => Client(new CookieContainerHandler());

    /// <summary>A browser with its own cookies, in which <paramref name="user"/> is signed in. Follows no redirects.</summary>
    /// <param name="user">The user's id and name.</param>
    /// <param name="scope">Limits the credential to these scopes, space-separated.</param>
    public async Task<HttpClient> SignInAsync(string user, string? scope = null)
    {
        var client = Browser();
        using var response = await client.GetAsync($"/test/sign-in/{user}{(scope is null ? "" : "?scope=" + Uri.EscapeDataString(scope))}");
        response.EnsureSuccessStatusCode();
        return client;
    }

    /// <summary>A client that calls with a device token.</summary>
    public HttpClient WithToken(string token)
    {
        var client = Client();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
        {
            client.Dispose();
        }

        await _app.DisposeAsync();
        Assert.Empty(_undescribed); // every status that a test provokes is in the description of its endpoint
    }

    private HttpClient Client(params DelegatingHandler[] handlers)
    {
        var server = _app.Services.GetRequiredService<IServer>() as TestServer;
        HttpMessageHandler handler = server?.CreateHandler() ?? new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false };
        foreach (var outer in handlers)
        {
            outer.InnerHandler = handler;
            handler = outer;
        }

        var client = new HttpClient(handler) { BaseAddress = server?.BaseAddress ?? Address };
        _clients.Add(client);
        return client;
    }
}
