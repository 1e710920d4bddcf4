using DeviceAuthorization.Rules;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DeviceAuthorization.BrowserTests;

/// <summary>Every state of the page of devices for people who see, hear or press differently. Each state is looked at dark and light.</summary>
[Collection(nameof(DevicesPageBrowser))]
public sealed class DevicesAccessibilityTests(Chromium chromium)
{
    [SkippableTheory]
    [MemberData(nameof(AccessibilityTests.Screens), MemberType = typeof(AccessibilityTests))]
    public async Task No_state_of_the_page_of_devices_has_a_barrier_that_axe_knows(Screen screen)
    {
        await using var host = await PageHost.StartAsync();
        var page = await chromium.NewPageAsync(screen);
        await page.GotoAsync(host.Devices);
        await page.SignInAsync("alice");
        await CheckAsync("devices-none");

        await page.PairAsync(host);
        host.Clock.Advance(TimeSpan.FromHours(30));
        await page.PairAsync(host, "77aa01", "Handheld", "muOS");
        await page.GotoAsync(host.Devices);
        await page.MakeTokenAsync("Backup script", ticked: 0);
        await Expect(page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();
        await CheckAsync("devices-problem");

        var form = page.Locator("form[action$='/pair/devices/token']");
        await form.Locator("input[type=checkbox]").First.CheckAsync();
        await form.Locator("button").ClickAsync();
        await Expect(page.Locator("textarea")).ToBeVisibleAsync();
        await CheckAsync("devices-token");

        await page.GotoAsync(host.Devices);
        await CheckAsync("devices");
        foreach (var (name, state) in new[] { ("rename", "devices-rename"), ("narrow", "devices-less"), ("remove", "devices-confirm"), ("delete", "devices-token-delete"), ("token", "devices-make") })
        {
            await page.OpenFormAsync(name);
            await CheckAsync(state);
        }

        await (await page.OpenFormAsync("rename")).Locator("button").ClickAsync();
        await Expect(page.Locator(".note.good")).ToBeVisibleAsync();
        await CheckAsync("devices-done");

        Task CheckAsync(string state) => Barriers.AssertNoneAsync(page, state, screen);
    }

    [SkippableFact]
    public async Task The_keyboard_alone_takes_access_away_and_only_after_the_text_was_opened()
    {
        await using var host = await PageHost.StartAsync();
        var page = await chromium.NewPageAsync(Screen.Desktop);
        var token = await page.PairAsync(host);
        await page.GotoAsync(host.Devices);
        var stops = new List<string>();
        while (stops.Count < 20 && !stops.Contains("Remove"))
        {
            await page.Keyboard.PressAsync("Tab");
            stops.Add(await page.EvaluateAsync<string>("() => document.activeElement.innerText.trim()"));
        }

        Assert.Equal(["Rename", "Allow less", "Take access away", "Remove"], stops); // no button that acts is among them
        await page.Keyboard.PressAsync("Shift+Tab");
        await page.Keyboard.PressAsync("Enter");
        await page.Keyboard.PressAsync("Tab");
        Assert.Equal("Take access away", await page.EvaluateAsync<string>("() => document.activeElement.matches('button') && document.activeElement.innerText.trim()"));
        Assert.Equal(System.Net.HttpStatusCode.OK, await host.CallAsync(token));
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Status)).ToBeVisibleAsync();
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, await host.CallAsync(token));
    }
}
