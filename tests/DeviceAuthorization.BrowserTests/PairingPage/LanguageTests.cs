using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DeviceAuthorization.BrowserTests;

/// <summary>Every language on the narrowest phone.</summary>
[Collection(nameof(TelevisionBrowser))]
public sealed class LanguageTests(Chromium chromium)
{
    [SkippableFact]
    public async Task No_language_is_wider_than_the_screen_and_no_text_is_cut_off()
    {
        await using var host = await PageHost.StartAsync(ApprovalRisk.Warn, new DeviceClient { LogoPath = "/tv.svg" }, NumberMatching.Always);
        var page = await chromium.NewPageAsync(Screen.Narrow);
        await page.GotoAsync(host.Page);
        await page.SignInAsync("alice");
        await CheckAsync("enter", host.Page);
        await page.EnterAsync(await host.StartPairingAsync());
        await CheckAsync("review", host.Page + "/review");
        await page.Button("Approve").ClickAsync();
        await Expect(page.Locator(".numbers")).ToBeVisibleAsync();
        await CheckAsync("number", host.Page + "/review");
        await page.Button("None of these").ClickAsync();
        await Expect(page.Locator(".mark")).ToBeVisibleAsync();
        await CheckAsync("denied", host.Page + "/review");

        async Task CheckAsync(string state, string address)
        {
            foreach (var language in await page.LanguagesAsync())
            {
                await page.ShowInAsync(language, request => request.GetAsync(address, PageWidth.In(language)));
                await page.AssertNothingIsCutOffAsync($"{language}, {state}");
            }

            await page.GotoAsync(address);
        }
    }
}
