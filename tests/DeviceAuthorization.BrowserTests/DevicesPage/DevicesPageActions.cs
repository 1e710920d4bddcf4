using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DeviceAuthorization.BrowserTests;

/// <summary>What a person does on the page of devices.</summary>
internal static class DevicesPageActions
{
    /// <summary>Signs in and connects a device, with all that it may get; its token. Any language.</summary>
    public static async Task<string> PairAsync(this IPage page, PageHost host, string identifier = "0c1d57a9", string name = "Living room TV", string platform = "tvOS 20")
    {
        var codes = await host.StartPairingAsync(identifier, name, platform: platform);
        await page.GotoAsync(host.Page);
        if (await page.Locator("input[name=user]").CountAsync() > 0)
        {
            await page.SignInAsync("alice");
        }

        await page.EnterAsync(codes);
        await page.Locator("button[value=approve]").ClickAsync();
        await Expect(page.Locator(".mark.good")).ToBeVisibleAsync();
        return (await host.PollAsync(codes)).GetProperty("access_token").GetString()!;
    }

    /// <summary>Opens one of the forms of the page, as it stands at the first card that has it; the form. Any language.</summary>
    public static async Task<ILocator> OpenFormAsync(this IPage page, string form)
    {
        var details = page.Locator($"details:has(form[action$='/pair/devices/{form}'])").First;
        await details.Locator("summary").ClickAsync();
        await Expect(details.Locator("form")).ToBeVisibleAsync();
        return details.Locator("form");
    }

    /// <summary>Sends the form for a new token, with the first so many permissions ticked. Any language.</summary>
    public static async Task MakeTokenAsync(this IPage page, string name, int ticked = 1)
    {
        var form = await page.OpenFormAsync("token");
        await form.Locator("input[name=name]").FillAsync(name);
        for (var i = 0; i < ticked; i++)
        {
            await form.Locator("input[type=checkbox]").Nth(i).CheckAsync();
        }

        await form.Locator("button").ClickAsync();
    }
}
