using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DeviceAuthorization.BrowserTests;

/// <summary>How somebody looks at the pages.</summary>
/// <param name="Name">In the names of screenshots.</param>
/// <param name="Width">In CSS pixels.</param>
/// <param name="Height">In CSS pixels.</param>
/// <param name="Scheme">Light or dark.</param>
/// <param name="Locale">What the browser asks for.</param>
public sealed record Screen(string Name, int Width, int Height, ColorScheme Scheme, string Locale)
{
    public static readonly Screen Phone = new("phone", 390, 844, ColorScheme.Light, "en-US");
    public static readonly Screen Desktop = new("desktop", 1280, 900, ColorScheme.Light, "en-US");
    public static readonly Screen Narrow = new("narrow", 320, 640, ColorScheme.Light, "en-US");

    public Screen Dark => this with { Name = Name + "-dark", Scheme = ColorScheme.Dark };

    public Screen In(string locale) => this with { Name = $"{Name}-{locale}", Locale = locale };

    public override string ToString() => Name;
}

/// <summary>What people do on the pages.</summary>
internal static class Hands
{
    public static ILocator Button(this IPage page, string name) => page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    public static ILocator Heading(this IPage page) => page.GetByRole(AriaRole.Heading, new() { Level = 1 });

    /// <summary>Follows the link of the device's QR code, signs in, and goes on to the review.</summary>
    public static async Task ReviewAsync(this IPage page, PageHost.Codes codes, string user = "alice")
    {
        await page.GotoAsync(codes.Link);
        await page.SignInAsync(user);
        await page.Locator("main form:has(input[name=user_code]) button").ClickAsync();
        await Expect(page.Locator("button[value=approve]")).ToBeEnabledAsync();
    }

    /// <summary>Types the code, and goes on to the review. Any language.</summary>
    public static async Task EnterAsync(this IPage page, PageHost.Codes codes)
    {
        await page.GotoAsync(new Uri(new Uri(page.Url), "/pair/device").AbsoluteUri);
        await page.Locator("input[name=user_code]").FillAsync(codes.UserCode);
        await page.Locator("main form:has(input[name=user_code]) button").ClickAsync();
        await Expect(page.Locator("button[value=approve]")).ToBeEnabledAsync();
    }

    public static async Task SignInAsync(this IPage page, string user)
    {
        await page.Locator("input[name=user]").FillAsync(user);
        await page.Button("Sign in").ClickAsync();
    }

    public static async Task DecideAsync(this IPage page, string button, string result)
    {
        await page.Button(button).ClickAsync();
        await Expect(page.Heading()).ToHaveTextAsync(result);
    }
}
