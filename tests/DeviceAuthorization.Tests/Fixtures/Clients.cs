using System.Text;

namespace DeviceAuthorization.Tests;

/// <summary>A host's clients, and requests as they send them.</summary>
internal static class Clients
{
    /// <summary>With everything in it that form-encoding inside HTTP Basic is for.</summary>
    public const string Secret = "one secret: 100% + 22 characters";

    public const string ApiSecret = "the-secret-of-the-api-0123456789";

    /// <summary>The id of the confidential client, form-encoded: <c>a:b%</c>.</summary>
    public const string Encoded = "a%3Ab%25";

    /// <summary>Registers a public client, a confidential one, and an API that may introspect.</summary>
    public static void Register(DeviceAuthorizationOptions options)
    {
        options.Clients["tv"] = new DeviceClient { DisplayName = "Cartridge TV" };
        options.Clients["a:b%"] = new DeviceClient { Secret = Secret };
        options.Clients["api"] = new DeviceClient { Secret = ApiSecret, MayIntrospect = true };
    }

    public static Task<TestHost> StartHostAsync(
        Action<DeviceAuthorizationOptions>? configure = null,
        Action<IServiceCollection>? services = null,
        Action<Microsoft.AspNetCore.Builder.WebApplication>? map = null) => TestHost.StartAsync(options =>
        {
            Register(options);
            configure?.Invoke(options);
        }, services, map);

    /// <summary>HTTP Basic, both halves form-encoded (RFC 6749 §2.3.1).</summary>
    public static string Basic(string clientId, string secret) =>
        "Basic " + Convert.ToBase64String(Encoding.ASCII.GetBytes($"{Form(clientId)}:{Form(secret)}"));

    /// <summary>A value in a form.</summary>
    public static string Form(string value) => Uri.EscapeDataString(value).Replace("%20", "+", StringComparison.Ordinal);

    /// <summary>A form as written, with an Authorization header as written.</summary>
    public static async Task<HttpResponseMessage> SendFormAsync(this TestHost host, string endpoint, string body, string? authorization = null)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.TryAddWithoutValidation("Content-Type", "application/x-www-form-urlencoded");
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Wire.Prefix}/{endpoint}") { Content = content };
        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        return await host.Device().SendAsync(request);
    }

    /// <summary>What a poll sends, who polls aside.</summary>
    public static string Poll(StartedCodes codes) => $"grant_type={Wire.GrantType}&device_code={codes.DeviceCode}&";

    /// <summary>Starts as the confidential client, authenticated.</summary>
    public static async Task<StartedCodes> StartConfidentialAsync(this TestHost host)
    {
        using var answer = await host.SendFormAsync("init", "scope=library.read", Basic("a:b%", Secret));
        answer.EnsureSuccessStatusCode();
        return StartedCodes.From(await answer.JsonAsync());
    }

    /// <summary>The whole flow of the confidential client; its token.</summary>
    public static async Task<string> PairConfidentialAsync(this TestHost host, string user = "alice")
    {
        var codes = await host.StartConfidentialAsync();
        (await (await host.SignInAsync(user)).ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        using var answer = await host.SendFormAsync("token", Poll(codes), Basic("a:b%", Secret));
        return (await answer.JsonAsync()).String("access_token")!;
    }
}
