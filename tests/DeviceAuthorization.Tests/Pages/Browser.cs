using System.Net;
using System.Text.RegularExpressions;

namespace DeviceAuthorization.Tests;

/// <summary>The pairing page, as a browser without JavaScript uses it.</summary>
internal static partial class Browser
{
    public const string Page = "/pair/device";

    /// <summary>Opens the page and posts the code that was typed.</summary>
    public static async Task<HttpResponseMessage> EnterCodeAsync(this HttpClient browser, string code, string page = Page)
    {
        var form = await browser.GetStringAsync(page);
        return await browser.PostPageAsync(page, ("__RequestVerificationToken", Antiforgery(form)), ("user_code", code));
    }

    /// <summary>Enters a code, and posts the review's form with one of its buttons, and every ticked scope but the ones named.</summary>
    public static async Task<HttpResponseMessage> DecideOnPageAsync(this HttpClient browser, string code, string decision, params string[] untick)
    {
        using var review = await browser.EnterCodeAsync(code);
        Assert.Equal(HttpStatusCode.OK, review.StatusCode);
        return await browser.PostDecisionAsync(await review.HtmlAsync(), decision, untick);
    }

    /// <summary>Posts a review's form.</summary>
    public static Task<HttpResponseMessage> PostDecisionAsync(this HttpClient browser, string review, string decision, params string[] untick) =>
        browser.PostPageAsync(
            Attribute(review, "<form method=\"post\" action=\""),
            [
                ("__RequestVerificationToken", Antiforgery(review)),
                ("user_code", Attribute(review, "name=\"user_code\" value=\"")),
                .. Ticked().Matches(review).Select(box => (box.Groups[1].Value, box.Groups[2].Value)).Where(box => !untick.Contains(box.Item2, StringComparer.Ordinal)),
                ("decision", decision),
            ]);

    public static Task<HttpResponseMessage> PostPageAsync(this HttpClient browser, string path, params (string Name, string Value)[] fields) =>
        browser.PostAsync(path, new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value))));

    public static Task<string> HtmlAsync(this HttpResponseMessage answer)
    {
        Assert.Equal("text/html; charset=utf-8", answer.Content.Headers.ContentType?.ToString());
        return answer.Content.ReadAsStringAsync();
    }

    public static async Task<string> TitleAsync(this HttpResponseMessage answer) => Title().Match(await answer.HtmlAsync()).Groups[1].Value;

    public static string Antiforgery(string html) => Attribute(html, "name=\"__RequestVerificationToken\" value=\"");

    private static string Attribute(string html, string before)
    {
        var start = html.IndexOf(before, StringComparison.Ordinal);
        Assert.True(start >= 0, $"There is no {before} in {html}");
        start += before.Length;
        return WebUtility.HtmlDecode(html[start..html.IndexOf('"', start)]);
    }

    [GeneratedRegex("name=\"(scope[0-9]+|as_new_device)\" value=\"([^\"]+)\" checked")]
    private static partial Regex Ticked();

    [GeneratedRegex("<title>(.*)</title>")]
    private static partial Regex Title();
}
