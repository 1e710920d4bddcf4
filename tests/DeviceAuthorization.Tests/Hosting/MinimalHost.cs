using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;

namespace DeviceAuthorization.Tests;

/// <summary>A host without <see cref="TestHost"/>'s settings, for tests of what a host must say and what it may leave out.</summary>
internal static class MinimalHost
{
    public static readonly (string Key, string Value) Origin = ("PublicOrigin", "https://tv.example.com");

    /// <summary>Starts a host in Production with nothing but these settings, from configuration.</summary>
    public static Task<WebApplication> StartAsync(params (string Key, string Value)[] settings) =>
        StartAsync(services => services.AddDeviceAuthorization(), settings: settings);

    public static async Task<WebApplication> StartAsync(
        Action<IServiceCollection> add,
        Action<WebApplication>? map = null,
        string environment = "Production",
        bool authentication = true,
        params (string Key, string Value)[] settings)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { EnvironmentName = environment });
        builder.WebHost.UseTestServer(server => server.BaseAddress = new Uri("https://tv.example.com"));
        foreach (var (key, value) in settings) // the last one counts
        {
            builder.Configuration[$"{DeviceAuthorizationOptions.SectionName}:{key}"] = value;
        }

        builder.Services.AddRouting();
        if (authentication)
        {
            builder.Services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie().AddDeviceToken();
        }

        add(builder.Services);
        var app = builder.Build();
        try
        {
            app.UseRouting();
            (map ?? (mapped => mapped.MapDeviceAuthorization()))(app);
            await app.StartAsync();
            return app;
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }
}
