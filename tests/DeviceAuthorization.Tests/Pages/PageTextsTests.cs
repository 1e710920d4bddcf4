using System.Collections;
using System.Globalization;
using System.Resources;
using System.Text.RegularExpressions;
using DeviceAuthorization.Pages;

namespace DeviceAuthorization.Tests;

/// <summary>The words of the pages, in every language.</summary>
public sealed partial class PageTextsTests
{
    private const int LongestDecision = 14; // what fits into half of a screen that is 320 pixels wide

    /// <summary>Words that another language took from English, or both from elsewhere.</summary>
    private static readonly string[] ReallyTheSame =
    [
        "cs Token", "de App", "de System", "de Token", "de Token_name", "es Token", "fr Minutes_one", "fr Minutes_other", "it App", "it Token", "pl System",
        "pl Token", "pt-BR Token", "ro Minutes_few", "ro Token",
    ];

    private static readonly Dictionary<string, string> English = Read(PageLanguage.English.Code);

    /// <summary>What a number is put into, such as Minutes of Minutes_one and Minutes_other.</summary>
    private static readonly string[] Plurals =
        [.. English.Keys.Where(key => key.EndsWith("_one", StringComparison.Ordinal)).Select(key => key[..^"_one".Length])];

    public static TheoryData<string> Languages => [.. PageLanguage.All.Select(language => language.Code)];

    [Theory, MemberData(nameof(Languages))]
    public void Every_language_has_every_text_in_every_plural_form_that_it_knows_and_nothing_else(string language)
    {
        var plurals = Plurals.SelectMany(key => Forms(language).Select(form => $"{key}_{form.Key}"));
        var others = English.Keys.Where(key => PluralOf(key) is null);
        Assert.Equal(plurals.Concat(others).Order(StringComparer.Ordinal), Read(language).Keys.Order(StringComparer.Ordinal), StringComparer.Ordinal);
    }

    [Fact]
    public void No_text_is_still_English()
    {
        string[] british = ["en-US", "en-GB"];
        var same = PageLanguage.All.Select(language => language.Code).Except(british, StringComparer.Ordinal)
            .SelectMany(language => Read(language).Where(text => English.ContainsValue(text.Value)).Select(text => $"{language} {text.Key}"));
        Assert.Equal(ReallyTheSame, same.Order(StringComparer.Ordinal), StringComparer.Ordinal);
    }

    [Theory, MemberData(nameof(Languages))]
    public void Every_text_has_the_same_places_for_what_is_put_in(string language) => Assert.All(Read(language), text =>
    {
        var isInWords = PluralOf(text.Key) is { } key && Forms(language)[text.Key[(key.Length + 1)..]] == 1; // "two days" may be one word
        var expected = Places(PluralOf(text.Key) is { } plural ? English[plural + "_other"] : English[text.Key]);
        Assert.True(Places(text.Value).SequenceEqual(expected) || (isInWords && Places(text.Value).Length == 0), text.Value);
        Assert.DoesNotContain(Place().Replace(text.Value, ""), character => character is '{' or '}');
    });

    [Theory, MemberData(nameof(Languages))]
    public void Every_text_is_set_well(string language) => Assert.All(Read(language).Values, text =>
    {
        Assert.Equal(text.Trim(), text);
        Assert.NotEmpty(text);
        Assert.DoesNotMatch(@"\.\.\.|""|'|  |[\p{Cf}\p{Cc}]", text);
    });

    [Theory]
    [InlineData("fr", "(?<!\u00A0)[?!:;]")] // a space before them, which no line breaks at
    [InlineData("ja", "[,.?!:;()]")]
    [InlineData("zh-CN", "[,.?!:;()]")]
    [InlineData("zh-TW", "[,.?!:;()]")]
    public void Marks_stand_as_the_language_sets_them(string language, string wrong) =>
        Assert.All(Read(language).Values, text => Assert.DoesNotMatch(wrong, text));

    [Theory, MemberData(nameof(Languages))]
    public void Both_decisions_fit_side_by_side(string language)
    {
        var texts = Read(language);
        Assert.All([texts["Deny"], texts["Approve"]], text => Assert.InRange(text.Length, 1, LongestDecision));
        Assert.NotEqual(texts["Deny"], texts["Approve"], StringComparer.Ordinal);
    }

