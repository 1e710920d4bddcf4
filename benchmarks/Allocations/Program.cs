using System.Globalization;
using System.Text;
using System.Text.Json;
using DeviceAuthorization;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Logging;

// What a request allocates beyond an endpoint that does nothing, in bytes: the same request, the same server, the same run.
// dotnet run -c Release --project benchmarks/Allocations
const int Requests = 10_000;

var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Production" });
builder.WebHost.UseTestServer();
builder.Logging.ClearProviders();
builder.Services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie().AddDeviceToken();
builder.Services.AddDeviceAuthorization(options =>
{
    options.PublicOrigin = new Uri("https://tv.example.com");
    options.Scopes["library.read"] = "See your library";
    options.PollingInterval = TimeSpan.FromSeconds(1); // within the tolerance: no poll is too early, without a fake clock
    options.RateLimits.Enabled = true;
});
await using var app = builder.Build();
app.MapDeviceAuthorization();
app.MapPost("/empty", context => Task.CompletedTask);
await app.StartAsync();
var server = app.GetTestServer();

var started = await SendAsync("/api/auth/device/init", "client_id=tv&scope=library.read");
using var codes = JsonDocument.Parse(started);
var poll = $"grant_type=urn:ietf:params:oauth:grant-type:device_code&client_id=tv&device_code={codes.RootElement.GetProperty("device_code").GetString()}";
if (!(await SendAsync("/api/auth/device/token", poll)).Contains("authorization_pending", StringComparison.Ordinal))
{
    throw new InvalidOperationException("The poll is not pending.");
}

var floor = await MeasureAsync("/empty");
var pending = await MeasureAsync("/api/auth/device/token");
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"empty endpoint {floor:N0} B, pending poll {pending:N0} B: {pending - floor:N0} B more"));

async Task<long> MeasureAsync(string path)
{
    for (var i = 0; i < Requests; i++)
    {
        await SendAsync(path, poll);
    }

    var before = GC.GetTotalAllocatedBytes(precise: true);
    for (var i = 0; i < Requests; i++)
    {
        await SendAsync(path, poll);
    }

    return (GC.GetTotalAllocatedBytes(precise: true) - before) / Requests;
}

async Task<string> SendAsync(string path, string form)
{
    var body = Encoding.ASCII.GetBytes(form);
    var context = await server.SendAsync(context =>
    {
        context.Request.Method = "POST";
        context.Request.Scheme = "https";
        context.Request.Path = path;
        context.Request.ContentType = "application/x-www-form-urlencoded";
        context.Request.ContentLength = body.Length;
        context.Request.Body = new MemoryStream(body);
    });
    using var reader = new StreamReader(context.Response.Body);
    return await reader.ReadToEndAsync();
}
