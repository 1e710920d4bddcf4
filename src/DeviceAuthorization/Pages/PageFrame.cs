using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Http;
using Microsoft.AspNetCore.Html;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using static DeviceAuthorization.Pages.Markup;

namespace DeviceAuthorization.Pages;

/// <summary>The frame of every page: style, script, product name, choice of language, and a Content-Security-Policy that allows nothing else.</summary>
internal sealed class PageFrame
{
    private readonly DeviceAuthorizationOptions _options;
    private readonly MappedEndpoints _mapped;
    private readonly IPageLayout? _layout;
    private readonly IPageTexts? _texts;
    private readonly string _style;
    private readonly string _script;

    public PageFrame(IOptions<DeviceAuthorizationOptions> options, MappedEndpoints mapped, IPageLayout? layout = null, IPageTexts? texts = null)
    {
        (_options, _mapped, _layout, _texts) = (options.Value, mapped, layout, texts);
        var accent = _options.Page.AccentColor;
        _style = Read("page.css").Replace("$accent", accent, StringComparison.Ordinal).Replace("$on-accent", Contrast.TextOn(accent), StringComparison.Ordinal);
        _script = Read("page.js");
        var own = layout is null ? "" : "'self' ";
        ContentSecurityPolicy = string.Concat(
            $"default-src 'none'; style-src {own}'{Hash(_style)}'; script-src '{Hash(_script)}'; ",
            layout is not null || _options.Page.LogoPath is not null || _options.Clients.Values.Any(client => client.LogoPath is not null) ? "img-src 'self'; " : "",
            layout is null ? "" : "font-src 'self'; ",
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
    }

    /// <summary>
    /// Allows only the page's own style and script, by their hashes. From this site, also allows logos and what the host's own layout loads.
    /// </summary>
    public string ContentSecurityPolicy { get; }

    /// <summary>
    /// The address where people enter codes. If our page is not mapped: the host's page at <see cref="DeviceAuthorizationOptions.PagePath"/>.
    /// </summary>
    public string Address(HttpContext context) => Below(context, PathOf(context, EndpointRole.PairingPage) ?? _mapped.PairingPage ?? _options.PagePath);

    /// <summary>The address of the page of devices; null if it is not mapped.</summary>
    public string? DevicesAddress(HttpContext context) =>
        (PathOf(context, EndpointRole.DevicesPage) ?? _mapped.DevicesPage) is { } path ? Below(context, path) : null;

    /// <summary>Whether a request is to the page of devices, or one of its forms.</summary>
    public static bool IsOfDevices(HttpContext context) => PathOf(context, EndpointRole.DevicesPage) is not null;

    /// <summary>The first address of the page that the request is for.</summary>
    public string Start(HttpContext context) => (IsOfDevices(context) ? DevicesAddress(context) : null) ?? Address(context);

    /// <summary>Every address of a page, to which a choice of language may return.</summary>
    public IEnumerable<string> Addresses(HttpContext context) =>
        [Address(context), Address(context) + "/review", .. DevicesAddress(context) is { } devices ? [devices] : Array.Empty<string>()];

    public PageTexts TextsFor(HttpContext context) => new(PageLanguage.Of(context), _texts);

    /// <summary>Creates an answer with a page.</summary>
    public HtmlPage Page(HttpContext context, string title, IHtmlContent main, int status = StatusCodes.Status200OK)
    {
        var texts = TextsFor(context);
        var content = new PageContent
        {
            Title = _options.Page.ProductName is { } product ? $"{title} – {product}" : title,
            Language = texts.Language.Code,
            IsRightToLeft = texts.Language.IsRightToLeft,
            Style = Html($"<style>{new HtmlString(_style)}</style>"),
            Script = Html($"<script>{new HtmlString(_script)}</script>"),
            Main = main,
            LanguageForm = LanguageForm(context, texts),
        };
        return new HtmlPage(HostCode.Run(nameof(IPageLayout), () => _layout?.Render(content)) ?? Document(context, content), ContentSecurityPolicy, status);
    }

    /// <summary>The path of the requested page if it has this role. A host may map a page twice, and each must lead to itself.</summary>
    private static string? PathOf(HttpContext context, EndpointRole role) =>
        context.GetEndpoint()?.Metadata.GetMetadata<OwnEndpoint>() is { } own && own.Role == role ? own.Page : null;

    private static string Below(HttpContext context, string path) => (context.Request.PathBase + new PathString(path)).ToUriComponent();

    private HtmlFormattableString Document(HttpContext context, PageContent page) => Html($"""
        <!DOCTYPE html>
        <html lang="{page.Language}" dir="{(page.IsRightToLeft ? "rtl" : "ltr")}">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="robots" content="noindex">
        <title>{page.Title}</title>
        {page.Style}
        </head>
        <body>
        <header>{Logo(context)}{(_options.Page.ProductName is { } product ? Html($"<span>{product}</span>") : Nothing)}</header>
        <main>
        {page.Main}
        </main>
        <footer>
        {page.LanguageForm}
        </footer>
        {page.Script}
        </body>
        </html>

        """);

    private IHtmlContent Logo(HttpContext context) => _options.Page.LogoPath is { } path
        ? Html($"""<img src="{context.Request.PathBase.ToUriComponent()}{path}" alt="">""")
        : Nothing;

    /// <summary>Shows the same page in another language. The endpoint checks the address to return to.</summary>
    private HtmlFormattableString LanguageForm(HttpContext context, PageTexts texts) => Html($"""
        <form method="post" action="{Start(context)}/language">
        <input type="hidden" name="back" value="{(context.Request.PathBase + context.Request.Path).ToUriComponent()}">
        <label><span>{texts["Language"]}</span> <select name="language" data-submit>
        {All(PageLanguage.All, language => Html($"""<option value="{language.Code}" lang="{language.Code}"{Flag("selected", language == texts.Language)}>{language.Name}</option>"""))}
        </select></label>
        <button>{texts["Change"]}</button>
        </form>
        """);

    private static string Hash(string text) => $"sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}";

    private static string Read(string name)
    {
        using var stream = typeof(PageFrame).Assembly.GetManifestResourceStream($"DeviceAuthorization.Pages.{name}")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd().ReplaceLineEndings("\n").TrimEnd(); // browsers hash the text without carriage returns
    }
}

/// <summary>Chooses a legible text colour (WCAG 2.2, contrast ratio).</summary>
internal static class Contrast
{
    /// <summary>White if its contrast ratio is at least 4.5, which small text needs. Otherwise black, whose ratio is then at least 4.6.</summary>
    public static string TextOn(string color) => 1.05 / (Luminance(color) + 0.05) >= 4.5 ? "#fff" : "#000";

    /// <summary>Relative luminance of #rrggbb.</summary>
    private static double Luminance(string color)
    {
        return (0.2126 * Channel(1)) + (0.7152 * Channel(3)) + (0.0722 * Channel(5));

        double Channel(int at)
        {
            var value = int.Parse(color.AsSpan(at, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) / 255d;
            return value <= 0.04045 ? value / 12.92 : Math.Pow((value + 0.055) / 1.055, 2.4);
        }
    }
}
