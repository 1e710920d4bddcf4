using System.Globalization;
using System.Net;
using System.Text;
using DeviceAuthorization;
using DeviceAuthorization.Benchmarks;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

// What a request allocates in the server, and how much of that is not an empty endpoint's. See README.md.
const int Requests = 10_000;
const string Form = "application/x-www-form-urlencoded";
const string Starts = "/api/auth/device/init";
const string Polls = "/api/auth/device/token";
var address = IPAddress.Parse("203.0.113.7");
var pendingAnswer = Encoding.ASCII.GetBytes("""{"error":"authorization_pending"}""");

var clock = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Production" });
builder.WebHost.UseTestServer();
builder.Logging.ClearProviders();
builder.Services.AddSingleton<TimeProvider>(clock);
builder.Services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie().AddDeviceToken();
builder.Services.AddDeviceAuthorization(options =>
{
    options.PublicOrigin = new Uri("https://tv.example.com");
    options.Scopes["library.read"] = "See your library";
    options.PollingInterval = Pacing.Tolerance; // so no poll comes too early while the clock stands still
});
await using var app = builder.Build();
app.MapDeviceAuthorization();
app.MapPost("/empty", context => Task.CompletedTask);
app.MapPost("/constant", AnswerAsync);
app.MapPost("/form", async context =>
{
    await context.Request.ReadFormAsync();
    await AnswerAsync(context);
});
app.MapGet("/paired", AnswerAsync).RequirePairedDevice();
await app.StartAsync();
var server = app.GetTestServer();

var token = await PairAsync();
var waiting = await StartAsync();
var start = "client_id=tv&scope=library.read"u8.ToArray();
var poll = Encoding.ASCII.GetBytes($"grant_type=urn:ietf:params:oauth:grant-type:device_code&client_id=tv&device_code={waiting.DeviceCode.Reveal()}");

long empty = 0;
empty = await MeasureAsync("empty endpoint", "/empty", poll, expected: "");
await MeasureAsync("constant answer", "/constant", poll, "pending");
await MeasureAsync("ASP.NET Core's form reader, constant answer", "/form", poll, "pending");
await MeasureAsync("pending poll", Polls, poll, "pending");
clock.AdjustTime(clock.GetUtcNow() - TimeSpan.FromSeconds(10));
await MeasureAsync("poll that is too early", Polls, poll, "slow_down");
await MeasureAsync("authenticated call, constant answer", "/paired", body: null, "pending");
await MeasureAsync("start", Starts, start, "user_code", pause: TimeSpan.FromHours(1)); // its limits have room again, and the store

async Task<long> MeasureAsync(string what, string path, byte[]? body, string expected, TimeSpan pause = default)
{
    var answer = new byte[1024];
    await SendAsync(Requests); // warms up
    var before = GC.GetTotalAllocatedBytes(precise: true);
    var length = await SendAsync(Requests);
    var bytes = (GC.GetTotalAllocatedBytes(precise: true) - before) / Requests;
    if (!Encoding.UTF8.GetString(answer, 0, length).Contains(expected, StringComparison.Ordinal))
    {
        throw new InvalidOperationException($"{what}: {Encoding.UTF8.GetString(answer, 0, length)}");
    }

    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what,-45}{bytes,8:N0} B{(path == "/empty" ? 0 : bytes - empty),8:N0} B more"));
    return bytes;

    async Task<int> SendAsync(int times)
    {
        var received = 0;
        for (var i = 0; i < times; i++)
        {
            clock.AdjustTime(clock.GetUtcNow() + pause);
            var context = await server.SendAsync(context => Fill(context, path, body));
            received = await context.Response.Body.ReadAtLeastAsync(answer, answer.Length, throwOnEndOfStream: false);
        }

        return received;
    }
}

void Fill(HttpContext context, string path, byte[]? body)
{
    context.Connection.RemoteIpAddress = address;
    context.Request.Scheme = "https";
    context.Request.Path = path;
    if (body is null)
    {
        context.Request.Method = "GET";
        context.Request.Headers.Authorization = token;
        return;
    }

    context.Request.Method = "POST";
    context.Request.ContentType = Form;
    context.Request.ContentLength = body.Length;
    context.Request.Body = new UnbufferedBody(body);
}

Task AnswerAsync(HttpContext context)
{
    context.Response.ContentType = "application/json";
    context.Response.ContentLength = pendingAnswer.Length;
    return context.Response.Body.WriteAsync(pendingAnswer).AsTask();
}

async Task<StartResult.Started> StartAsync()
{
    var result = await app.Services.GetRequiredService<DeviceFlow>().StartAsync(
        new PairingRequest { ClientId = "tv", Scopes = ["library.read"], Device = new ReportedDevice { Name = "TV" } });
    return (StartResult.Started)result;
}

async Task<string> PairAsync()
{
    var started = await StartAsync();
    await app.Services.GetRequiredService<ApproverFlow>().ApproveAsync(
        started.UserCode, new Approver("anna", SignedInAt: clock.GetUtcNow()), new Approval { Scopes = ["library.read"] });
    var result = await app.Services.GetRequiredService<DeviceFlow>().PollAsync(new PollRequest { DeviceCode = started.DeviceCode, ClientId = "tv" });
    return $"Bearer {((PollResult.Paired)result).Token.Reveal()}";
}
