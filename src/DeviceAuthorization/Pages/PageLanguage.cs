using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Localization;

namespace DeviceAuthorization.Pages;

/// <summary>A language of the pages.</summary>
/// <param name="Code">The BCP 47 name, also used in the names of the resources.</param>
/// <param name="Name">The name of the language in the language itself.</param>
internal sealed record PageLanguage(string Code, string Name)
{
    public const string Cookie = "da.language";

    public static readonly PageLanguage English = new("en-US", "English (US)");

    /// <summary>Every language of the texts, in the order in which people choose them.</summary>
    public static readonly IReadOnlyList<PageLanguage> All =
    [
        new("ar", "العربية"),
        new("bg", "Български"),
        new("cs", "Čeština"),
        new("de", "Deutsch"),
        new("en-GB", "English (UK)"),
        English,
        new("es", "Español"),
        new("fr", "Français"),
        new("he", "עברית"),
        new("hu", "Magyar"),
        new("it", "Italiano"),
        new("ja", "日本語"),
        new("ko", "한국어"),
        new("pl", "Polski"),
        new("pt-BR", "Português (Brasil)"),
        new("ro", "Română"),
        new("ru", "Русский"),
        new("tr", "Türkçe"),
        new("zh-CN", "简体中文"),
        new("zh-TW", "繁體中文"),
    ];

    /// <summary>The culture for formatting; the invariant one if the host runs without cultures (InvariantGlobalization).</summary>
    [SuppressMessage("Design", "CA1031", Justification = "one exception type, by name below")]
    public CultureInfo Culture
    {
        get
        {
            try
            {
                return CultureInfo.GetCultureInfo(Code);
            }
            catch (CultureNotFoundException)
            {
                return CultureInfo.InvariantCulture;
            }
        }
    }

    public bool IsRightToLeft => Code is "ar" or "he";

    /// <summary>The language that the person chose here, else that of the host's request localization, else the one that the browser prefers.</summary>
    public static PageLanguage Of(HttpContext context)
    {
        if (Find(context.Request.Cookies[Cookie]) is { } chosen)
        {
            return chosen;
        }

        if (context.Features.Get<IRequestCultureFeature>() is { Provider: not null } host && Match(host.RequestCulture.UICulture.Name) is { } found)
        {
            return found;
        }

        return context.Request.GetTypedHeaders().AcceptLanguage
            .Where(accepted => accepted.Quality is not 0)
            .OrderByDescending(accepted => accepted.Quality ?? 1)
            .Select(accepted => Match(accepted.Value.ToString()))
            .FirstOrDefault(language => language is not null) ?? English;
    }

    /// <summary>The language with exactly this code.</summary>
    public static PageLanguage? Find(string? code) => All.FirstOrDefault(language => string.Equals(language.Code, code, StringComparison.OrdinalIgnoreCase));

    /// <summary>The nearest language for readers of another one: zh-TW for zh-HK, es for es-MX, he for iw.</summary>
    private static PageLanguage? Match(string tag)
    {
        var parts = tag.Split('-');
        return Find(tag) ?? parts[0].ToLowerInvariant() switch
        {
            "en" => English,
            "zh" when Has("Hans") => Find("zh-CN"), // the script matters more than the region
            "zh" when Has("Hant") || Has("HK") || Has("MO") || Has("TW") => Find("zh-TW"),
            "zh" => Find("zh-CN"),
            "pt" => Find("pt-BR"),
            "iw" => Find("he"), // its name until 1989, which Android still sends
            var language => Find(language),
        };

        bool Has(string part) => parts.Contains(part, StringComparer.OrdinalIgnoreCase);
    }
}
