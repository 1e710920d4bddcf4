using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;

namespace DeviceAuthorization.Tests;

/// <summary>The page of devices, as a browser without JavaScript uses it.</summary>
internal static partial class DevicesBrowser
{
    public const string Devices = "/pair/devices";

    /// <summary>Every form of the page that changes something.</summary>
    public static readonly string[] Forms = ["rename", "narrow", "revoke", "remove", "delete", "token", "sign-out"];

    public static Task<TestHost> StartAsync(
        Action<DeviceAuthorizationOptions>? configure = null,
        Action<IServiceCollection>? services = null,
        bool kestrel = false,
        string? pathBase = null) =>
        TestHost.StartAsync(configure, services, map: app => app.MapDevicesPage(), kestrel, pathBase: pathBase);

    /// <summary>Pairs a device that may see and change the library; its token and id.</summary>
    public static async Task<(string Token, string Id)> PairNamedAsync(this TestHost host, string name = "Living room TV", string user = "alice", string identifier = "id-1")
    {
        string[] scopes = ["library.read", "library.write"];
        var codes = await host.Device().StartJsonAsync(identifier, name, scopes);
        (await (await host.SignInAsync(user)).ApproveAsync(codes.UserCode, scopes)).EnsureSuccessStatusCode();
        using var answer = await host.Device().PollJsonAsync(codes.DeviceCode);
        var body = await answer.JsonAsync();
        return (body.String("access_token")!, body.String("device_id")!);
    }

    /// <summary>Makes a token by hand on the page; the token itself.</summary>
    public static async Task<string> MakeTokenAsync(this HttpClient browser, string name = "Backup script")
    {
        using var made = await browser.SendFormAsync("token", change: fields => [.. fields, ("scope0", "library.read")], name: name);
        Assert.Equal(HttpStatusCode.OK, made.StatusCode);
        return Secret().Match(await made.HtmlAsync()).Groups[1].Value;
    }

    /// <summary>Opens the page, fills in one of its forms, and sends it; what comes then, after any redirect.</summary>
    /// <param name="browser">Somebody's browser.</param>
    /// <param name="form">Which form.</param>
    /// <param name="containing">Of several, the one that has this in it.</param>
    /// <param name="name">What is typed into its field for a name.</param>
    /// <param name="untick">The scopes whose ticks are taken away.</param>
    /// <param name="change">What else is changed.</param>
    /// <param name="query">Of the page's address: which part of the list.</param>
    public static async Task<HttpResponseMessage> SendFormAsync(
        this HttpClient browser,
        string form,
        string containing = "",
        string? name = null,
        string[]? untick = null,
        Func<IEnumerable<(string Name, string Value)>, IEnumerable<(string, string)>>? change = null,
        string query = "")
    {
        var fields = Fields(await browser.GetStringAsync(Devices + query), form, containing)
            .Where(field => untick?.Contains(field.Value, StringComparer.Ordinal) is not true)
            .Select(field => (field.Name, field.Name == "name" && name is not null ? name : field.Value));
        return await browser.PostPageAsync($"{Devices}/{form}{query}", [.. change?.Invoke(fields) ?? fields]);
    }

    /// <summary>What a browser would send of a form as it stands there.</summary>
    public static (string Name, string Value)[] Fields(string html, string form, string containing = "")
    {
        var inner = Regex.Matches(html, $"<form method=\"post\" action=\"[^\"]*{Devices}/{form}(?:\\?page=[0-9]+)?\">(.*?)</form>", RegexOptions.Singleline)
            .Select(match => match.Groups[1].Value).First(text => text.Contains(containing, StringComparison.Ordinal));
        return
        [
            .. Inputs().Matches(inner).Where(input => input.Groups["type"].Value != "checkbox" || input.Groups["checked"].Success)
                .Select(input => (input.Groups["name"].Value, WebUtility.HtmlDecode(input.Groups["value"].Value))),
            .. Selected().Matches(inner).Select(option => ("expires_in", option.Groups[1].Value)),
        ];
    }

    [GeneratedRegex("<input (type=\"(?<type>[a-z]+)\" )?name=\"(?<name>[^\"]+)\" value=\"(?<value>[^\"]*)\"(?<checked> checked)?")]
    private static partial Regex Inputs();

    [GeneratedRegex("<option value=\"([^\"]*)\" selected>")]
    private static partial Regex Selected();

    [GeneratedRegex("<textarea[^>]*>([^<]+)</textarea>")]
    private static partial Regex Secret();
}
