using System.Text.Json.Serialization;
using DeviceAuthorization;
using PairingHost;

var builder = WebApplication.CreateBuilder(args);

// The library. Its other settings are in the configuration section DeviceAuthorization, for example --DeviceAuthorization:UserCode:Length=10.
var deviceAuthorization = builder.Services.AddDeviceAuthorization(options =>
{
    foreach (var (scope, words) in Accounts.Scopes)
    {
        options.Scopes.TryAdd(scope, words);
    }
});
builder.AddStores(deviceAuthorization);

// The host: who its users are, how they sign in, and what devices call.
builder.Services.AddSingleton<Accounts>();
builder.Services.AddSingleton<IPairingPolicy>(services => services.GetRequiredService<Accounts>());
builder.Services.AddSingleton<PlaySessions>();
builder.Services.AddSingleton<Saves>();
builder.Services.AddSingleton<SaveSync>();
builder.Services.AddSingleton<Installs>();
builder.Services.AddSingleton<DeviceSockets>();
builder.AddSignIn();
builder.AddObservability();

// Without Strict, ASP.NET Core describes every number in the OpenAPI document as "integer or string".
builder.Services.AddOpenApi().ConfigureHttpJsonOptions(json => json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict);

var app = builder.Build();
app.UseObservability(); // /metrics, /health/ready and /health/live, on a port of their own
app.MigrateDatabase();
app.MapSignIn();
app.MapDeviceAuthorization(); // devices pair, their owners approve
app.MapDeviceAuthorizationMetadata(); // clients find the endpoints
app.MapTokenIntrospection(); // other servers ask about a token
app.MapDevicePairingPage(); // the page where people enter a code
app.MapDevicesPage(); // the page of their devices and tokens
app.MapDevices(); // the same as an API: devices
app.MapClientTokens(); // and tokens
app.MapGameLibrary();
app.MapPlaySessions();
app.MapSaves();
app.MapSaveSync();
app.MapInstalls();
app.MapDeviceSockets();
app.MapOpenApi();
app.MapGet("/", () => Results.LocalRedirect("~/pair/device"));

app.Lifetime.ApplicationStarted.Register(() => Console.WriteLine($"""

    A game library that grout, argosy-launcher and other clients of RomM can pair with: {app.Urls.First()}
    Sign in as alice or bob, password demo. The story of a device, with curl: samples/PairingHost/story.sh

    """));
app.Run();
