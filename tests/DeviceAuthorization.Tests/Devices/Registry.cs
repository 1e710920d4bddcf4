using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;

namespace DeviceAuthorization.Tests.Devices;

/// <summary>An answer, read.</summary>
internal sealed record Answer(HttpStatusCode Status, string Text)
{
    public JsonElement Body => JsonElement.Parse(Text);

    /// <summary>The id of the device or token in it.</summary>
    public string Id => (Body.TryGetProperty("device_id", out var created) ? created : Body.GetProperty("id")).GetString()!;
}

/// <summary>A host with devices and tokens, and the calls of its API.</summary>
internal static class Registry
{
    public const string Devices = "/api/devices";
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

    public static async Task<Answer> CallAsync(
        this HttpClient client, string method, string path, string? json = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json");
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await client.SendAsync(request);
        return new Answer(response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    public static Task<Answer> RegisterAsync(this HttpClient client, string json) => client.CallAsync("POST", Devices, json);

    /// <summary>Registers a device that is not known yet; its id.</summary>
    public static async Task<string> AddAsync(this HttpClient client, string json)
    {
        var answer = await client.RegisterAsync(json);
        Assert.Equal(HttpStatusCode.Created, answer.Status);
        return answer.Id;
    }

    /// <summary>The device as its owner sees it.</summary>
    public static async Task<JsonElement> ShowAsync(this HttpClient client, string id)
    {
        var answer = await client.CallAsync("GET", $"{Devices}/{id}");
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        return answer.Body;
    }

    /// <summary>The ids of all devices, or tokens.</summary>
    public static async Task<string[]> IdsAsync(this HttpClient client, string path = Devices)
    {
        var answer = await client.CallAsync("GET", path);
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        return [.. answer.Body.EnumerateArray().Select(item => item.String("id")!)];
    }

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
