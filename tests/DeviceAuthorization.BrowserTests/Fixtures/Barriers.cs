using Deque.AxeCore.Commons;
using Microsoft.Playwright;

namespace DeviceAuthorization.BrowserTests;

/// <summary>What axe finds on a page.</summary>
internal static class Barriers
{
    /// <summary>Runs every default rule of axe. Returns a text for each element that breaks one.</summary>
    private const string Find = """
        async () => (await axe.run({ resultTypes: ['violations'] })).violations.flatMap(rule => rule.nodes.map(node =>
            `${rule.id}: ${rule.help}\n  ${node.html} ${[...node.any, ...node.all, ...node.none].map(check => check.message).join(' ')}`))
        """;

    private static readonly string Axe = new BundledAxeScriptProvider().GetScript();

    /// <summary>Looks at a state of a page in the dark and in the light, and photographs both.</summary>
    public static async Task AssertNoneAsync(IPage page, string state, Screen screen)
    {
        // RunAxe() costs four times as much: each call opens another page to sum up the results of frames, and our pages have no frames.
        var chromium = await page.Context.NewCDPSessionAsync(page);
        await chromium.SendAsync("Runtime.evaluate", new(StringComparer.Ordinal) { ["expression"] = Axe });
        foreach (var look in new[] { screen.Dark, screen })
        {
            await page.EmulateMediaAsync(new() { ColorScheme = look.Scheme });
            await Screenshots.TakeAsync(page, state, look);
            var barriers = await page.EvaluateAsync<string[]>(Find);
            Assert.True(barriers.Length == 0, $"{state}, {look}: {string.Join('\n', barriers)}");
        }
    }
}
