using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Html;

namespace DeviceAuthorization.Tests;

/// <summary>What a host makes its own: name, logo, colour, words, the document around the page.</summary>
public sealed partial class PageCustomizationTests
{
    [Fact]
    public async Task Name_and_logo_stand_above_the_page_and_the_logo_may_be_loaded_from_this_site_alone()
    {
        await using var host = await TestHost.StartAsync(
            options => (options.Page.ProductName, options.Page.LogoPath) = ("A & B", "/logo.svg"), pathBase: "/app");
        using var page = await (await host.SignInAsync("alice")).GetAsync("/app/pair/device");
        var html = await page.HtmlAsync();
        Assert.Contains("<title>Connect a device – A &amp; B</title>", html, StringComparison.Ordinal);
        Assert.Contains("<header><img src=\"/app/logo.svg\" alt=\"\"><span>A &amp; B</span></header>", html, StringComparison.Ordinal);
        Assert.Contains("; img-src 'self'; form-action", Policy(page), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("#0b57d0", "#fff")]
    [InlineData("#767676", "#fff")] // the lightest grey on which white is legible (WCAG 2.2, 4.5 : 1)
    [InlineData("#777777", "#000")]
    [InlineData("#FFD400", "#000")]
    [InlineData("#000000", "#fff")]
    public async Task The_label_is_legible_on_whatever_colour_the_button_has(string accent, string label)
    {
        await using var host = await TestHost.StartAsync(options => options.Page.AccentColor = accent);
        var html = await (await host.SignInAsync("alice")).GetStringAsync(Browser.Page);
        Assert.Contains($"--accent: {accent}; --on-accent: {label};", html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "library.write", true)]
    [InlineData(null, "library.read", false)]
    [InlineData("library.read", "library.read", true)]
    [InlineData("library.read", "library.write", false)]
    public async Task Scopes_that_change_things_are_marked_by_their_name_or_by_the_hosts_list(string? listed, string scope, bool marked)
    {
        await using var host = await TestHost.StartAsync(options => options.Page.ChangingScopes = listed is null ? null : [listed]);
        var review = await (await host.SignInAsync("alice")).ReviewAsync((await host.Device().StartAsync(scope: scope)).UserCode);
        Assert.Equal(marked, review.Contains("<span class=\"tag\">changes things</span>", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_hosts_words_come_first_and_are_only_text()
    {
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IPageTexts, Words>());
        var alice = await host.SignInAsync("alice");
        var english = await alice.GetStringAsync(Browser.Page);
        Assert.Contains("<h1>Join &lt;us&gt;</h1>", english, StringComparison.Ordinal);
        Assert.Contains("Enter the code that your device shows.", english, StringComparison.Ordinal);
        alice.DefaultRequestHeaders.Add("Accept-Language", "de");
        Assert.Contains("<h1>Gerät verbinden</h1>", await alice.GetStringAsync(Browser.Page), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_layout_of_the_hosts_own_surrounds_the_page_and_may_load_from_this_site_but_no_script()
    {
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IPageLayout, Layout>());
        using var page = await (await host.SignInAsync("alice")).GetAsync(Browser.Page);
        var html = await page.HtmlAsync();
        Assert.StartsWith("<html lang=\"en-US\"><h6>Connect a device</h6>", html, StringComparison.Ordinal);
        Assert.Contains("name=\"user_code\"", html, StringComparison.Ordinal);
        Assert.Matches(Loads(), Policy(page));
    }

    private static string Policy(HttpResponseMessage page) => string.Join(',', page.Headers.GetValues("Content-Security-Policy"));

    [GeneratedRegex("^default-src 'none'; style-src 'self' 'sha256-[^']+'; script-src 'sha256-[^']+'; img-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$")]
    private static partial Regex Loads();

    private sealed class Words : IPageTexts
    {
        public string? Find(string key, CultureInfo culture) => key == "Page_title" && culture.Name == "en-US" ? "Join <us>" : null;
    }

    private sealed class Layout : IPageLayout
    {
        public IHtmlContent Render(PageContent page) => new HtmlContentBuilder()
            .AppendFormat(CultureInfo.InvariantCulture, "<html lang=\"{0}\"><h6>{1}</h6>", page.Language, page.Title)
            .AppendHtml(page.Main).AppendHtml(page.LanguageForm).AppendHtml(page.Script);
    }
}
