using DeviceAuthorization;
using Microsoft.AspNetCore.Authentication.Cookies;
using QuickStart;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddDeviceAuthorization(options =>
{
    options.Page.ProductName = "QuickStart";
    options.Scopes.Add("library.read", "See your library");
    options.Scopes.Add("library.write", "Change your library");
});
builder.Services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme)
    .AddCookie(options => options.LoginPath = "/login")
    .AddDeviceToken();

var app = builder.Build();
app.MapDeviceAuthorization();
app.MapDeviceAuthorizationMetadata();
app.MapDevicePairingPage();
app.MapDevicesPage();
app.MapDemoSignIn();
app.MapGet("/", () => Results.LocalRedirect("~/pair/device"));
app.MapGet("/api/library", (PairedDevice device) => new { User = device.UserId, Device = device.Name, Games = (string[])["Pong", "Tetris"] })
    .RequireScope("library.read");

app.Lifetime.ApplicationStarted.Register(() => Console.WriteLine($"""

    Now play the device, in a second terminal:   dotnet run --project samples/TvDevice -- {app.Urls.First()}
    Open the link it shows and sign in as alice or bob, password demo.

    """));
app.Run();
