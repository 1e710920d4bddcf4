using System.Diagnostics;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DeviceAuthorization.BrowserTests;

/// <summary>Other sites and other windows that try to get a decision out of a browser.</summary>
[Collection(nameof(TelevisionBrowser))]
public sealed class AttackTests(Chromium chromium)
{
    [SkippableFact]
    public async Task Another_page_cannot_frame_the_review()
    {
        await using var host = await PageHost.StartAsync();
        var codes = await host.StartPairingAsync();
        var page = await chromium.NewPageAsync(Screen.Desktop);
        await page.ReviewAsync(codes);
        var refused = page.Context.WaitForConsoleMessageAsync(new() { Predicate = message => message.Text.Contains("frame-ancestors", StringComparison.Ordinal) });
        await page.RouteAsync("**/evil", route => route.FulfillAsync(new() { ContentType = "text/html", Body = "<iframe src=\"/pair/device/review\"></iframe>" }));
        await page.GotoAsync(host.Address + "/evil"); // the same origin even, so that only the policy can stop it
        await refused;
        Assert.Equal(0, await page.FrameLocator("iframe").Locator("button").CountAsync());
    }

    [SkippableTheory]
    [InlineData("#approve")]
    [InlineData("#decision")]
    [InlineData("#:~:text=Approve")]
    public async Task A_link_with_a_fragment_and_a_key_held_down_decide_nothing(string fragment)
    {
        await using var host = await PageHost.StartAsync();
        var codes = await host.StartPairingAsync();
        var page = await chromium.NewPageAsync(Screen.Desktop);
        await page.ReviewAsync(codes);
        await page.GotoAsync("about:blank");
        await page.GotoAsync(host.Page + "/review" + fragment); // CVE-2024-7404
        for (var repeat = 0; repeat < 5; repeat++)
        {
            await page.Keyboard.DownAsync("Enter"); // the second and later ones are repeats of a held key
            await page.Keyboard.DownAsync(" ");
        }

        await page.Keyboard.UpAsync("Enter");
        await page.Keyboard.UpAsync(" ");
        await Expect(page.Button("Approve")).ToBeVisibleAsync();
        Assert.Equal("authorization_pending", await host.ErrorAsync(codes));
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Enter_in_a_field_decides_nothing(bool javaScript)
    {
        await using var host = await PageHost.StartAsync();
        var codes = await host.StartPairingAsync();
        var page = await chromium.NewPageAsync(Screen.Desktop, javaScript);
        await page.ReviewAsync(codes);
        await page.GetByLabel("Name in your list of devices").PressAsync("Enter"); // CVE-2025-0549
        await page.GetByRole(AriaRole.Checkbox, new() { Name = "See your games" }).PressAsync("Enter");
        await Expect(page.Button("Approve")).ToBeVisibleAsync();
        Assert.Equal("authorization_pending", await host.ErrorAsync(codes));
    }

    [SkippableFact]
    public async Task The_buttons_sleep_for_a_second_and_whenever_another_window_has_the_focus()
    {
        await using var host = await PageHost.StartAsync();
        var codes = await host.StartPairingAsync();
        var page = await chromium.NewPageAsync(Screen.Desktop);
        await page.ReviewAsync(codes);
        await page.AddInitScriptAsync(
            "addEventListener('DOMContentLoaded', () => { window.asleep = [...document.querySelectorAll('[data-decision]')].every(button => button.disabled); });");
        var watch = Stopwatch.StartNew();
        await page.ReloadAsync(new() { WaitUntil = WaitUntilState.DOMContentLoaded });
        Assert.True(await page.EvaluateAsync<bool>("window.asleep")); // looked at from within: from here it could be too late
        await Expect(page.Button("Approve")).ToBeEnabledAsync();
        Assert.InRange(watch.ElapsedMilliseconds, 900, 10_000);

        await page.EvaluateAsync("dispatchEvent(new Event('blur'))");
        await Expect(page.Button("Approve")).ToBeDisabledAsync();
        await Expect(page.Button("Deny")).ToBeDisabledAsync();
        await page.EvaluateAsync("dispatchEvent(new Event('focus'))");
        await Expect(page.Button("Approve")).ToBeEnabledAsync();
    }

    [SkippableFact]
    public async Task Nothing_that_a_device_calls_itself_runs_or_turns_the_text_around()
    {
        await using var host = await PageHost.StartAsync();
        var codes = await host.StartPairingAsync(name: "<img src=x onerror=\"document.title='owned'\"> أبجد 123");
        var page = await chromium.NewPageAsync(Screen.Desktop);
        await page.ReviewAsync(codes);
        await Expect(page).ToHaveTitleAsync("Approve this device? – Cartridge");
        await Expect(page.Locator(".device bdi").First).ToHaveTextAsync("<img src=x onerror=\"document.title='owned'\"> أبجد 123");
        Assert.Equal(0, await page.Locator("main img").CountAsync());
    }

    [SkippableFact]
    public async Task A_page_is_one_request_of_less_than_40_kilobytes_and_breaks_no_policy()
    {
        await using var host = await PageHost.StartAsync();
        var codes = await host.StartPairingAsync();
        var page = await chromium.NewPageAsync(Screen.Phone);
        var complaints = new List<string>();
        page.Console += (_, message) => complaints.Add(message.Text);
        page.PageError += (_, error) => complaints.Add(error);
        await page.ReviewAsync(codes);
        var requests = new List<IRequest>();
        page.Request += (_, request) => requests.Add(request);
        await page.ReloadAsync(new() { WaitUntil = WaitUntilState.NetworkIdle });
        Assert.Equal(host.Page + "/review", Assert.Single(requests, request => !request.Url.EndsWith("/favicon.ico", StringComparison.Ordinal)).Url);
        Assert.InRange((await page.ContentAsync()).Length, 5_000, 40_000);
        Assert.DoesNotContain(complaints, text => !text.Contains("favicon", StringComparison.Ordinal) && !text.Contains("404", StringComparison.Ordinal));
    }
}
