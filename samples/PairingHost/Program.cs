using System.Text.Json.Serialization;
using DeviceAuthorization;
using PairingHost;

var builder = WebApplication.CreateBuilder(args);

// Everything else comes from the configuration section DeviceAuthorization, such as --DeviceAuthorization:RateLimits:Enabled=false.
var deviceAuthorization = builder.Services.AddDeviceAuthorization(options =>
{
    foreach (var (name, words) in Accounts.Scopes)
    {
        options.Scopes.TryAdd(name, words);
    }
});
builder.AddStores(deviceAuthorization);
builder.Services.AddSingleton<Accounts>().AddSingleton<IPairingPolicy>(services => services.GetRequiredService<Accounts>());
builder.Services.AddSingleton<GameLibrary>();
builder.AddSignIn();

// Numbers are numbers in the document; by default ASP.NET Core says that it reads them from strings, too.
builder.Services.AddOpenApi().ConfigureHttpJsonOptions(json => json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict);

var app = builder.Build();
app.MigrateStores();
app.MapSignIn();
app.MapDeviceAuthorization();
app.MapDeviceAuthorizationMetadata();
app.MapTokenIntrospection();
app.MapDevicePairingPage();
app.MapDevicesPage();
app.MapDevices();
app.MapClientTokens();
app.MapGameLibrary();
app.MapOpenApi();
app.MapGet("/", () => Results.LocalRedirect("~/pair/device"));

app.Lifetime.ApplicationStarted.Register(() => Console.WriteLine($"""

    A game library that grout, argosy-launcher and other clients of RomM can pair with, at {app.Urls.First()}
    Sign in as alice, bob or carol, password demo. The whole story with curl: samples/PairingHost/story.sh

    """));
app.Run();
