using Deque.AxeCore.Commons;
using Microsoft.Playwright;

namespace DeviceAuthorization.BrowserTests;

/// <summary>What axe finds on a page.</summary>
internal static class Barriers
{
    /// <summary>Runs the rules of axe. Returns a text for each element that breaks one.</summary>
    private const string Find = """
        async rules => (await axe.run({ resultTypes: ['violations'], ...(rules && { runOnly: rules }) })).violations.flatMap(rule => rule.nodes.map(node =>
            `${rule.id}: ${rule.help}\n  ${node.html} ${[...node.any, ...node.all, ...node.none].map(check => check.message).join(' ')}`))
        """;

    private static readonly string[] AboutColours = ["color-contrast", "link-in-text-block"];

    private static readonly string Axe = new BundledAxeScriptProvider().GetScript();

    /// <summary>Looks at a state of a page in the light by every default rule of axe, and in the dark by those about colours. Photographs both.</summary>
    public static async Task AssertNoneAsync(IPage page, string state, Screen screen)
    {
        // RunAxe() costs four times as much: each call opens another page to sum up the results of frames, and our pages have no frames.
        var chromium = await page.Context.NewCDPSessionAsync(page);
        await chromium.SendAsync("Runtime.evaluate", new(StringComparer.Ordinal) { ["expression"] = Axe });
        var barriers = new List<string>();
        foreach (var look in new[] { screen.Dark, screen })
        {
            await page.EmulateMediaAsync(new() { ColorScheme = look.Scheme });
            await Screenshots.TakeAsync(page, state, look);
            var found = await page.EvaluateAsync<string[]>(Find, look == screen ? null : AboutColours);
            barriers.AddRange(found.Select(barrier => $"{state}, {look}: {barrier}"));
        }

        Assert.True(barriers.Count == 0, string.Join('\n', barriers));
    }
}
