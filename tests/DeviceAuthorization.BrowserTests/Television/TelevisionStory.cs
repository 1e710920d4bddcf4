using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Xunit.Abstractions;
using static Microsoft.Playwright.Assertions;

namespace DeviceAuthorization.BrowserTests;

/// <summary>
/// A pairing from the first screen to the last: QuickStart, a television, and the phone of its owner. Takes a screenshot
/// of every page, and gives what the programs wrote to the test's log.
/// </summary>
internal sealed class TelevisionStory(string name, IPage phone, ITestOutputHelper log) : IAsyncDisposable
{
    private readonly List<ChildProgram> _programs = [];
    private int _screenshots;

    /// <summary>Starts the host, then a television that asks it for a code.</summary>
    /// <param name="settings">Settings of the host, as it takes them on its command line.</param>
    public async Task<ChildProgram> StartTelevisionAsync(params string[] settings)
    {
        var host = Start("QuickStart", ["--urls", "http://127.0.0.1:0", .. settings]);
        var address = LastWord(await host.ReadLineAsync("Now listening on: "));
        return Start("TvDevice", address);
    }

    /// <summary>The owner follows the television's link, signs in, compares the codes and sees what is asked for.</summary>
    public async Task ReviewAsync(ChildProgram television)
    {
        var code = (await television.ReadLineAsync("│")).Trim(' ', '│');
        var link = LastWord(await television.ReadLineAsync("?user_code="));

        await phone.GotoAsync(link);
        await phone.Locator("input[name=username]").FillAsync("alice");
        await phone.Locator("input[name=password]").FillAsync("demo");
        await TakeScreenshotAsync("sign-in");
        await phone.GetByRole(AriaRole.Button).ClickAsync();

        await Expect(Button("Continue")).ToBeVisibleAsync();
        Assert.Contains(code, await phone.ContentAsync(), StringComparison.Ordinal);
        await TakeScreenshotAsync("code");
        await Button("Continue").ClickAsync();

        await Expect(Button("Approve")).ToBeVisibleAsync();
        await Expect(Button("Deny")).ToBeVisibleAsync();
        await Expect(phone.GetByText("Living room TV").First).ToBeVisibleAsync();
        await TakeScreenshotAsync("review");
    }

    /// <summary>The owner presses Approve or Deny, and reads that it is done.</summary>
    /// <param name="result">The heading, or several with "|" between them.</param>
    public async Task DecideAsync(string button, string result)
    {
        await Button(button).ClickAsync();
        await Expect(phone.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync(new Regex($"^({string.Join('|', result.Split('|').Select(Regex.Escape))})$"));
        await TakeScreenshotAsync("result");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var program in _programs)
        {
            await program.DisposeAsync();
            log.WriteLine(program.ToString());
        }

        await phone.Context.CloseAsync();
    }

    private static string LastWord(string line) => line.Split(' ')[^1];

    private ChildProgram Start(string program, params string[] arguments)
    {
        var started = ChildProgram.Start(program, arguments);
        _programs.Add(started);
        return started;
    }

    private ILocator Button(string text) => phone.GetByRole(AriaRole.Button, new() { Name = text, Exact = true });

    private async Task TakeScreenshotAsync(string page) => await phone.ScreenshotAsync(new()
    {
        FullPage = true,
        Path = Path.Combine(AppContext.BaseDirectory, "artifacts", $"{name}-{++_screenshots}-{page}.png"),
    });
}
