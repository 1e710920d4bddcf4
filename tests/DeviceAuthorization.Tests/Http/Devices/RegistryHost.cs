using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Builder;

namespace DeviceAuthorization.Tests;

/// <summary>A host with the APIs of devices and tokens mapped.</summary>
internal static class RegistryHost
{
    public const string Devices = DeviceCalls.Devices;
    public const string Tokens = "/api/client-tokens";

    public static readonly string[] Scopes = ["devices.read", "devices.write", "me.read", "me.write"];

    public static Task<TestHost> StartAsync(
        Action<DeviceAuthorizationOptions>? configure = null, Action<IServiceCollection>? services = null, Action<WebApplication>? map = null) =>
        TestHost.StartAsync(
            options =>
            {
                foreach (var scope in Scopes)
                {
                    options.Scopes.Add(scope, $"To {scope}");
                }

                configure?.Invoke(options);
            },
            services,
            app =>
            {
                app.MapDevices();
                app.MapClientTokens();
                map?.Invoke(app);
            });

    /// <summary>What is stored, secrets included.</summary>
    public static async Task<Device> StoredAsync(this TestHost host, string id, string user = "alice") =>
        (await host.Services.GetRequiredService<IDeviceRepository>().FindAsync(user, id, CancellationToken.None))!;

    /// <summary>The whole flow, as RomM's clients do it.</summary>
    public static async Task<(string Token, string DeviceId)> PairJsonAsync(
        this TestHost host, string user = "alice", string identifier = "id-1", params string[] scopes)
    {
        scopes = scopes is [] ? Scopes : scopes;
        var codes = await host.Device().StartJsonAsync(identifier, scopes: scopes);
        (await (await host.SignInAsync(user)).ApproveAsync(codes.UserCode, scopes)).EnsureSuccessStatusCode();
        using var answer = await host.Device().PollJsonAsync(codes.DeviceCode);
        var body = await answer.JsonAsync();
        return (body.String("access_token")!, body.String("device_id")!);
    }
}
