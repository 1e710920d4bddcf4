using Microsoft.Playwright;

namespace DeviceAuthorization.BrowserTests;

/// <summary>
/// Pictures of every state, in the folder <c>artifacts</c> beside the tests; or where the variable <c>SCREENSHOTS</c> says, which is how
/// docs/screenshots comes about.
/// </summary>
internal static class Screenshots
{
    public static Task TakeAsync(IPage page, string state, Screen screen) => page.ScreenshotAsync(new()
    {
        FullPage = true,
        Path = Path.Combine(Environment.GetEnvironmentVariable("SCREENSHOTS") ?? Path.Combine(AppContext.BaseDirectory, "artifacts"), $"{state}-{screen}.png"),
    });
}
