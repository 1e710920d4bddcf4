using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using DeviceAuthorization.Pages;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Localization;

namespace DeviceAuthorization.Tests;

/// <summary>Which language a page is in, and the choice of another one.</summary>
public sealed partial class PageLanguageTests
{
    private const string Form = Browser.Page + "/language";

    public static TheoryData<string> Languages => [.. PageLanguage.All.Select(language => language.Code)];

    [Theory]
    [InlineData("de", "de")]
    [InlineData("de-AT", "de")]
    [InlineData("DE-de", "de")]
    [InlineData("es-419", "es")]
    [InlineData("en", "en-US")]
    [InlineData("en-AU", "en-US")]
    [InlineData("en-gb", "en-GB")]
    [InlineData("pt", "pt-BR")]
    [InlineData("pt-PT", "pt-BR")]
    [InlineData("iw", "he")]
    [InlineData("iw-IL", "he")]
    [InlineData("zh", "zh-CN")]
    [InlineData("zh-SG", "zh-CN")]
    [InlineData("zh-Hans", "zh-CN")]
    [InlineData("zh-Hans-HK", "zh-CN")]
    [InlineData("zh-Hant", "zh-TW")]
    [InlineData("zh-hk", "zh-TW")]
    [InlineData("zh-MO", "zh-TW")]
    [InlineData("fr;q=0.5, de;q=0.8, it;q=0.1", "de")]
    [InlineData("fr;q=0.5, de", "de")]
    [InlineData("fr, de", "fr")]
    [InlineData("fr;q=0, de;q=0.1", "de")]
    [InlineData("tlh, nn;q=0.9, ja;q=0.2", "ja")]
    [InlineData("tlh", "en-US")]
    [InlineData("*", "en-US")]
    [InlineData("<script>, ;;q=", "en-US")]
    [InlineData("", "en-US")]
    public void A_browser_gets_the_best_language_that_it_asks_for(string asked, string language) =>
        Assert.Equal(language, Of(asked));

    [Theory]
    [InlineData("ar", "ar")]
    [InlineData("zh-tw", "zh-TW")]
    [InlineData("zh", "de")]
    [InlineData("../ar", "de")]
    [InlineData("", "de")]
    public void What_a_person_chose_goes_first_if_it_is_a_language(string cookie, string language) =>
        Assert.Equal(language, Of("de", cookie));

    [Fact]
    public void What_the_host_found_goes_before_what_the_browser_asks_for()
    {
        var found = new RequestCultureFeature(new RequestCulture("pl-PL"), new QueryStringRequestCultureProvider());
        Assert.Equal("pl", Of("de", host: found));
        Assert.Equal("ar", Of("de", "ar", found));
    }

    [Fact]
    public void What_a_host_falls_back_to_or_has_in_a_language_of_its_own_does_not()
    {
        Assert.Equal("de", Of("de", host: new RequestCultureFeature(new RequestCulture("pl-PL"), provider: null)));
        Assert.Equal("de", Of("de", host: new RequestCultureFeature(new RequestCulture("nn-NO"), new QueryStringRequestCultureProvider())));
    }

