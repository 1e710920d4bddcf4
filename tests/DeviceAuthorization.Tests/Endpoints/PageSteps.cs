using System.Net;
using System.Text.RegularExpressions;

namespace DeviceAuthorization.Tests;

/// <summary>The page, as a browser without JavaScript uses it.</summary>
internal static partial class PageSteps
{
    public const string Path = "/pair/device";

    /// <summary>Opens the page, types the code, and returns the page that asks for the decision.</summary>
    public static async Task<string> ReviewAsync(this TestHost host, HttpClient browser, string typed)
    {
        ArgumentNullException.ThrowIfNull(host);
        using var enter = await browser.GetAsync(Path);
        using var review = await browser.PostAsync(Path, Form(await enter.Content.ReadAsStringAsync(), ("user_code", typed)));
        Assert.Equal(HttpStatusCode.OK, review.StatusCode);
        return await review.Content.ReadAsStringAsync();
    }

    /// <summary>Presses one of the two buttons, with the scopes as they are ticked.</summary>
    public static Task<HttpResponseMessage> DecideAsync(this HttpClient browser, string reviewPage, string decision) =>
        browser.PostAsync($"{Path}/decision", Form(reviewPage, ("decision", decision)));

    /// <summary>A form of the page as it would be sent, with some fields filled in.</summary>
    public static FormUrlEncodedContent Form(string html, params (string Name, string Value)[] typed)
    {
        var fields = Fields().Matches(html)
            .Where(field => !field.Value.Contains(" disabled", StringComparison.Ordinal))
            .Select(field => (Name: field.Groups["name"].Value, Value: WebUtility.HtmlDecode(field.Groups["value"].Value)))
            .Where(field => typed.All(other => other.Name != field.Name));
        return new FormUrlEncodedContent(fields.Concat(typed).Select(field => KeyValuePair.Create(field.Name, field.Value)));
    }

    [GeneratedRegex("<input[^>]*? name=\"(?<name>[^\"]+)\" value=\"(?<value>[^\"]*)\"[^>]*>")]
    private static partial Regex Fields();
}
