using Microsoft.Playwright;

namespace DeviceAuthorization.BrowserTests;

/// <summary>Pictures of every state, in the folder that the variable <c>SCREENSHOTS</c> names. Without it none are taken: each costs more than axe.</summary>
internal static class Screenshots
{
    private static readonly string? Folder = Environment.GetEnvironmentVariable("SCREENSHOTS");

    public static Task TakeAsync(IPage page, string state, Screen screen) =>
        Folder is null ? Task.CompletedTask : page.ScreenshotAsync(new() { FullPage = true, Path = Path.Combine(Folder, $"{state}-{screen}.png") });
}
