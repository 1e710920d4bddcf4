using System.Net;
using System.Text;
using System.Text.Json;

namespace DeviceAuthorization.TestKit;

/// <summary>Status and text of an answer.</summary>
public sealed record Answer(HttpStatusCode Status, string Text)
{
    public JsonElement Body => JsonElement.Parse(Text);

    /// <summary>The id of the device or token in it.</summary>
    public string Id => (Body.TryGetProperty("device_id", out var created) ? created : Body.GetProperty("id")).GetString()!;
}

/// <summary>The calls of the registry's API, against any host.</summary>
public static class DeviceCalls
{
    public const string Devices = "/api/devices";

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
}
