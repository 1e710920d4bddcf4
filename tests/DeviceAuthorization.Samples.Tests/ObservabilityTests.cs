using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using DeviceAuthorization.Rules;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.Testing;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using PairingHost;

namespace DeviceAuthorization.Tests.Samples;

/// <summary>What operators see of the sample: the scrape, the dashboard that reads it, health, and traces.</summary>
public sealed partial class ObservabilityTests : IDisposable
{
    private const string Attacker = "203.0.113.9";
    private const string Home = "198.51.100.7";
    private const string DeviceName = "Grandmas Telly";
    private const string UnknownCode = "BCDF-GHJK";
    private const string LaterMetric = "device_authorization_pairings_live"; // with a database, the clean-up counts them in its own time

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("observability-");

    private (string Name, string Value)[] Settings =>
    [
        ("ConnectionStrings:Sqlite", $"Data Source={Path.Combine(_folder.FullName, "pairing-host.db")};Pooling=False"),
        ("ForwardedHeaders_Enabled", "true"), // so that the story has addresses
        ("DeviceAuthorization:CampaignThreshold", "1"),
        ("DeviceAuthorization:RateLimits:CodesPerUser", "6"),
    ];

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task The_set_up_of_the_document_collects_our_meter_and_our_traces()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddOpenTelemetry()
            .WithMetrics(metrics => metrics.AddMeter("DeviceAuthorization"))
            .WithTracing(traces => traces.AddSource("DeviceAuthorization"));
        await using var app = builder.Build();
        Assert.NotNull(app.Services.GetRequiredService<TracerProvider>());
        Assert.NotNull(app.Services.GetRequiredService<MeterProvider>());
        using var ours = new ActivitySource("DeviceAuthorization");
        Assert.True(ours.HasListeners());
    }

    [Fact]
    public async Task The_scrape_after_a_story_has_all_that_the_dashboard_reads_and_nothing_secret_or_personal()
    {
        await using var server = new PairingHostServer(Settings);
        var secrets = await TellAsync(server);
        var scrape = await OperatorAsync(server, "/metrics");
        Assert.Equal(HttpStatusCode.OK, scrape.Status);

        var read = Expressions().SelectMany(expression => OurWord().Matches(expression).Select(match => match.Value)).Distinct(StringComparer.Ordinal);
        var there = OurWord().Matches(scrape.Text).Select(match => match.Value).ToHashSet(StringComparer.Ordinal);
        Assert.Empty(read.Except(there, StringComparer.Ordinal).Except([LaterMetric], StringComparer.Ordinal));

        var events = Expressions().SelectMany(expression => ChosenEvents().Matches(expression)).SelectMany(match => match.Groups[1].Value.Split('|'));
        Assert.All(events.Distinct(StringComparer.Ordinal), name => Assert.Contains($"device_authorization_event=\"{name}\"", scrape.Text, StringComparison.Ordinal));

        Assert.All([.. secrets, Attacker, Home, DeviceName, "alice", "bob"], word => Assert.DoesNotContain(word, scrape.Text, StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("/metrics")]
    [InlineData("/health/ready")]
    [InlineData("/health/live")]
    public async Task What_is_for_operators_answers_on_their_port_alone(string path)
    {
        await using var server = new PairingHostServer();
        Assert.Equal(HttpStatusCode.OK, (await OperatorAsync(server, path)).Status);
        using var forged = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Host = $"localhost:{Observability.Port}" } };
        using var refused = await server.CreateClient().SendAsync(forged);
        Assert.Equal(HttpStatusCode.NotFound, refused.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await OperatorAsync(server, "/api/heartbeat")).Status);
    }

    [Fact]
    public async Task The_health_endpoint_names_the_store_that_is_away()
    {
        var redis = await RedisServer.StartAsync();
        await using var server = new PairingHostServer([.. Settings, ("ConnectionStrings:Redis", redis.EndPoint)]);
        Assert.Equal((HttpStatusCode.OK, "Healthy\n"), await ReadyAsync());
        await redis.DisposeAsync();
        var (status, text) = await ReadyAsync();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.StartsWith("Unhealthy\ndevice-authorization-pairings: Unhealthy. Redis", text, StringComparison.Ordinal);
        Assert.DoesNotContain("device-authorization-devices", text, StringComparison.Ordinal); // they are in SQLite
        Assert.Equal((HttpStatusCode.OK, "Healthy\n"), await OperatorAsync(server, "/health/live"));

        Task<(HttpStatusCode Status, string Text)> ReadyAsync() => OperatorAsync(server, "/health/ready");
    }

    [Fact]
    public async Task Each_step_is_a_span_below_its_request_and_no_span_has_a_code_or_a_user()
    {
        using var spans = new Recorder();
        await using var server = new PairingHostServer(Settings);
        await using var recorded = server.WithWebHostBuilder(builder => builder.ConfigureServices(services =>
            services.ConfigureOpenTelemetryTracerProvider(traces => traces.AddProcessor(spans))));
        var secrets = await TellAsync(server, recorded);

        var steps = spans.Ended.Where(span => span.Source.Name == "DeviceAuthorization").ToArray();
        Assert.Superset(
            new HashSet<string>(["start", "poll", "review", "approve", "deny"], StringComparer.Ordinal),
            steps.Select(step => step.OperationName["device_authorization.".Length..]).ToHashSet(StringComparer.Ordinal));
        Assert.All(steps, step => Assert.Equal(ActivityKind.Server, step.Parent?.Kind));
        Assert.Contains(spans.Ended, span => Equals(span.GetTagItem("url.path"), "/api/auth/device/pending/{code}"));

        var texts = spans.Ended.SelectMany(span => span.TagObjects.Select(tag => $"{tag.Key}={tag.Value}").Append(span.DisplayName)).ToArray();
        Assert.All([.. secrets, DeviceName, "alice", "bob"], word => Assert.DoesNotContain(texts, text => text.Contains(word, StringComparison.OrdinalIgnoreCase)));
    }

    /// <summary>Pairings that are approved, denied, expired, replayed, and shared; a limit; the look of a campaign.</summary>
    /// <returns>Codes and tokens.</returns>
    private static async Task<string[]> TellAsync(PairingHostServer server, WebApplicationFactory<Program>? host = null)
    {
        var device = Client(server, host, Attacker);
        var (alice, bob) = (Client(server, host, Home, "alice"), Client(server, host, Home, "bob"));
        var (paired, denied, shared, late) = (await StartAsync(device), await StartAsync(device), await StartAsync(device), await StartAsync(device));

        await PollAsync(device, paired);
        Assert.Equal("slow_down", (await PollAsync(device, paired)).String("detail"));
        var near = Client(server, host, Attacker, "alice"); // the device and its owner are at home
        await DecideAsync(near, "approve", paired);
        server.Clock.Advance(TimeSpan.FromSeconds(20));
        var token = (await PollAsync(device, paired)).String("access_token")!;
        await PollAsync(device, paired, "a");
        server.Clock.Advance(TimeSpan.FromMinutes(2));
        await PollAsync(device, paired, "b");

        await EnterAsync(Client(server, host, Home), "bob", shared); // from elsewhere: a first one
        await DecideAsync(alice, "approve", shared);
        await EnterAsync(Client(server, host, Home), "alice", denied); // and a second: a campaign
        await DecideAsync(alice, "deny", denied);
        for (var i = 0; i < 8; i++)
        {
            await bob.CallAsync("GET", $"{PairingHostServer.Auth}/pending/{UnknownCode}");
        }

        server.Clock.Advance(TimeSpan.FromMinutes(10)); // it has expired, and no clean-up removes it yet
        await PollAsync(device, late);
        return [token, UnknownCode, .. ((JsonElement[])[paired, denied, shared, late]).SelectMany(init => new[] { init.String("device_code")!, init.String("user_code")! })];
    }

    private static HttpClient Client(PairingHostServer server, WebApplicationFactory<Program>? host, string address, string? user = null)
    {
        var client = (host ?? server).CreateClient(new() { BaseAddress = new Uri("https://localhost") }); // the cookies of the page are for HTTPS
        client.DefaultRequestHeaders.Add("X-Forwarded-For", address);
        client.DefaultRequestHeaders.Authorization = user is null ? null : new("Basic", Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(user + ":demo")));
        return client;
    }

    private static async Task<JsonElement> StartAsync(HttpClient device)
    {
        var answer = await device.CallAsync(
            "POST", $"{PairingHostServer.Auth}/init", JsonSerializer.Serialize(new { client_device_identifier = "telly-1", name = DeviceName, client = "tv", requested_scopes = (string[])["me.read"] }));
        Assert.Equal("", answer.Status == HttpStatusCode.Created ? "" : answer.Text);
        return answer.Body;
    }

    private static async Task<JsonElement> PollAsync(HttpClient device, JsonElement init, string? key = null) => (await device.CallAsync(
        "POST", $"{PairingHostServer.Auth}/token", JsonSerializer.Serialize(new { device_code = init.String("device_code") }), key is null ? [] : [("Idempotency-Key", key)])).Body;

    /// <summary>On the page: a code that is read by JSON is not claimed.</summary>
    private static async Task EnterAsync(HttpClient browser, string user, JsonElement init)
    {
        await browser.CallAsync("POST", "/api/login", $$"""{ "username": "{{user}}", "password": "demo" }""");
        Assert.Contains(DeviceName, await browser.ReviewAsync(init.String("user_code")!), StringComparison.Ordinal);
    }

    private static async Task DecideAsync(HttpClient approver, string decision, JsonElement init) => await approver.CallAsync(
        "POST", $"{PairingHostServer.Auth}/{decision}", JsonSerializer.Serialize(new { user_code = init.String("user_code"), approved_scopes = (string[])["me.read"] }));

    /// <summary>A call that comes in at the operators' port.</summary>
    private static async Task<(HttpStatusCode Status, string Text)> OperatorAsync(PairingHostServer server, string path)
    {
        var answer = await server.Server.SendAsync(context =>
        {
            (context.Request.Method, context.Request.Path, context.Connection.LocalPort) = ("GET", path, Observability.Port);
        });
        using var reader = new StreamReader(answer.Response.Body);
        return ((HttpStatusCode)answer.Response.StatusCode, await reader.ReadToEndAsync());
    }

    private static string[] Expressions()
    {
        using var dashboard = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "samples", "PairingHost", "Observability", "dashboard.json")));
        return [.. dashboard.RootElement.GetProperty("panels").EnumerateArray()
            .SelectMany(panel => panel.GetProperty("targets").EnumerateArray())
            .Select(target => target.String("expr")!)];
    }

    [GeneratedRegex(@"device_authorization_\w+")]
    private static partial Regex OurWord();

    [GeneratedRegex("device_authorization_event=~?\"([^\"]+)\"")]
    private static partial Regex ChosenEvents();

    private sealed class Recorder : BaseProcessor<Activity>
    {
        public ConcurrentQueue<Activity> Ended { get; } = new();

        public override void OnEnd(Activity data) => Ended.Enqueue(data);
    }
}
