using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace DeviceAuthorization.TestKit;

/// <summary>The calls of the flow, as devices and approvers make them.</summary>
public static class Wire
{
    public const string Prefix = "/api/auth/device";
    public const string GrantType = "urn:ietf:params:oauth:grant-type:device_code";

    public static Task<HttpResponseMessage> PostFormAsync(this HttpClient client, string endpoint, params (string Name, string Value)[] parameters) =>
        client.PostAsync($"{Prefix}/{endpoint}", new FormUrlEncodedContent(parameters.Select(p => KeyValuePair.Create(p.Name, p.Value))));

    /// <summary>A body exactly as written.</summary>
    public static Task<HttpResponseMessage> PostRawAsync(
        this HttpClient client, string endpoint, string body, string? contentType = "application/x-www-form-urlencoded")
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        if (contentType is not null)
        {
            content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }

        return client.PostAsync($"{Prefix}/{endpoint}", content);
    }

    public static Task<HttpResponseMessage> PostJsonAsync(this HttpClient client, string endpoint, object body) =>
        client.PostAsJsonAsync($"{Prefix}/{endpoint}", body);

    public static async Task<JsonElement> JsonAsync(this HttpResponseMessage response)
    {
        using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return document.RootElement.Clone();
    }

    /// <summary>What RomM's errors say.</summary>
    public static async Task<string?> DetailAsync(this HttpResponseMessage response) => (await response.JsonAsync()).String("detail");

    /// <summary>Starts a pairing as a plain RFC 8628 client does.</summary>
    public static async Task<StartedCodes> StartAsync(this HttpClient device, string clientId = "tv", string? scope = "library.read")
    {
        using var response = scope is null
            ? await device.PostFormAsync("init", ("client_id", clientId))
            : await device.PostFormAsync("init", ("client_id", clientId), ("scope", scope));
        response.EnsureSuccessStatusCode();
        return StartedCodes.From(await response.JsonAsync());
    }

    /// <summary>Starts a pairing as RomM's clients do.</summary>
    public static async Task<StartedCodes> StartJsonAsync(this HttpClient device, string identifier = "id-1", string name = "My device", params string[] scopes)
    {
        using var response = await device.PostJsonAsync("init", new
        {
            client_device_identifier = identifier,
            name,
            client = "grout",
            platform = "muOS",
            client_version = "1.2.3",
            requested_scopes = scopes is [] ? ["library.read"] : scopes,
        });
        response.EnsureSuccessStatusCode();
        return StartedCodes.From(await response.JsonAsync());
    }

    public static Task<HttpResponseMessage> PollAsync(this HttpClient device, string deviceCode, string clientId = "tv") =>
        device.PostFormAsync("token", ("grant_type", GrantType), ("device_code", deviceCode), ("client_id", clientId));

    /// <summary>A poll with an <c>Idempotency-Key</c>, if there is one.</summary>
    public static async Task<HttpResponseMessage> PollAsync(this TestHost host, string deviceCode, string? key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Prefix}/token")
        {
            Content = new FormUrlEncodedContent(
                [KeyValuePair.Create("grant_type", GrantType), KeyValuePair.Create("device_code", deviceCode), KeyValuePair.Create("client_id", "tv")]),
        };
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        return await host.Device().SendAsync(request);
    }

    public static Task<HttpResponseMessage> PollJsonAsync(this HttpClient device, string deviceCode) =>
        device.PostJsonAsync("token", new { device_code = deviceCode });

    public static Task<HttpResponseMessage> ApproveAsync(this HttpClient approver, string userCode, params string[] scopes) =>
        approver.PostJsonAsync("approve", new { user_code = userCode, approved_scopes = scopes is [] ? ["library.read"] : scopes });

    public static Task<HttpResponseMessage> DenyAsync(this HttpClient approver, string userCode) =>
        approver.PostJsonAsync("deny", new { user_code = userCode });

    /// <summary>The whole flow; the device's token.</summary>
    public static async Task<string> PairAsync(this TestHost host, string user = "alice", string scope = "library.read")
    {
        var device = host.Device();
        var codes = await device.StartAsync(scope: scope);
        (await (await host.SignInAsync(user)).ApproveAsync(codes.UserCode, scope.Split(' '))).EnsureSuccessStatusCode();
        using var response = await device.PollAsync(codes.DeviceCode);
        return (await response.JsonAsync()).GetProperty("access_token").GetString()!;
    }

    /// <summary>The error word of an answer in either dialect.</summary>
    public static async Task<string?> ErrorAsync(this HttpResponseMessage response)
    {
        var json = await response.JsonAsync();
        return json.TryGetProperty("error", out var error) ? error.GetString() : null;
    }
}

/// <summary>What a device got at init.</summary>
public sealed record StartedCodes(string DeviceCode, string UserCode, JsonElement Body)
{
    public static StartedCodes From(JsonElement body) =>
        new(body.GetProperty("device_code").GetString()!, body.GetProperty("user_code").GetString()!, body);
}
