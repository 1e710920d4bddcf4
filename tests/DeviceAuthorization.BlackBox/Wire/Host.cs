using System.Net;
using System.Text;

namespace DeviceAuthorization.BlackBox;

/// <summary>A host by its address, which is all that is known of it.</summary>
internal sealed class Host(Uri address)
{
    public const string Auth = "/api/auth/device";
    public const string Init = Auth + "/init";
    public const string Token = Auth + "/token";
    public const string Form = "application/x-www-form-urlencoded";

    public Uri Address => address;

    /// <summary>Calls it without cookies.</summary>
    public HttpClient Client { get; } = NewClient(address, new CookieContainer(), useCookies: false);

    /// <summary>Somebody in front of a browser, not signed in.</summary>
    public HttpClient Browser() => NewClient(address, new CookieContainer(), useCookies: true);

    /// <summary>A demo user's browser.</summary>
    public async Task<HttpClient> SignInAsync(string user)
    {
        var browser = Browser();
        var form = await browser.CallAsync("GET", "/login");
        (await browser.PostFieldsAsync("/login", (Page.Antiforgery, form.Hidden(Page.Antiforgery)), ("username", user), ("password", "demo"))).Is(302);
        return browser;
    }

    private static HttpClient NewClient(Uri address, CookieContainer cookies, bool useCookies) =>
        new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = useCookies, CookieContainer = cookies })
        {
            BaseAddress = address,
            Timeout = TimeSpan.FromSeconds(30),
        };
}

/// <summary>What a device keeps of its start.</summary>
internal sealed record Codes(string DeviceCode, string UserCode, string ClientId);

internal static class Calls
{
    private const string Grant = "urn:ietf:params:oauth:grant-type:device_code";

    public static async Task<Answer> CallAsync(
        this HttpClient client, string method, string path, string? body = null, string type = Host.Form, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.RelativeOrAbsolute));
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await client.SendAsync(request);
        return new Answer(
            (int)response.StatusCode,
            [.. response.Headers.Concat(response.Content.Headers).SelectMany(header => header.Value.Select(value => (header.Key, value)))],
            await response.Content.ReadAsStringAsync());
    }

    /// <summary>Posts a form that is encoded as it should be.</summary>
    public static Task<Answer> PostFieldsAsync(this HttpClient client, string path, params (string Name, string Value)[] fields) => client.CallAsync(
        "POST", path, string.Join('&', fields.Select(field => $"{WebUtility.UrlEncode(field.Name)}={WebUtility.UrlEncode(field.Value)}")));

    public static Task<Answer> PostJsonAsync(this HttpClient client, string path, string json, params (string Name, string Value)[] headers) =>
        client.CallAsync("POST", path, json, "application/json", headers);

    /// <summary>A device starts.</summary>
    public static async Task<Codes> StartAsync(this HttpClient device, string scope = "me.read", string clientId = "tv", string more = "")
    {
        var started = (await device.CallAsync("POST", Host.Init, $"client_id={clientId}&scope={Uri.EscapeDataString(scope)}{more}")).Is(200);
        return new Codes(started.Text("device_code")!, started.Text("user_code")!, clientId);
    }

    public static Task<Answer> PollAsync(this HttpClient device, Codes codes, params (string Name, string Value)[] headers) =>
        device.CallAsync("POST", Host.Token, $"grant_type={Grant}&device_code={codes.DeviceCode}&client_id={codes.ClientId}", headers: headers);

    /// <summary>What the next poll says of the pairing: an error, or <c>paired</c>.</summary>
    public static async Task<string> StateAsync(this HttpClient device, Codes codes)
    {
        var poll = await device.PollAsync(codes);
        return poll.Status == 200 ? "paired" : poll.Refuses(400, poll.Text("error"), codes.DeviceCode).Text("error")!;
    }

    /// <summary>A signed-in person approves by the API.</summary>
    public static Task<Answer> ApproveAsync(this HttpClient person, Codes codes, params string[] scopes) => person.PostJsonAsync(
        Host.Auth + "/approve",
        $$"""{"user_code":"{{codes.UserCode}}","approved_scopes":[{{string.Join(',', (scopes is [] ? ["me.read"] : scopes).Select(scope => $"\"{scope}\""))}}]}""");

    public static Task<Answer> DenyAsync(this HttpClient person, Codes codes) =>
        person.PostJsonAsync(Host.Auth + "/deny", $$"""{"user_code":"{{codes.UserCode}}"}""");

    /// <summary>A device pairs with an account; its token, and its id.</summary>
    public static async Task<(string Token, string DeviceId)> PairAsync(this Host host, string user, string scope = "me.read", string clientId = "tv")
    {
        var codes = await host.Client.StartAsync(scope, clientId);
        (await (await host.SignInAsync(user)).ApproveAsync(codes, scope.Split(' '))).Is(200);
        var paired = (await host.Client.PollAsync(codes)).Is(200);
        return (paired.Text("access_token")!, paired.Text("device_id")!);
    }

    /// <summary>Calls the API with a token, or with whatever else follows the word.</summary>
    public static Task<Answer> WithBearerAsync(this HttpClient client, string token, string path = "/api/users/me", string method = "GET") =>
        client.CallAsync(method, path, headers: ("Authorization", "Bearer " + token));
}
