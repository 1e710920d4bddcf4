using DeviceAuthorization;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddDbContextPool<AppDbContext>(options => options.UseSqlite(builder.Configuration.GetConnectionString("Database")));

// People: they register and sign in on the pages of ASP.NET Core Identity.
builder.Services.AddDefaultIdentity<IdentityUser>().AddEntityFrameworkStores<AppDbContext>();
builder.Services.AddRazorPages();

// Devices: what they may ask for, where they are kept, and which accounts may use them.
builder.Services.AddDeviceAuthorization(options => options.Scopes["library.read"] = "See your library")
    .AddEntityFrameworkStores<AppDbContext>()
    .AddIdentityPolicy<IdentityUser>();
builder.Services.AddAuthentication().AddDeviceToken();

var app = builder.Build();
if (app.Environment.IsDevelopment())
{
    // Creates the database file at the first start. For production, delete the file and use migrations:
    // dotnet ef migrations add Initial, then dotnet ef database update.
    using var scope = app.Services.CreateScope();
    scope.ServiceProvider.GetRequiredService<AppDbContext>().Database.EnsureCreated();
}

app.UseAuthorization();
app.MapStaticAssets();
app.MapRazorPages();
app.MapGet("/", () => Results.Redirect("/pair/devices"));

app.MapDeviceAuthorization(); // devices pair
app.MapDeviceAuthorizationMetadata(); // clients find the endpoints
app.MapDevicePairingPage(); // people enter the code
app.MapDevicesPage(); // people see and remove their devices
app.MapGet("/api/library", (PairedDevice device) => $"Hello {device.Name}").RequireScope("library.read");

app.Run();
