using System.Collections.Frozen;
using System.Globalization;
using System.Resources;

namespace DeviceAuthorization.Pages;

/// <summary>The texts of the pages in one language. The host's own texts come first.</summary>
internal sealed class PageTexts(PageLanguage language, IPageTexts? host)
{
    /// <summary>
    /// The resources by language, all in this assembly. A host without cultures (InvariantGlobalization, as on Alpine) looks for no satellite
    /// assembly, and would show English texts in a page marked as Arabic.
    /// </summary>
    private static readonly FrozenDictionary<string, ResourceManager> Resources = PageLanguage.All.ToFrozenDictionary(
        language => language.Code,
        language => new ResourceManager(
            $"DeviceAuthorization.Pages.Texts.PageTexts{(language == PageLanguage.English ? "" : "." + language.Code)}", typeof(PageTexts).Assembly),
        StringComparer.Ordinal);

    public PageLanguage Language => language;

    public string this[string key] => host?.Find(key, language.Culture) ?? Resources[language.Code].GetString(key, CultureInfo.InvariantCulture)
        ?? throw new MissingManifestResourceException($"There is no text '{key}' in {language.Name}.");

    /// <summary>A text with a number, in the plural form that the language requires.</summary>
    public string Count(string key, int number) => string.Format(language.Culture, this[$"{key}_{PluralForm(language.Code, number)}"], number);

    /// <summary>A duration, in the largest unit of which it is a whole number.</summary>
    public string Duration(TimeSpan time) => time switch
    {
        _ when time == Timeout.InfiniteTimeSpan => this["Never"],
        { TotalDays: >= 365, Ticks: var ticks } when ticks % (365 * TimeSpan.TicksPerDay) == 0 => Count("Years", (int)(time.TotalDays / 365)),
        { Ticks: var ticks } when ticks % TimeSpan.TicksPerDay == 0 => Count("Days", (int)time.TotalDays),
        { Ticks: var ticks } when ticks % TimeSpan.TicksPerHour == 0 => Count("Hours", (int)time.TotalHours),
        _ => Count("Minutes", (int)Math.Ceiling(time.TotalMinutes)),
    };

    /// <summary>How long ago something was; null from 30 days on, when a date says more.</summary>
    public string? Ago(TimeSpan age) => age switch
    {
        { TotalMinutes: < 1 } => this["Just_now"],
        { TotalHours: < 1 } => Count("Minutes_ago", (int)age.TotalMinutes),
        { TotalDays: < 1 } => Count("Hours_ago", (int)age.TotalHours),
        { TotalDays: < 30 } => Count("Days_ago", (int)age.TotalDays),
        _ => null,
    };

    /// <summary>The plural form of a whole number (Unicode CLDR, plural rules, cardinals).</summary>
    internal static string PluralForm(string language, int number)
    {
        var (last, lastTwo) = (number % 10, number % 100);
        return language[..2] switch
        {
            "ja" or "ko" or "zh" => "other",
            "fr" or "pt" when number is 0 or 1 => "one",
            "ar" when number is 0 => "zero",
            "ar" or "he" when number is 2 => "two",
            "ar" when lastTwo is >= 3 and <= 10 => "few",
            "ar" when lastTwo >= 11 => "many",
            "cs" when number is >= 2 and <= 4 => "few",
            "pl" or "ru" when last is >= 2 and <= 4 && lastTwo is not (>= 12 and <= 14) => "few",
            "ro" when number == 0 || (number != 1 && lastTwo is >= 1 and <= 19) => "few",
            "pl" when number != 1 => "many",
            "ru" when last == 1 && lastTwo != 11 => "one",
            "ru" => "many",
            _ => number == 1 ? "one" : "other",
        };
    }
}
