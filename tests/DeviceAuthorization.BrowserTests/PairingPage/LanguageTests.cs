using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DeviceAuthorization.BrowserTests;

/// <summary>Every language on the narrowest phone.</summary>
[Collection(nameof(ThirdBrowser))]
public sealed class LanguageTests(Chromium chromium)
{
    [SkippableFact]
    public async Task No_language_is_wider_than_the_screen_and_no_text_is_cut_off()
    {
        await using var host = await PageHost.StartAsync(ApprovalRisk.Warn, new DeviceClient { LogoPath = "/tv.svg" }, NumberMatching.Always);
        var page = await chromium.NewPageAsync(Screen.Narrow);
        await page.Clock.InstallAsync(); // buttons wake up after a second
        await page.GotoAsync(host.Page);
        await page.SignInAsync("alice");
        var languages = await page.Locator("select[name=language] option").EvaluateAllAsync<string[]>("options => options.map(option => option.value)");
        Assert.Equal(20, languages.Length);
        foreach (var language in languages)
        {
            await page.GotoAsync(host.Page);
            await page.Locator("select[name=language]").SelectOptionAsync(language);
            await Expect(page.Locator("html")).ToHaveAttributeAsync("lang", language);
            await CheckAsync(language, "enter");
            await page.EnterAsync(await host.StartPairingAsync());
            await CheckAsync(language, "review");
            await page.Clock.FastForwardAsync(1000);
            await page.Locator("button[value=approve]").ClickAsync();
            await Expect(page.Locator(".numbers")).ToBeVisibleAsync();
            await CheckAsync(language, "number");
            await page.Clock.FastForwardAsync(1000);
            await page.Locator("button[value=deny]").ClickAsync();
            await Expect(page.Locator(".mark")).ToBeVisibleAsync();
            await CheckAsync(language, "denied");
        }

        async Task CheckAsync(string language, string state)
        {
            var wide = await page.EvaluateAsync<string[]>("""
                () => [...document.querySelectorAll('body, body *')]
                    .filter(element => element.getClientRects().length && (element.getBoundingClientRect().right > innerWidth + 1 || element.getBoundingClientRect().left < -1
                        || (element.matches('button, h1, p, legend, label') && element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0)))
                    .map(element => element.outerHTML.slice(0, 200))
                """);
            Assert.True(wide.Length == 0, $"{language}, {state}: {string.Join('\n', wide)}");
        }
    }
}
