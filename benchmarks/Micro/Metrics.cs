using System.Net;
using System.Text;
using BenchmarkDotNet.Attributes;
using DeviceAuthorization.Diagnostics;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace DeviceAuthorization.Benchmarks;

/// <summary>
/// A pending poll, straight into ASP.NET Core's test server, and what metrics and spans are of it: with OpenTelemetry, and when nobody listens. Two runs of
/// the whole poll differ by more than that on a busy machine, so each part is measured by itself.
/// </summary>
[MemoryDiagnoser]
public class Metrics
{
    private readonly byte[] _answer = new byte[1024];
    private WebApplication _app = null!;
    private TestServer _server = null!;
    private Telemetry _telemetry = null!;
    private byte[] _poll = [];

    /// <summary>Whether OpenTelemetry collects metrics and traces.</summary>
    [Params(false, true)]
    public bool OpenTelemetry { get; set; }

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
            options.PollingInterval = Pacing.Tolerance; // so no poll comes too early while the clock stands still
        });
        if (OpenTelemetry)
        {
            builder.Services.AddOpenTelemetry()
                .WithMetrics(metrics => metrics.AddMeter(Telemetry.Name).AddPrometheusExporter())
                .WithTracing(traces => traces.AddSource(Telemetry.Name).SetSampler(new AlwaysOnSampler()));
        }

        _app = builder.Build();
        _app.MapDeviceAuthorization();
        await _app.StartAsync();
        _server = _app.GetTestServer();
        _telemetry = _app.Services.GetRequiredService<Telemetry>();
        await using var scope = _app.Services.CreateAsyncScope();
        var started = (StartResult.Started)await scope.ServiceProvider.GetRequiredService<DeviceFlow>().StartAsync(
            new PairingRequest { ClientId = "tv", Scopes = ["library.read"], Device = new ReportedDevice { Name = "TV" } });
        _poll = Encoding.ASCII.GetBytes($"grant_type=urn:ietf:params:oauth:grant-type:device_code&client_id=tv&device_code={started.DeviceCode.Reveal()}");
        var length = await PendingPoll();
        if (!Encoding.ASCII.GetString(_answer, 0, length).Contains("authorization_pending", StringComparison.Ordinal))
        {
            throw new InvalidOperationException(Encoding.ASCII.GetString(_answer, 0, length));
        }
    }

    [GlobalCleanup]
    public async Task CleanUpAsync() => await _app.DisposeAsync();

    [Benchmark(Description = "a pending poll")]
    public async Task<int> PendingPoll()
    {
        var context = await _server.SendAsync(context =>
        {
            context.Connection.RemoteIpAddress = IPAddress.Loopback;
            context.Request.Scheme = "https";
            context.Request.Method = "POST";
            context.Request.Path = "/api/auth/device/token";
            context.Request.ContentType = "application/x-www-form-urlencoded";
            context.Request.ContentLength = _poll.Length;
            context.Request.Body = new MemoryStream(_poll);
        });
        return await context.Response.Body.ReadAtLeastAsync(_answer, _answer.Length, throwOnEndOfStream: false);
    }

    [Benchmark(Description = "of it: its outcome is counted")]
    public void Outcome() => _telemetry.Polled("authorization_pending");

    [Benchmark(Description = "of it, in Redis or a database: its call is timed")]
    public void StoreCall() => _telemetry.Called("pairings", "accept_poll", TimeSpan.FromMilliseconds(1), error: null);

    [Benchmark(Description = "of it: its span")]
    public void Span() => Telemetry.Step("device_authorization.poll")?.Dispose();
}
