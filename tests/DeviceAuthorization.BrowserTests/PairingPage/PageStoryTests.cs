using System.Text.RegularExpressions;
using DeviceAuthorization.Rules;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DeviceAuthorization.BrowserTests;

/// <summary>The whole story in a real browser, against a host whose clock the test moves.</summary>
[Collection(nameof(PairingPageBrowser))]
public sealed class PageStoryTests(Chromium chromium)
{
    public static TheoryData<Screen, bool> Screens => new()
    {
        { Screen.Phone, true },
        { Screen.Desktop, true },
        { Screen.Phone, false },
    };

    [SkippableTheory]
    [MemberData(nameof(Screens))]
    public async Task The_device_gets_exactly_what_was_ticked_and_named(Screen screen, bool javaScript)
    {
        await using var host = await PageHost.StartAsync();
        var codes = await host.StartPairingAsync();
        var page = await chromium.NewPageAsync(screen, javaScript);

        await page.GotoAsync(codes.Link);
        await page.SignInAsync("alice");
        Assert.Equal(host.Page, page.Url); // the code has left the address
        await Expect(page.Locator("input[name=user_code]")).ToHaveValueAsync(codes.Shown);
        await page.Button("Continue").ClickAsync();

        await Expect(page.GetByText(codes.Shown)).ToBeVisibleAsync();
        await Expect(page.GetByText("Manage other people's accounts")).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Checkbox, new() { Name = "Manage other people's accounts" })).ToBeDisabledAsync();
        await page.GetByRole(AriaRole.Checkbox, new() { Name = "Upload and change your saves" }).UncheckAsync();
        await page.GetByLabel("Name in your list of devices").FillAsync("Telly");
        await page.GetByLabel("Access ends after").SelectOptionAsync("30d");
        await page.DecideAsync("Approve", "Device approved");

        var token = await host.PollAsync(codes);
        Assert.Equal("games.read", token.GetProperty("scope").GetString());
        Assert.Equal(30 * 24 * 3600, token.GetProperty("expires_in").GetInt32());
        Assert.Equal("Telly", await host.NameAsync(token.GetProperty("access_token").GetString()!));

        await Expect(page.Heading()).ToHaveTextAsync("Device connected"); // the page looks again, also without a script
        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("Telly is connected to your account.");
        await page.GoBackAsync();
        await Expect(page.Button("Approve")).ToHaveCountAsync(0); // never a live form again
    }

    [SkippableFact]
    public async Task A_sign_in_on_another_origin_is_reached_after_every_form()
    {
        await using var host = await PageHost.StartAsync(ApprovalRisk.StepUp, signsInElsewhere: true);
        var elsewhere = new Regex("^http://localhost:");
        var page = await chromium.NewPageAsync(Screen.Phone);
        await SignInAsync();
        await EnterAsync((await host.StartPairingAsync()).UserCode);
        await Expect(page).ToHaveURLAsync(elsewhere); // to step up

        await SignInAsync();
        await page.Button("Use another account").ClickAsync();
        await Expect(page).ToHaveURLAsync(elsewhere);

        await SignInAsync();
        await page.Context.ClearCookiesAsync(); // the session ends while the form is open
        await EnterAsync("BBBB-BBBB");
        await Expect(page).ToHaveURLAsync(elsewhere);

        async Task EnterAsync(string code)
        {
            await page.Locator("input[name=user_code]").FillAsync(code);
            await page.Button("Continue").ClickAsync();
        }

        async Task SignInAsync()
        {
            await page.GotoAsync(host.Address + "/sign-in?returnUrl=/pair/device");
            await page.SignInAsync("alice");
        }
    }

    [SkippableFact]
    public async Task A_denied_device_is_told_so()
    {
        await using var host = await PageHost.StartAsync();
        var codes = await host.StartPairingAsync();
        var page = await chromium.NewPageAsync(Screen.Phone);
        await page.ReviewAsync(codes);
        await page.DecideAsync("Deny", "Device denied");
        Assert.Equal("access_denied", await host.ErrorAsync(codes));
    }

    [SkippableTheory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Only_the_number_that_the_device_shows_approves_it(bool right, bool javaScript)
    {
        await using var host = await PageHost.StartAsync(numbers: NumberMatching.Always);
        var codes = await host.StartPairingAsync();
        var page = await chromium.NewPageAsync(Screen.Phone, javaScript);
        await page.ReviewAsync(codes);
        await page.DecideAsync("Approve", "Which number does your device show?");
        var number = (await host.PollAsync(codes)).GetProperty("match_number").GetRawText();
        var numbers = await page.Locator(".numbers button:not([value=deny])").AllInnerTextsAsync();
        Assert.Equal(3, numbers.Count);

        await page.ReloadAsync();
        Assert.Equal(numbers, await page.Locator(".numbers button:not([value=deny])").AllInnerTextsAsync());
        await Expect(page.Locator("[data-decision]:focus")).ToHaveCountAsync(0);
        await page.Keyboard.PressAsync("Enter"); // chooses nothing
        await Expect(page.Heading()).ToHaveTextAsync("Which number does your device show?");

        await page.DecideAsync(right ? number : numbers.First(other => other != number), right ? "Device approved" : "Device denied");
        if (right)
        {
            Assert.NotNull((await host.PollAsync(codes)).GetProperty("access_token").GetString());
        }
        else
        {
            Assert.Equal("access_denied", await host.ErrorAsync(codes));
        }

        await page.GoBackAsync();
        await Expect(page.Locator("[data-decision]")).ToHaveCountAsync(0); // never a live form again
    }

    [SkippableFact]
    public async Task A_code_that_expires_during_the_review_cannot_be_approved()
    {
        await using var host = await PageHost.StartAsync();
        var codes = await host.StartPairingAsync();
        var page = await chromium.NewPageAsync(Screen.Phone);
        await page.ReviewAsync(codes);
        host.Clock.Advance(TimeSpan.FromMinutes(10));
        await page.Button("Approve").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("This code is not known here.");
        Assert.Equal("expired_token", await host.ErrorAsync(codes));
    }

    [SkippableFact]
    public async Task Of_two_people_only_the_first_to_enter_the_code_sees_it()
    {
        await using var host = await PageHost.StartAsync();
        var codes = await host.StartPairingAsync();
        var (alice, bob) = (await chromium.NewPageAsync(Screen.Phone), await chromium.NewPageAsync(Screen.Desktop));
        await alice.ReviewAsync(codes);
        await bob.GotoAsync(host.Page);
        await bob.SignInAsync("bob");
        await bob.GetByLabel("Enter the code that your device shows.").FillAsync(codes.UserCode.ToLowerInvariant());
        await bob.Button("Continue").ClickAsync();
        await Expect(bob.GetByRole(AriaRole.Alert)).ToContainTextAsync("This code is not known here.");
        await alice.DecideAsync("Approve", "Device approved");
    }

    [SkippableFact]
    public async Task Somebody_else_can_take_over_the_page_and_enters_the_code_again()
    {
        await using var host = await PageHost.StartAsync();
        var codes = await host.StartPairingAsync();
        var page = await chromium.NewPageAsync(Screen.Phone);
        await page.GotoAsync(codes.Link);
        await page.SignInAsync("bob");
        await page.Button("Use another account").ClickAsync();
        await page.SignInAsync("alice");
        await page.Button("Continue").ClickAsync();
        await Expect(page.GetByText("It will act for alice.")).ToBeVisibleAsync();
        await page.DecideAsync("Approve", "Device approved");
    }

    [SkippableFact]
    public async Task A_window_that_a_script_opened_closes_automatically()
    {
        await using var host = await PageHost.StartAsync();
        var codes = await host.StartPairingAsync();
        var page = await chromium.NewPageAsync(Screen.Phone);
        await page.ReviewAsync(codes);
        await page.DecideAsync("Approve", "Device approved");
        await host.PollAsync(codes);
        await Expect(page.GetByText("You can close this page.")).ToBeVisibleAsync();
        await Expect(page.Locator("[data-closing]")).ToBeHiddenAsync(); // no promise that a browser would not keep

        await page.GotoAsync(host.Address + "/sign-in?returnUrl=/");
        var closed = new TaskCompletionSource();
        await page.RunAndWaitForPopupAsync(
            () => page.EvaluateAsync("address => { open(address); }", host.Page + "/review"),
            new() { Predicate = popup => { popup.Close += (_, _) => closed.TrySetResult(); return true; } });
        await closed.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [SkippableFact]
    public async Task The_language_is_the_browsers_and_can_be_changed_anywhere()
    {
        await using var host = await PageHost.StartAsync();
        var codes = await host.StartPairingAsync();
        var page = await chromium.NewPageAsync(Screen.Phone);
        await page.ReviewAsync(codes);
        await Expect(page.Locator("html")).ToHaveAttributeAsync("dir", "ltr");
        await page.GetByLabel("Language").SelectOptionAsync("ar");
        await Expect(page.Locator("html")).ToHaveAttributeAsync("dir", "rtl");
        Assert.Equal(host.Page + "/review", page.Url);
        await Expect(page.GetByText(codes.Shown)).ToBeVisibleAsync();
        await page.Locator("button[value=approve]").ClickAsync();
        await Expect(page.Locator(".mark.good")).ToBeVisibleAsync();
        Assert.NotNull((await host.PollAsync(codes)).GetProperty("access_token").GetString());
    }
}