    [Fact]
    public void Every_text_is_used_and_every_text_that_is_used_exists()
    {
        var used = Repository.Sources("src/DeviceAuthorization")
            .Where(source => source.Path.StartsWith("Pages/", StringComparison.Ordinal) && source.Path != "Pages/PageLanguage.cs") // names of languages
            .SelectMany(source => source.Lines.Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal)))
            .SelectMany(line => Key().Matches(line).Select(match => match.Groups["key"].Value))
            .Distinct(StringComparer.Ordinal)
            .ToDictionary(word => word, KeysOf, StringComparer.Ordinal);
        Assert.Empty(used.Where(word => word.Value.Length == 0).Select(word => word.Key));
        Assert.Empty(English.Keys.Except(used.Values.SelectMany(keys => keys), StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("ar", "zero", "0")]
    [InlineData("ar", "one", "1")]
    [InlineData("ar", "two", "2")]
    [InlineData("ar", "few", "3 10 103 110 1003")]
    [InlineData("ar", "many", "11 26 99 111 1011")]
    [InlineData("ar", "other", "100 101 102 200 202 1000")]
    [InlineData("bg de en-US en-GB es hu it tr", "one", "1")]
    [InlineData("bg de en-US en-GB es hu it tr", "other", "0 2 16 21 100 101 1000")]
    [InlineData("cs", "one", "1")]
    [InlineData("cs", "few", "2 3 4")]
    [InlineData("cs", "other", "0 5 19 21 22 100 102")]
    [InlineData("fr pt-BR", "one", "0 1")]
    [InlineData("fr pt-BR", "other", "2 17 21 100 101 1000")]
    [InlineData("he", "one", "1")]
    [InlineData("he", "two", "2")]
    [InlineData("he", "other", "0 3 17 20 21 22 100 102")]
    [InlineData("ja ko zh-CN zh-TW", "other", "0 1 2 15 100 1000")]
    [InlineData("pl", "one", "1")]
    [InlineData("pl", "few", "2 3 4 22 24 32 102 1002")]
    [InlineData("pl", "many", "0 5 11 12 14 19 21 25 100 101 112 1000")]
    [InlineData("ro", "one", "1")]
    [InlineData("ro", "few", "0 2 16 19 101 102 119 1001")]
    [InlineData("ro", "other", "20 21 35 100 120 1000")]
    [InlineData("ru", "one", "1 21 31 81 101 1001")]
    [InlineData("ru", "few", "2 3 4 22 24 62 102 1002")]
    [InlineData("ru", "many", "0 5 11 12 14 19 25 100 111 112 1000")]
    public void A_number_takes_the_plural_form_of_the_Unicode_rules(string languages, string form, string numbers) =>
        Assert.All(languages.Split(' '), language => Assert.All(
            numbers.Split(' '), number => Assert.Equal(form, PageTexts.PluralForm(language, int.Parse(number, CultureInfo.InvariantCulture)))));

    [Theory]
    [InlineData("en-US", "2 minutes ago", "30 days", "1 year", "never")]
    [InlineData("ar", "قبل دقيقتين", "30 يومًا", "سنة واحدة", "بلا حد زمني")]
    [InlineData("he", "לפני שתי דקות", "30 ימים", "שנה אחת", "ללא הגבלה")]
    [InlineData("ro", "acum 2 minute", "30 de zile", "1 an", "fără limită")]
    [InlineData("ru", "2 минуты назад", "30 дней", "1 год", "бессрочно")]
    [InlineData("ja", "2 分前", "30 日", "1 年", "無期限")]
    public void Times_are_said_in_the_language(string language, string twoMinutesAgo, string days, string year, string always)
    {
        var texts = Texts(language);
        Assert.Equal(twoMinutesAgo, texts.Ago(TimeSpan.FromMinutes(2.9)));
        Assert.Equal(days, texts.Duration(TimeSpan.FromDays(30)));
        Assert.Equal(year, texts.Duration(TimeSpan.FromDays(365)));
        Assert.Equal(always, texts.Duration(Timeout.InfiniteTimeSpan));
    }

    [Fact]
    public void A_text_that_does_not_exist_is_a_mistake_of_ours() => Assert.Throws<MissingManifestResourceException>(() => Texts("ar")["Nothing"]);

    private static PageTexts Texts(string language) => new(PageLanguage.Find(language)!, host: null);

    /// <summary>
    /// What the library itself brings: without satellite assemblies, so that hosts have every language that run without cultures or that
    /// are published with few languages.
    /// </summary>
    private static Dictionary<string, string> Read(string language)
    {
        var name = "DeviceAuthorization.Pages.Texts.PageTexts" + (language == PageLanguage.English.Code ? "" : "." + language);
        using var texts = new ResourceReader(typeof(PageTexts).Assembly.GetManifestResourceStream(name + ".resources")!);
        return texts.Cast<DictionaryEntry>().ToDictionary(text => (string)text.Key, text => (string)text.Value!, StringComparer.Ordinal);
    }

    /// <summary>The forms that numbers take in a language, and how many numbers up to 1000 take each.</summary>
    private static readonly string[] Endings = ["", "_one", "_other", "_title", "_text"];

    private static Dictionary<string, int> Forms(string language) =>
        Enumerable.Range(0, 1001).CountBy(number => PageTexts.PluralForm(language, number), StringComparer.Ordinal)
            .ToDictionary(form => form.Key, form => form.Value, StringComparer.Ordinal);

    /// <summary>Minutes_ago of Minutes_ago_few; null for a text without a number.</summary>
    private static string? PluralOf(string key) => key.LastIndexOf('_') is > 0 and var end && Plurals.Contains(key[..end], StringComparer.Ordinal) ? key[..end] : null;

    /// <summary>The texts that a word in the source stands for: that of a thing with those of its number, or those of a result.</summary>
    private static string[] KeysOf(string word) => [.. Endings.Select(end => word + end).Where(English.ContainsKey)];

    private static string[] Places(string text) => [.. Place().Matches(text).Select(match => match.Value).Order(StringComparer.Ordinal)];

    [GeneratedRegex(@"\{\d\}")]
    private static partial Regex Place();

    [GeneratedRegex("\"(?<key>[A-Z][a-z]+(?:_[a-z]+)*)\"", RegexOptions.ExplicitCapture)]
    private static partial Regex Key();
}
