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
        foreach (var language in await page.LanguagesAsync())
        {
            await page.ShowInAsync(language, request => request.GetAsync(host.Devices, PageWidth.In(language)));
            await page.AssertNothingIsCutOffAsync($"{language}, list");
            var form = await page.Locator("form[action$='/token']").EvaluateAsync<Dictionary<string, string>>("form => Object.fromEntries(new FormData(form))");
            form["name"] = $"Script in {language}";
            await page.ShowInAsync(language, request => SendAsync(request, language, form));
            await Expect(page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();
            await page.AssertNothingIsCutOffAsync($"{language}, problem");
            form["scope0"] = "games.read";
            await page.ShowInAsync(language, request => SendAsync(request, language, form));
            await Expect(page.Locator("textarea")).ToBeVisibleAsync();
            await page.AssertNothingIsCutOffAsync($"{language}, made");
        }

        Task<IAPIResponse> SendAsync(IAPIRequestContext request, string language, Dictionary<string, string> form)
        {
            var options = PageWidth.In(language);
            options.Form = page.Context.APIRequest.CreateFormData();
            foreach (var (name, value) in form)
            {
                options.Form.Set(name, value);
            }

            return request.PostAsync(host.Devices + "/token", options);
        }
    }
}
