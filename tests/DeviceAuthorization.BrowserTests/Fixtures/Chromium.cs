using Microsoft.Playwright;

namespace DeviceAuthorization.BrowserTests;

/// <summary>
/// The machine's own Chromium, started once for all tests of a collection. Where there is none the tests are skipped, but for
/// CI: there a missing browser is a failure.
/// </summary>
public sealed class Chromium : IAsyncLifetime
{
    private static readonly string[] Names = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async Task InitializeAsync()
    {
        var folders = Environment.GetEnvironmentVariable("PATH")?.Split(Path.PathSeparator) ?? [];
        var path = Names.SelectMany(name => folders.Select(folder => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
        if (path is null)
        {
            return;
        }

        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = path,
            Args =
            [
                "--no-sandbox", // build machines run as root, and the only pages are our own
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        });
    }

    /// <summary>A phone that nobody has used before.</summary>
    public Task<IPage> NewPhoneAsync(bool javaScript) => NewPageAsync(Screen.Phone, javaScript);

    /// <summary>A browser that nobody has used before.</summary>
    public async Task<IPage> NewPageAsync(Screen screen, bool javaScript = true)
    {
        const string Reason = "No Chromium or Chrome is on the PATH.";
        if (_browser is null)
        {
            Assert.False(Environment.GetEnvironmentVariable("CI") is "true", Reason);
            throw new SkipException(Reason);
        }

        // One test at a time uses this browser, and none opens more than two contexts. Older ones belong to tests that are over.
        foreach (var over in _browser.Contexts.SkipLast(1))
        {
            await over.CloseAsync();
        }

        var isPhone = screen.Width < 600;
        var context = await _browser.NewContextAsync(new()
        {
            ColorScheme = screen.Scheme,
            DeviceScaleFactor = isPhone ? 2 : 1,
            HasTouch = isPhone,
            IsMobile = isPhone,
            JavaScriptEnabled = javaScript,
            Locale = screen.Locale,
            ReducedMotion = ReducedMotion.Reduce,
            ViewportSize = new() { Width = screen.Width, Height = screen.Height },
        });
        return await context.NewPageAsync();
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }
}

/// <summary>Stories of the pairing page. The collections run beside one another (xunit.runner.json): a browser often waits.</summary>
[CollectionDefinition(nameof(PairingPageBrowser))]
public sealed class PairingPageBrowser : ICollectionFixture<Chromium>;

/// <summary>Whether everybody can use the pairing page.</summary>
[CollectionDefinition(nameof(AccessibilityBrowser))]
public sealed class AccessibilityBrowser : ICollectionFixture<Chromium>;

/// <summary>Tests of the devices page.</summary>
[CollectionDefinition(nameof(DevicesPageBrowser))]
public sealed class DevicesPageBrowser : ICollectionFixture<Chromium>;

/// <summary>The television's stories, and the other tests of the pairing page.</summary>
[CollectionDefinition(nameof(TelevisionBrowser))]
public sealed class TelevisionBrowser : ICollectionFixture<Chromium>;