    [Theory, MemberData(nameof(Languages))]
    public async Task Every_language_speaks_its_own_words_on_the_way_to_a_decision(string language)
    {
        await using var host = await TestHost.StartAsync();
        var texts = new PageTexts(PageLanguage.Find(language)!, host: null);
        var codes = await host.Device().StartAsync();
        var alice = await host.SignInAsync("alice");
        var english = await alice.GetStringAsync(Browser.Page);
        alice.DefaultRequestHeaders.Add("Accept-Language", language);

        var enter = await alice.GetStringAsync(Browser.Page);
        Says(enter, "Page_title", "Enter_prompt", "Code_hint", "Continue", "Language", "Change");
        Assert.Contains($"<html lang=\"{language}\" dir=\"{(language is "ar" or "he" ? "rtl" : "ltr")}\">", enter, StringComparison.Ordinal);
        Assert.Contains($"<option value=\"{language}\" lang=\"{language}\" selected>", enter, StringComparison.Ordinal);
        Assert.Equal(StyleAndScript(english), StyleAndScript(enter));

        var review = await alice.ReviewAsync(codes.UserCode);
        Says(review, "Review_title", "Review_code", "Review_warning", "Device", "Reported", "App", "Asked", "Time_left", "May", "Device_name", "Ends_after", "Deny", "Approve");
        Assert.Contains(texts.Count("Minutes", 10), WebUtility.HtmlDecode(review), StringComparison.Ordinal);

        using var result = await alice.PostDecisionAsync(review, "approve");
        Says(await result.HtmlAsync(), "Approved_title", "Can_close");
        SaysOfDevice(await result.HtmlAsync(), "Approved_text");
        (await host.Device().PollAsync(codes.DeviceCode)).EnsureSuccessStatusCode();
        var connected = await alice.GetStringAsync(Browser.Page + "/review");
        Says(connected, "Connected_title", "Can_close");
        SaysOfDevice(connected, "Connected_text");

        void SaysOfDevice(string page, string key) =>
            Assert.Contains(string.Format(CultureInfo.InvariantCulture, texts[key], "<strong><bdi>tv</bdi></strong>"), WebUtility.HtmlDecode(page), StringComparison.Ordinal);

        void Says(string page, params string[] keys) =>
            Assert.All(keys, key => Assert.Contains(texts[key], WebUtility.HtmlDecode(page), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(null, "/", Browser.Page)]
    [InlineData("/apps", "/apps", "/apps" + Browser.Page)]
    public async Task The_choice_is_remembered_for_a_year_and_comes_back_to_the_same_page(string? pathBase, string cookiePath, string page)
    {
        await using var host = await TestHost.StartAsync(pathBase: pathBase);
        var alice = await host.SignInAsync("alice");
        alice.DefaultRequestHeaders.Add("Accept-Language", "de");
        using var answer = await alice.PostOnlyAsync(pathBase + Form, ("language", "ar"), ("back", page));
        Assert.Equal((HttpStatusCode.SeeOther, page), (answer.StatusCode, answer.Headers.Location?.OriginalString));
        Assert.Equal($"da.language=ar; max-age=31536000; path={cookiePath}; secure; samesite=lax; httponly", Assert.Single(answer.Headers.GetValues("Set-Cookie")));
        Assert.Contains("<html lang=\"ar\" dir=\"rtl\">", await alice.GetStringAsync(page), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_choice_on_the_review_comes_back_to_the_review()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        var alice = await host.SignInAsync("alice");
        Assert.Contains($"name=\"back\" value=\"{Browser.Review}\"", await alice.ReviewAsync(codes.UserCode), StringComparison.Ordinal);
        using var answer = await alice.PostPageAsync(Form, ("language", "fr"), ("back", Browser.Review));
        Assert.Equal("Autoriser cet appareil\u00A0?", WebUtility.HtmlDecode(await answer.TitleAsync()));
    }

    [Theory]
    [InlineData("//evil.example")]
    [InlineData("//evil.example/pair/device")]
    [InlineData("/\\evil.example")]
    [InlineData("https://evil.example/apps/pair/device")]
    [InlineData("https://tv.example.com/apps/pair/device")]
    [InlineData("javascript:alert(1)")]
    [InlineData("/")]
    [InlineData("/apps")]
    [InlineData("/apps/pair/device/")]
    [InlineData("/apps/pair/device?user_code=BBBB-BBBB")]
    [InlineData("/apps/pair/device/../../sign-out")]
    [InlineData("/pair/device")]
    [InlineData("/apps/api/library")]
    [InlineData("")]
    public async Task The_choice_goes_back_to_no_other_address(string back)
    {
        await using var host = await TestHost.StartAsync(pathBase: "/apps");
        using var answer = await host.Browser().PostOnlyAsync("/apps" + Form, ("language", "ar"), ("back", back));
        Assert.Equal((HttpStatusCode.SeeOther, "/apps" + Browser.Page), (answer.StatusCode, answer.Headers.Location?.OriginalString));
    }

    [Theory]
    [InlineData("tlh", null)]
    [InlineData("", null)]
    [InlineData("de\r\nSet-Cookie: a=b", null)]
    [InlineData("ar", "cross-site")]
    public async Task No_other_site_chooses_and_nothing_but_a_language_is_remembered(string language, string? from)
    {
        await using var host = await TestHost.StartAsync();
        var alice = host.Browser();
        if (from is not null)
        {
            alice.DefaultRequestHeaders.Add("Sec-Fetch-Site", from);
        }

        using var answer = await alice.PostOnlyAsync(Form, ("language", language), ("back", Browser.Page));
        Assert.Equal((HttpStatusCode.SeeOther, Browser.Page), (answer.StatusCode, answer.Headers.Location?.OriginalString));
        Assert.False(answer.Headers.Contains("Set-Cookie"));
    }

    private static string Of(string acceptLanguage, string? cookie = null, RequestCultureFeature? host = null)
    {
        var context = new DefaultHttpContext();
        context.Request.Headers.AcceptLanguage = acceptLanguage;
        context.Request.Headers.Cookie = cookie is null ? "" : $"{PageLanguage.Cookie}={cookie}";
        context.Features.Set<IRequestCultureFeature>(host);
        return PageLanguage.Of(context).Code;
    }

    private static string StyleAndScript(string page) => string.Concat(Style().Matches(page).Select(match => match.Value));

    [GeneratedRegex("<(?<name>style|script)>.*?</\\k<name>>", RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Style();
}
