using Microsoft.Playwright;
using Xunit.Sdk;
using static Microsoft.Playwright.Assertions;

namespace DeviceAuthorization.BrowserTests;

/// <summary>Every state of the page for people who see, hear or press differently. Each state is looked at dark and light.</summary>
[Collection(nameof(AccessibilityBrowser))]
public sealed class AccessibilityTests(Chromium chromium)
{
    public static TheoryData<Screen> Screens => new()
    {
        Screen.Phone,
        Screen.Desktop,
        Screen.Phone.In("ar"),
    };

    [SkippableTheory]
    [MemberData(nameof(Screens))]
    public async Task No_state_has_a_barrier_that_axe_knows(Screen screen)
    {
        await using var host = await PageHost.StartAsync(ApprovalRisk.Warn, numbers: NumberMatching.Always);
        var page = await chromium.NewPageAsync(screen);
        await page.GotoAsync(host.Page);
        await page.SignInAsync("alice");
        await CheckAsync("enter");

        await page.Locator("input[name=user_code]").FillAsync("BBBB-BBBB");
        await page.Locator("main form:has(input[name=user_code]) button").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();
        await CheckAsync("unknown");

        await page.EnterAsync(await host.StartPairingAsync());
        await CheckAsync("review");
        while (await page.Locator("input[type=checkbox]:checked").CountAsync() > 0)
        {
            await page.Locator("input[type=checkbox]:checked").First.UncheckAsync();
        }

        await page.Locator("button[value=approve]").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();
        await CheckAsync("review-problem");

        await page.Locator("button[value=deny]").ClickAsync();
        await Expect(page.Locator(".mark.bad")).ToBeVisibleAsync();
        await CheckAsync("denied");

        var codes = await host.StartPairingAsync();
        await page.EnterAsync(codes);
        await page.Locator("button[value=approve]").ClickAsync();
        await Expect(page.Locator(".numbers button").First).ToBeEnabledAsync();
        var number = (await host.PollAsync(codes)).GetProperty("match_number").GetRawText();
        await CheckAsync("number");
        await page.Locator($"button[value='{number}']").ClickAsync();
        await Expect(page.Locator(".mark.good")).ToBeVisibleAsync();
        await page.Locator("main a").First.FocusAsync(); // the page does not load itself again while a person uses it
        await CheckAsync("approved");
        await host.PollAsync(codes);
        await page.ReloadAsync();
        await Expect(page.Locator("[data-closing]")).ToBeAttachedAsync();
        await CheckAsync("connected");

        await page.EnterAsync(await host.StartPairingAsync(name: "Stranger"));
        await CheckAsync("replace");

        Task CheckAsync(string state) => Barriers.AssertNoneAsync(page, state, screen);
    }

    [SkippableTheory]
    [MemberData(nameof(Screens))]
    public async Task A_registered_app_has_its_picture_and_no_barrier_either(Screen screen)
    {
        await using var host = await PageHost.StartAsync(registered: new DeviceClient { LogoPath = "/tv.svg" });
        var page = await chromium.NewPageAsync(screen);
        await page.GotoAsync(host.Page);
        await page.SignInAsync("alice");
        await page.EnterAsync(await host.StartPairingAsync());
        await Expect(page.Locator("dd .known")).ToBeVisibleAsync();
        Assert.Equal(32, await page.Locator("dd img").EvaluateAsync<int>("picture => picture.naturalWidth"));
        await Barriers.AssertNoneAsync(page, "review-known", screen);
    }

    [SkippableFact]
    public async Task The_search_finds_barriers_even_where_only_the_dark_has_them()
    {
        var page = await chromium.NewPageAsync(Screen.Phone);
        await page.SetContentAsync("""
            <!DOCTYPE html><html lang="english"><title>Barriers</title>
            <style>@media (prefers-color-scheme: dark) { p { color: #777; background: #666 } }</style>
            <main><h1>Barriers</h1><p>Hard to read in the dark</p><input></main>
            """);
        var found = (await Assert.ThrowsAsync<TrueException>(() => Barriers.AssertNoneAsync(page, "broken", Screen.Phone))).Message;
        Assert.All(["broken, phone-dark: ", "html-lang-valid: ", "color-contrast: ", "label: "], expected => Assert.Contains(expected, found, StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task The_keyboard_alone_is_enough_and_comes_to_Deny_before_Approve()
    {
        await using var host = await PageHost.StartAsync();
        var codes = await host.StartPairingAsync();
        var page = await chromium.NewPageAsync(Screen.Desktop);
        await page.GotoAsync(codes.Link);
        await page.SignInAsync("alice");
        await page.Locator("input[name=user_code]").FocusAsync();
        await page.Keyboard.PressAsync("Enter"); // entering a code decides nothing yet
        await Expect(page.Button("Approve")).ToBeEnabledAsync();

        var stops = new List<string>();
        while (stops.Count < 20 && !stops.Contains("Approve"))
        {
            await page.Keyboard.PressAsync("Tab");
            stops.Add(await page.EvaluateAsync<string>(
                "() => { const e = document.activeElement; return (e.labels?.[0]?.innerText ?? e.innerText).split('\\n')[0].replace(/^[✕✓] /, '').trim(); }"));
        }

        Assert.Equal(
            ["Use another account", "See your games and saves", "Upload and change your saves changes things", "Name in your list of devices", "Access ends after", "Deny", "Approve"],
            stops);
        await page.Keyboard.PressAsync(" ");
        await Expect(page.Heading()).ToHaveTextAsync("Device approved");
    }

    [SkippableFact]
    public async Task Everything_has_a_name_that_a_screen_reader_says()
    {
        await using var host = await PageHost.StartAsync();
        var page = await chromium.NewPageAsync(Screen.Phone);
        await page.ReviewAsync(await host.StartPairingAsync());
        await Expect(page.Locator("form[action$='/review']")).ToMatchAriaSnapshotAsync("""
            - group "It may":
              - checkbox "See your games and saves" [checked]
              - checkbox "Upload and change your saves changes things" [checked]
              - checkbox "Manage other people's accounts changes things your account cannot do this" [disabled]
            - textbox "Name in your list of devices": Living room TV
            - combobox "Access ends after":
              - option "30 days"
              - option "90 days" [selected]
              - option "1 year"
              - option "never"
            - button "Deny"
            - button "Approve"
            """);
    }
}
