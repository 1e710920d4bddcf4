using System.Net;
using BenchmarkDotNet.Attributes;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace DeviceAuthorization.Benchmarks;

/// <summary>A request straight into ASP.NET Core's test server: without a token, and with one.</summary>
[MemoryDiagnoser]
public class BearerCall
{
    private WebApplication _app = null!;
    private TestServer _server = null!;
    private string _authorization = "";

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Production" });
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<TimeProvider>(new FakeTimeProvider(Records.Start));
        builder.Services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie().AddDeviceToken();
        builder.Services.AddDeviceAuthorization(options =>
        {
            options.PublicOrigin = new Uri("https://tv.example.com");
            options.Scopes["library.read"] = "See your library";
        });
        _app = builder.Build();
        _app.MapDeviceAuthorization();
        _app.MapGet("/open", () => Task.CompletedTask);
        _app.MapGet("/paired", () => Task.CompletedTask).RequirePairedDevice();
        await _app.StartAsync();
        _server = _app.GetTestServer();

        var (devices, token) = (_app.Services.GetRequiredService<IDeviceRepository>(), DeviceToken.New("da_"));
        await devices.AddOrFindAsync(new Device { Id = "tv-1", UserId = "alice", CreatedAt = Records.Start, UpdatedAt = Records.Start }, 100, default);
        await devices.TryIssueTokenAsync(
            new AccessToken { Id = Guid.NewGuid(), DeviceId = "tv-1", UserId = "alice", Hash = token.Hash(), Name = "TV", Scopes = Records.Grant.Scopes, CreatedAt = Records.Start },
            new TokenIssueConditions(Records.Start, 25, ReplacesEarlier: true),
            default);
        _authorization = $"Bearer {token.Reveal()}";
        if ((await AuthenticatedCall()).Response.StatusCode != StatusCodes.Status200OK)
        {
            throw new InvalidOperationException("The token is refused.");
        }
    }

    [GlobalCleanup]
    public async Task CleanUpAsync() => await _app.DisposeAsync();

    [Benchmark(Description = "a call without authentication")]
    public Task<HttpContext> OpenCall() => _server.SendAsync(context => Fill(context, "/open"));

    [Benchmark(Description = "a call of a paired device")]
    public Task<HttpContext> AuthenticatedCall() => _server.SendAsync(context =>
    {
        Fill(context, "/paired");
        context.Request.Headers.Authorization = _authorization;
    });

    private static void Fill(HttpContext context, string path)
    {
        context.Connection.RemoteIpAddress = IPAddress.Loopback;
        context.Request.Scheme = "https";
        context.Request.Method = "GET";
        context.Request.Path = path;
    }
}
