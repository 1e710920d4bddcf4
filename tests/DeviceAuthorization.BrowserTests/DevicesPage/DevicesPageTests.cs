using System.Net;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DeviceAuthorization.BrowserTests;

/// <summary>The page of devices in a real browser: what is changed there counts at the device's next call.</summary>
[Collection(nameof(DevicesPageBrowser))]
public sealed class DevicesPageTests(Chromium chromium)
{
    [SkippableTheory]
    [MemberData(nameof(PageStoryTests.Screens), MemberType = typeof(PageStoryTests))]
    public async Task A_device_is_renamed_allowed_less_and_loses_its_access(Screen screen, bool javaScript)
    {
        await using var host = await PageHost.StartAsync();
        var page = await chromium.NewPageAsync(screen, javaScript);
        var token = await page.PairAsync(host);
        await page.GotoAsync(host.Devices);

        var rename = await page.OpenFormAsync("rename");
        await rename.GetByLabel("Name in your list of devices").FillAsync("Telly");
        await rename.Locator("button").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("The name is saved.");
        var card = page.GetByRole(AriaRole.Article, new() { Name = "Telly" });
        await Expect(card).ToBeVisibleAsync();
        Assert.Equal("Telly", await host.NameAsync(token));

        var narrow = await page.OpenFormAsync("narrow");
        await narrow.GetByRole(AriaRole.Checkbox, new() { Name = "See your games and saves" }).UncheckAsync();
        await narrow.Locator("button").ClickAsync();
        await Expect(card.Locator("dd li")).ToHaveTextAsync(["Upload and change your saves changes things"]);
        Assert.Equal(HttpStatusCode.Forbidden, await host.CallAsync(token));

        await (await page.OpenFormAsync("revoke")).Locator("button").ClickAsync();
        await Expect(card.GetByText("It has no access now. If you have just approved it, it connects within seconds. Otherwise, connect it again.")).ToBeVisibleAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, await host.CallAsync(token));

        await (await page.OpenFormAsync("remove")).Locator("button").ClickAsync();
        await Expect(page.GetByText("No device is connected to your account.")).ToBeVisibleAsync();
        await page.ReloadAsync(); // nothing is sent twice
        await Expect(page.GetByText("No device is connected to your account.")).ToBeVisibleAsync();
    }

    [SkippableTheory]
    [MemberData(nameof(PageStoryTests.Screens), MemberType = typeof(PageStoryTests))]
    public async Task A_token_that_is_made_by_hand_is_shown_once_and_works_until_it_is_deleted(Screen screen, bool javaScript)
    {
        await using var host = await PageHost.StartAsync();
        var page = await chromium.NewPageAsync(screen, javaScript);
        await page.GotoAsync(host.Devices);
        await page.SignInAsync("alice");
        await page.MakeTokenAsync("Backup script");
        await Expect(page.Heading()).ToHaveTextAsync("Your new token");
        var token = await page.GetByLabel("Token").InputValueAsync();
        Assert.Equal(HttpStatusCode.OK, await host.CallAsync(token));

        await page.GetByRole(AriaRole.Link, new() { Name = "Back to your devices" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Article, new() { Name = "Backup script" })).ToBeVisibleAsync();
        Assert.DoesNotContain(token, await page.ContentAsync(), StringComparison.Ordinal);
        await (await page.OpenFormAsync("delete")).Locator("button").ClickAsync();
        await Expect(page.GetByText("You have none.")).ToBeVisibleAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, await host.CallAsync(token));
    }

    [SkippableFact]
    public async Task No_language_makes_the_page_of_devices_wider_than_the_screen_or_cuts_a_text_off()
    {
        await using var host = await PageHost.StartAsync();
        var page = await chromium.NewPageAsync(Screen.Narrow);
        await page.PairAsync(host, name: "A television with quite a long name in the living room");
        await page.GotoAsync(host.Devices);
        var languages = await page.Locator("select[name=language] option").EvaluateAllAsync<string[]>("options => options.map(option => option.value)");
        Assert.Equal(20, languages.Length);
        foreach (var language in languages)
        {
            await page.GotoAsync(host.Devices);
            await page.Locator("select[name=language]").SelectOptionAsync(language);
            await Expect(page.Locator("html")).ToHaveAttributeAsync("lang", language);
            await CheckAsync(language, "list");
            await page.MakeTokenAsync($"Script in {language}", ticked: 0);
            await Expect(page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();
            await CheckAsync(language, "problem");
            await page.Locator("form[action$='/token'] input[type=checkbox]").First.CheckAsync();
            await page.Locator("form[action$='/token'] button").ClickAsync();
            await Expect(page.Locator("textarea")).ToBeVisibleAsync();
            await CheckAsync(language, "made");
        }

        // With each text that can be opened, one after another.
        async Task CheckAsync(string language, string state)
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
            Assert.True(wide.Length == 0, $"{language}, {state}: {string.Join('\n', wide)}");
        }
    }
}
