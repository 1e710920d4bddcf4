using System.Security.Claims;
using BlackBoxHost;
using DeviceAuthorization;

// A host for tests: it has every endpoint of the library, any combination of stores (see Stores.cs), three users whom the tests may lock, and
// runs in every environment. The sample PairingHost has the same paths, scopes and sign-in, so most tests run against both.
var builder = WebApplication.CreateBuilder(args);
var deviceAuthorization = builder.Services.AddDeviceAuthorization(options =>
{
    foreach (var scope in Accounts.Scopes)
    {
        options.Scopes.TryAdd(scope, $"Use {scope}");
    }
});
builder.AddStores(deviceAuthorization);
builder.Services.AddSingleton<Accounts>();
builder.Services.AddSingleton<IPairingPolicy>(services => services.GetRequiredService<Accounts>());
builder.AddSignIn();

var app = builder.Build();
app.CreateTables();
app.MapSignIn();
app.MapDeviceAuthorization();
app.MapDeviceAuthorizationMetadata();
app.MapTokenIntrospection();
app.MapDevicePairingPage();
app.MapDevicesPage();
app.MapDevices();
app.MapClientTokens();
app.MapGet("/api/users/me", (ClaimsPrincipal user, HttpContext context) => new
{
    username = user.Identity!.Name,
    current_device_id = context.GetPairedDevice()?.Id,
}).RequireScope("me.read", SignIn.AnyScheme);
app.MapGet("/api/platforms", () => Array.Empty<string>()).RequireScope("platforms.read", SignIn.AnyScheme);
app.Run();
