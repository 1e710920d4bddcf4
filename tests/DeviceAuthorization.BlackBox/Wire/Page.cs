using System.Net;
using System.Text.RegularExpressions;

namespace DeviceAuthorization.BlackBox;

/// <summary>The pairing page, as a browser without JavaScript uses it.</summary>
internal static partial class Page
{
    public const string Path = "/pair/device";
    public const string Review = Path + "/review";
    public const string Antiforgery = "__RequestVerificationToken";

    /// <summary>Types a code and sends it; the page that comes then, after a redirect within the page.</summary>
    public static async Task<Answer> EnterAsync(this HttpClient browser, string typed)
    {
        var form = await browser.CallAsync("GET", Path);
        return await browser.FollowAsync(await browser.PostFieldsAsync(Path, (Antiforgery, form.Hidden(Antiforgery)), ("user_code", typed)));
    }

    /// <summary>The review of a code that is there.</summary>
    public static async Task<Answer> ReviewAsync(this HttpClient browser, Codes codes)
    {
        var review = (await browser.EnterAsync(codes.UserCode)).Is(200).IsPage();
        Assert.Equal("Approve this device?", review.Title());
        return review;
    }

    /// <summary>Presses a button of a review; the page that comes then.</summary>
    public static async Task<Answer> DecideAsync(this HttpClient browser, Answer review, string decision) => await browser.FollowAsync(
        await browser.PostFieldsAsync(Review, [.. review.Fields(), .. Ticked().Matches(review.Body).Select(box => (box.Groups[1].Value, box.Groups[2].Value)), ("decision", decision)]));

    /// <summary>A review's fields without scopes and decision.</summary>
    public static (string Name, string Value)[] Fields(this Answer review) => [(Antiforgery, review.Hidden(Antiforgery)), ("ticket", review.Hidden("ticket"))];

    public static async Task<Answer> FollowAsync(this HttpClient browser, Answer answer)
    {
        while (answer.Status == 303)
        {
            answer = await browser.CallAsync("GET", answer.Header("Location")!);
        }

        return answer;
    }

    /// <summary>The value of an input.</summary>
    public static string Hidden(this Answer page, string name)
    {
        var value = Regex.Match(page.Body, $"name=\"{name}\" value=\"([^\"]*)\"");
        Assert.True(value.Success, $"There is no {name} in {page.Body}");
        return WebUtility.HtmlDecode(value.Groups[1].Value);
    }

    public static string Title(this Answer page) => TitleElement().Match(page.Body).Groups[1].Value;

    /// <summary>HTML with the headers of every page, whatever its status: not cached, not framed, no scripts but its own (P-101, row 94).</summary>
    public static Answer IsPage(this Answer page)
    {
        Assert.Equal("text/html; charset=utf-8", page.Header("Content-Type"));
        Assert.Equal("no-store", page.Header("Cache-Control"));
        Assert.Equal("DENY", page.Header("X-Frame-Options"));
        Assert.Equal("nosniff", page.Header("X-Content-Type-Options"));
        Assert.Equal("no-referrer", page.Header("Referrer-Policy"));
        var policy = page.Header("Content-Security-Policy");
        Assert.StartsWith("default-src 'none'; style-src 'sha256-", policy, StringComparison.Ordinal);
        Assert.EndsWith("form-action 'self'; base-uri 'none'; frame-ancestors 'none'", policy, StringComparison.Ordinal);
        return page;
    }

    /// <summary>The one answer to every code that is not this user's to decide.</summary>
    public static Answer IsGeneric(this Answer page, params string[] sent)
    {
        page.Is(200).IsPage();
        Assert.Contains("This code is not known here.", page.Body, StringComparison.Ordinal);
        Assert.All(sent, text => Assert.DoesNotContain(text, page.Body, StringComparison.OrdinalIgnoreCase));
        return page;
    }

    /// <summary>400: what was sent is no form that this person filled in.</summary>
    public static Answer IsRefused(this Answer page)
    {
        page.Is(400).IsPage();
        Assert.Equal("Please start again", page.Title());
        return page;
    }

    /// <summary>Without what differs in two equal answers: the antiforgery token, and how long to wait.</summary>
    public static string Scrubbed(this Answer page) => TimeLeft().Replace(AntiforgeryValue().Replace(page.Body, ""), "");

    [GeneratedRegex("data-left=\"[0-9]+\">[0-9]+ minutes")]
    private static partial Regex TimeLeft();

    [GeneratedRegex("name=\"(scope[0-9]+|as_new_device)\" value=\"([^\"]+)\" checked")]
    private static partial Regex Ticked();

    [GeneratedRegex("<title>(.*)</title>")]
    private static partial Regex TitleElement();

    [GeneratedRegex("(?<=name=\"__RequestVerificationToken\" value=\")[^\"]*")]
    private static partial Regex AntiforgeryValue();
}
