using System.Net;
using System.Text.RegularExpressions;

namespace DeviceAuthorization.TestKit;

/// <summary>The pairing page, as a browser without JavaScript uses it.</summary>
public static partial class Browser
{
    public const string Page = "/pair/device";

    public const string Review = Page + "/review";

    /// <summary>Opens the page and posts the code that was typed; what comes then, after any redirect within the page.</summary>
    public static async Task<HttpResponseMessage> EnterCodeAsync(this HttpClient browser, string code, string page = Page)
    {
        var form = await browser.GetStringAsync(page);
        return await browser.PostPageAsync(page, ("__RequestVerificationToken", Antiforgery(form)), ("user_code", code));
    }

    /// <summary>Opens the page, types the code, and gives the page that comes then.</summary>
    public static async Task<string> ReviewAsync(this HttpClient browser, string typed)
    {
        using var answer = await browser.EnterCodeAsync(typed);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.HtmlAsync();
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
            ReviewForm().Match(review).Groups[1].Value,
            [
                ("__RequestVerificationToken", Antiforgery(review)),
                ("ticket", Ticket(review)),
                ("device_name", Attribute(review, "name=\"device_name\" value=\"")),
                ("expires_in", Selected().Match(review).Groups[1].Value),
                .. Ticked().Matches(review).Select(box => (box.Groups[1].Value, box.Groups[2].Value)).Where(box => !untick.Contains(box.Item2, StringComparer.Ordinal)),
                ("decision", decision),
            ]);

    /// <summary>Posts the form with the numbers, pressing one of its buttons.</summary>
    public static Task<HttpResponseMessage> PostNumberAsync(this HttpClient browser, string page, string pressed) => browser.PostPageAsync(
        ReviewForm().Match(page).Groups[1].Value,
        ("__RequestVerificationToken", Antiforgery(page)), ("ticket", Ticket(page)), ("decision", pressed));

    /// <summary>The numbers to choose from.</summary>
    public static string[] Numbers(string page) => [.. NumberButton().Matches(page).Select(button => button.Groups[1].Value)];

    /// <summary>Posts fields, and follows a 303 as browsers do.</summary>
    public static async Task<HttpResponseMessage> PostPageAsync(this HttpClient browser, string path, params (string Name, string Value)[] fields)
    {
        var answer = await browser.PostOnlyAsync(path, fields);
        while (answer.StatusCode == HttpStatusCode.SeeOther)
        {
            var next = answer.Headers.Location;
            answer.Dispose();
            answer = await browser.GetAsync(next);
        }

        return answer;
    }

    /// <summary>Posts fields, and gives the answer as it is.</summary>
    public static Task<HttpResponseMessage> PostOnlyAsync(this HttpClient browser, string path, params (string Name, string Value)[] fields) =>
        browser.PostAsync(path, new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value))));

    /// <summary>Goes on from the answer to a form as a browser does: by a navigation of its own, which form-action does not hold back.</summary>
    public static async Task<HttpResponseMessage> GoOnAsync(this HttpClient browser, HttpResponseMessage answer)
    {
        Assert.Equal((HttpStatusCode.OK, "Continue"), (answer.StatusCode, await answer.TitleAsync()));
        var address = Assert.Single(answer.Headers.GetValues("Refresh"))["0; url=".Length..];
        Assert.Contains($"href=\"{address}\"", await answer.HtmlAsync(), StringComparison.Ordinal);
        return await browser.GetAsync(address);
    }

    /// <summary>Opens a link with a code in it, as a browser that remembers cookies does.</summary>
    public static async Task<string> OpenLinkAsync(this HttpClient browser, string? link)
    {
        using var answer = await browser.GetAsync(link);
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        return await browser.GetStringAsync(answer.Headers.Location);
    }

    /// <summary>The ticket in the review's form.</summary>
    public static string Ticket(string review) => Attribute(review, "name=\"ticket\" value=\"");

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

    [GeneratedRegex("action=\"([^\"]*/review)\"")]
    private static partial Regex ReviewForm();

    [GeneratedRegex("<option value=\"([^\"]*)\" selected>")]
    private static partial Regex Selected();

    [GeneratedRegex("<button data-decision name=\"decision\" value=\"([1-9]{2})\">\\1</button>")]
    private static partial Regex NumberButton();

    [GeneratedRegex("<title>(.*)</title>")]
    private static partial Regex Title();
}
