using DeviceAuthorization.Storage;
using DeviceAuthorization.Testing;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace DeviceAuthorization.CrashTests;

/// <summary>
/// The smallest host that the tests can kill. The settings <c>Pairings</c> (sqlite, postgres, redis) and <c>Devices</c> (sqlite, postgres) name its
/// stores, <c>Accounts</c> (identity, or none) who its people are; <c>ConnectionStrings</c> has Database and Redis. With <c>Soak</c> it also has limits, cleans
/// up each second and logs everything of ours.
/// </summary>
internal static class CrashHost
{
    /// <summary>The host prints this before its address.</summary>
    public const string Listening = "Listening on ";

    public const string Scope = "library.read";

    public const string Soak = "--Soak=true";

    public static WebApplication Build(params string[] settings)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { Args = settings, EnvironmentName = "Testing" });
        builder.Configuration.AddCommandLine(settings);
        var soaks = settings.Contains(Soak);
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true).SetMinimumLevel(LogLevel.Error)
            .AddFilter("Microsoft.EntityFrameworkCore", LogLevel.None) // the tests are about servers that do not answer
            .AddFilter("DeviceAuthorization", soaks ? LogLevel.Debug : LogLevel.Error)
            .AddFilter("DeviceAuthorization.Http.EndpointGuard", soaks ? LogLevel.Information : LogLevel.Error) // in a soak, Debug has a stack trace for each 503
            .AddFilter("DeviceAuthorization.Testing", LogLevel.Error);
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRouting();
        builder.Services.AddAuthentication(FakeApproverDefaults.AuthenticationScheme).AddFakeApprover().AddDeviceToken();
        AddStores(
            builder.Services.AddDeviceAuthorization(options =>
            {
                options.PublicOrigin = new Uri("https://tv.example.com");
                options.Scopes.Add(Scope, "See your library");
                options.RateLimits.Enabled = soaks;
                if (!soaks)
                {
                    options.PollingInterval = TimeSpan.FromSeconds(1);
                }
            }),
            builder.Configuration,
            soaks);

        if (!soaks) // they remember all that they pass on
        {
            Intercept<IPairingStore>(builder.Services, store => new InterceptedPairingStore(store) { Passing = RequestSteps.PassAsync });
            Intercept<IDeviceRepository>(builder.Services, repository => new InterceptedDeviceRepository(repository) { Passing = RequestSteps.PassAsync });
        }

        var host = builder.Build();
        host.UseForwardedHeaders(new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto });
        host.Use(RequestSteps.InvokeAsync);
        host.UseAuthentication();
        host.UseAuthorization();
        host.MapDeviceAuthorization();
        host.MapDevicePairingPage();
        host.MapDevicesPage();
        host.MapDevices();
        host.MapClientTokens();
        host.MapGet("/api/library", (PairedDevice device) => device.Id).RequireScope(Scope);
        host.MapGet(Footprint.Path, Footprint.Measure);
        return host;
    }

    private static void AddStores(DeviceAuthorizationBuilder builder, ConfigurationManager settings, bool soaks)
    {
        builder.Services.AddDbContext<HostContext>(options =>
        {
            if (settings["Devices"] == "postgres")
            {
                UsePostgres(options, settings);
            }
            else
            {
                options.UseSqlite(settings.GetConnectionString("Database"));
            }
        });
        builder.AddEntityFrameworkStores<HostContext>(options => options.CleanUpPeriod = soaks ? TimeSpan.FromSeconds(1) : options.CleanUpPeriod);
        if (settings["Accounts"] == "identity")
        {
            builder.Services.AddDbContext<Accounts>(options => UsePostgres(options, settings));
            builder.Services.AddIdentityCore<IdentityUser>().AddEntityFrameworkStores<Accounts>().AddSignInManager();
            builder.Services.AddSingleton<IClaimsTransformation, StampOfIdentity>();
            builder.AddIdentityPolicy<IdentityUser>();
        }

        if (settings["Pairings"] == "redis")
        {
            builder.AddRedisPairingStore(settings.GetConnectionString("Redis")!);
        }
    }

    /// <summary>
    /// Like a host that survives its database: it retries over a new connection, and recognises what it has committed already. The provider's own retries take
    /// almost a minute in all.
    /// </summary>
    private static void UsePostgres(DbContextOptionsBuilder options, ConfigurationManager settings) => options.UseNpgsql(
        settings.GetConnectionString("Database"),
        postgres => _ = settings["Retries"] == "default" ? postgres.EnableRetryOnFailure() : postgres.EnableRetryOnFailure(3, TimeSpan.FromMilliseconds(200), null));

    /// <summary>Wraps the registered store.</summary>
    private static void Intercept<T>(IServiceCollection services, Func<T, T> intercept)
        where T : class
    {
        var store = services.Last(service => service.ServiceType == typeof(T)).ImplementationType!;
        services.AddSingleton(provider => intercept((T)ActivatorUtilities.CreateInstance(provider, store)));
    }
}
