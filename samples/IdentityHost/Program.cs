using DeviceAuthorization;
using IdentityHost.Data;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

var builder = WebApplication.CreateBuilder(args);

var connectionString = builder.Configuration.GetConnectionString("DefaultConnection") ?? throw new InvalidOperationException("Connection string 'DefaultConnection' not found.");
builder.Services.AddDbContext<ApplicationDbContext>(options => options.UseSqlite(connectionString));
builder.Services.AddDefaultIdentity<IdentityUser>(options => options.SignIn.RequireConfirmedAccount = true)
    .AddEntityFrameworkStores<ApplicationDbContext>();
builder.Services.AddRazorPages();

builder.Services.AddDeviceAuthorization(options => options.Scopes["library.read"] = "See your library")
    .AddEntityFrameworkStores<ApplicationDbContext>()
    .AddIdentityPolicy<IdentityUser>();
builder.Services.AddAuthentication().AddDeviceToken();

var app = builder.Build();
using (var scope = app.Services.CreateScope())
{
    scope.ServiceProvider.GetRequiredService<ApplicationDbContext>().Database.Migrate(); // only so that the sample starts with one command
}

app.UseRouting();
app.UseAuthorization();
app.MapStaticAssets();
app.MapRazorPages().WithStaticAssets();

app.MapDeviceAuthorization(); // devices pair
app.MapDeviceAuthorizationMetadata(); // clients find the endpoints
app.MapDevicePairingPage(); // people enter the code
app.MapDevicesPage(); // people see and remove their devices
app.MapGet("/api/library", (PairedDevice device) => Results.Json(new { user = device.UserId, device = device.Name })).RequireScope("library.read");

app.Run();
