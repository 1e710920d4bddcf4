using System.Text.Json.Serialization;
using AotHost;
using DeviceAuthorization;
using Microsoft.AspNetCore.Authentication.Cookies;
using QuickStart;

var builder = WebApplication.CreateSlimBuilder(args);
var deviceAuthorization = builder.Services.AddDeviceAuthorization(options =>
{
    options.Scopes.TryAdd("library.read", "See your library");
    options.Scopes.TryAdd(options.ManagementScopes.ReadDevices, "See your devices");
    options.Scopes.TryAdd(options.ManagementScopes.WriteDevices, "Change your devices");
});

// Pairings and limits in Redis, or all in memory: --ConnectionStrings:Redis=localhost:6379
// Devices and tokens are in memory in both cases: a restart forgets them. To keep them, register an IDeviceRepository of your own.
if (builder.Configuration.GetConnectionString("Redis") is { } redis)
{
    deviceAuthorization.AddRedisPairingStore(redis);
}

builder.Services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme)
    .AddCookie(options => options.LoginPath = "/login")
    .AddDeviceToken();
builder.Services.ConfigureHttpJsonOptions(json =>
{
    json.SerializerOptions.TypeInfoResolverChain.Insert(0, LibraryJson.Default);
    json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict; // else the OpenAPI document describes every number as "integer or string"
});
builder.Services.AddHealthChecks().AddDeviceAuthorization();
builder.Services.AddOpenApi();

var app = builder.Build();
app.MapDeviceAuthorization();
app.MapDeviceAuthorizationMetadata();
app.MapTokenIntrospection();
app.MapDevicePairingPage();
app.MapDevicesPage();
app.MapDevices();
app.MapClientTokens();
app.MapDemoSignIn();
app.MapHealthChecks("/health");
app.MapOpenApi();
app.MapGet("/", () => Results.LocalRedirect("~/pair/device"));
app.MapGet("/api/library", (PairedDevice device) => new Library(device.UserId, device.Name, ["Pong", "Tetris"])).RequireScope("library.read");
app.MapGet("/tv", () => Results.Content("<form method=\"post\"><button>Pair this TV</button></form>", "text/html")); // starts nothing: crawlers and previews open links
app.MapPost("/tv", async (HttpContext context, DeviceFlow flow) => // a device's screen, drawn by the host
    await flow.StartAsync(new() { ClientId = "tv", Device = new() { Name = "Living room TV" } }) is StartResult.Started started
        ? Results.Content(PairingQrCode.Of(context.Request, started.UserCode).ToSvg("QR code of the link"), "text/html")
        : Results.StatusCode(StatusCodes.Status503ServiceUnavailable));
app.Run();

namespace AotHost
{
    internal sealed record Library(string User, string? Device, string[] Games);

    [JsonSerializable(typeof(Library))]
    internal sealed partial class LibraryJson : JsonSerializerContext;
}
