using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DeviceAuthorization.BrowserTests;

/// <summary>Whether a page fits on the screen, in every language.</summary>
internal static class PageWidth
{
    /// <summary>The languages that the page offers.</summary>
    public static async Task<string[]> LanguagesAsync(this IPage page)
    {
        var languages = await page.Locator("select[name=language] option").EvaluateAllAsync<string[]>("options => options.map(option => option.value)");
        Assert.Equal(20, languages.Length);
        return languages;
    }

    /// <summary>Asks for a page in a language, as a browser of somebody who speaks it does.</summary>
    public static APIRequestContextOptions In(string language) => new() { Headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["Accept-Language"] = language } };

    /// <summary>Shows what the host answers to the page's own session. Opening the address for each language costs several times as much.</summary>
    public static async Task ShowInAsync(this IPage page, string language, Func<IAPIRequestContext, Task<IAPIResponse>> answer)
    {
        await page.SetContentAsync(await (await answer(page.Context.APIRequest)).TextAsync());
        await Expect(page.Locator("html")).ToHaveAttributeAsync("lang", language);
    }

    /// <summary>Looks at the page as it is, and with each text that can be opened, one after another.</summary>
    public static async Task AssertNothingIsCutOffAsync(this IPage page, string state)
    {
        var wide = await page.EvaluateAsync<string[]>("""
            () => [null, ...document.querySelectorAll('details')].flatMap(details => {
                const closed = details && !details.open;
                if (closed) details.open = true;
                const wide = [...document.querySelectorAll('body, body *')]
                    .filter(element => element.checkVisibility() && (element.getBoundingClientRect().right > innerWidth + 1 || element.getBoundingClientRect().left < -1
                        || (element.matches('button, summary, h1, h2, h3, p, legend, label') && element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0)))
                    .map(element => element.outerHTML.slice(0, 200));
                if (closed) details.open = false;
                return wide;
            })
            """);
        Assert.True(wide.Length == 0, $"{state}: {string.Join('\n', wide)}");
    }
}
