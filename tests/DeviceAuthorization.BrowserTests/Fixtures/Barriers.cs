using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace DeviceAuthorization.BrowserTests;

/// <summary>What axe finds on a page.</summary>
internal static class Barriers
{
    public static async Task AssertNoneAsync(IPage page, string state)
    {
        var violations = (await page.RunAxe()).Violations;
        Assert.True(violations.Length == 0, state + ": " + string.Join('\n', violations.Select(violation =>
            $"{violation.Id}: {violation.Help}\n  {string.Join("\n  ", violation.Nodes.Select(node => node.Html + " " + string.Join(' ', node.Any.Select(check => check.Message))))}")));
    }
}
