using System.Globalization;
using System.Net;
using System.Text;
using CsCheck;
using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Tests;

/// <summary>What a device says about itself is cleaned before people see it: bad inputs 39 to 42, threats T-13 and T-26.</summary>
public sealed class ReportedTextTests
{
    private static readonly Gen<string> Texts = Gen.String[
        Gen.Frequency(
            (6, Gen.Char[' ', '~']),
            (3, Gen.OneOf(' ', 'é', '\u0301', '\u20DD', '\u200B', '\u202E', '\u3000', '\uE000', '\u0378', '\uFE0F', '\u00AD', '\uFEFF')),
            (1, Gen.Char['\u00A0', '\uD7FF'])),
        0, 60];

    [Theory]
    [InlineData("Living room TV", "Living room TV")]
    [InlineData("Fernseher Küche", "Fernseher Küche")]
    [InlineData("  a \u00A0\u3000 b  ", "a b")]
    [InlineData("<script>alert(1)</script>", "<script>alert(1)</script>")] // text; the page encodes it
    [InlineData("TV\u202Egnp.exe", "TVgnp.exe")]
    [InlineData("\u2066a\u2069\u200E\u200F\u061C", "a")]
    [InlineData("a\u200B\u200C\u200D\uFEFFb", "ab")]
    [InlineData("a\u00ADb", "ab")]
    [InlineData("a\uE000b", "ab")]
    [InlineData("a\U000E0041b", "ab")] // tag characters
    [InlineData("\u115F\u1160\u3164\uFFA0\u2800", null)] // letters and a symbol that nobody sees
    [InlineData("a\u3164\u2800b", "a b")]
    [InlineData("a\u0301\u0302\u0303\u0304", "a\u0301\u0302")]
    [InlineData("a\u0301\u200B\u0302\u200B\u0303b\u0301", "a\u0301\u0302b\u0301")] // an invisible character starts no new letter
    [InlineData("\U0001F4FA", "\U0001F4FA")]
    [InlineData("\u200B\u202E \u00AD", null)]
    [InlineData("   ", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void Text_is_cleaned_for_display(string? text, string? expected)
    {
        Assert.True(ReportedText.TryClean(text, 255, out var clean));
        Assert.Equal(expected, clean);
    }

    [Theory]
    [InlineData("a\r\nINFO fake")]
    [InlineData("a\u001B[31m")]
    [InlineData("a\0")]
    [InlineData("a\tb")]
    [InlineData("a\u0085b")]
    [InlineData("a\u2028b")]
    [InlineData("a\u2029b")]
    [InlineData("\u007F")]
    [InlineData("a\uFFFDb")]
    public void What_could_break_a_line_or_a_log_is_refused(string text) => Assert.False(ReportedText.TryClean(text, 255, out _));

    [Fact]
    public void Half_a_surrogate_pair_is_refused()
    {
        Assert.False(ReportedText.TryClean("a\uD83D", 255, out _)); // not in a theory: runners cannot name it
        Assert.False(ReportedText.TryClean("\uDCFAb", 255, out _));
    }

    [Theory]
    [InlineData(49, true)]
    [InlineData(50, true)]
    [InlineData(51, false)]
    public void The_length_is_that_of_the_text_as_sent(int length, bool read) =>
        Assert.Equal(read, ReportedText.TryClean(new string('\u200B', length), 50, out _));

    [Fact]
    public void Whatever_comes_the_result_is_short_visible_and_clean_already() => Texts.Sample(
        text =>
        {
            if (!ReportedText.TryClean(text, 50, out var clean) || clean is null)
            {
                return;
            }

            Assert.InRange(clean.Length, 1, 50);
            Assert.DoesNotContain(clean.EnumerateRunes(), rune => Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control
                or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
            Assert.True(ReportedText.TryClean(clean, 50, out var again));
            Assert.Equal(clean, again);
        },
        iter: 20_000);

    [Theory]
    [InlineData("id-1", true)]
    [InlineData("a\u200Bb", false)]
    [InlineData(" a", false)]
    [InlineData("a  b", false)]
    [InlineData("a\u0301\u0301\u0301", false)]
    [InlineData("", false)]
    public void An_identifier_is_visible_as_it_is(string text, bool fits) => Assert.Equal(fits, ReportedText.IsIdentifier(text, 255));

    [Theory]
    [Trait("Row", "39"), Trait("Row", "40")]
    [InlineData("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;")]
    [InlineData("\"><img src=x onerror=1>", "&quot;&gt;&lt;img src=x onerror=1&gt;")]
    [InlineData("</bdi></dd><form>", "&lt;/bdi&gt;&lt;/dd&gt;&lt;form&gt;")]
    [InlineData("&lt;b&gt;", "&amp;lt;b&amp;gt;")]
    [InlineData("{0}", "{0}")]
    [InlineData("TV\u202E\u2066\u200Bx", "TVx")]
    [InlineData("marks", "<bdi>e\u0301\u0302</bdi>")]
    public async Task A_hostile_name_is_only_text_on_the_page(string name, string shown)
    {
        name = name == "marks" ? "e" + string.Concat(Enumerable.Repeat("\u0301\u0302", 120)) : name;
        await using var host = await TestHost.StartAsync();
        using var start = await host.Device().PostFormAsync("init", ("client_id", "tv"), ("name", name));
        var page = await (await host.SignInAsync("alice")).ReviewAsync(StartedCodes.From(await start.JsonAsync()).UserCode);
        Assert.Contains(shown, page, StringComparison.Ordinal);
        foreach (var raw in (string[])["<script>alert", "<img", "</bdi></dd><form>", "\u202E", "\u2066", "&#x202E;", "&#x2066;", "\u200B", "&#x200B;"])
        {
            Assert.DoesNotContain(raw, page, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Theory]
    [Trait("Row", "41"), Trait("Row", "42")]
    [InlineData("name", 255)]
    [InlineData("client_device_identifier", 255)]
    [InlineData("platform", 50)]
    [InlineData("client_version", 50)]
    public async Task Every_reported_text_has_its_limit_and_no_control_characters(string parameter, int limit)
    {
        await using var host = await TestHost.StartAsync();
        foreach (var (value, read) in ((string, bool)[])[(new string('Q', limit), true), (new string('Q', limit + 1), false), ("Q\n", false), ("Q\u2028", false)])
        {
            using var response = await host.Device().PostFormAsync("init", ("client_id", "tv"), (parameter, value));
            if (read)
            {
                Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            }
            else
            {
                await OAuthAssert.ErrorAsync(response, 400, "invalid_request", "QQ", "Q\\");
            }
        }
    }

    [Theory]
    [Trait("Row", "42")]
    [InlineData("   ")]
    [InlineData("\u200B")]
    public async Task A_blank_name_becomes_a_plain_one(string name)
    {
        await using var host = await TestHost.StartAsync();
        using var start = await host.Device().PostFormAsync("init", ("client_id", "tv"), ("name", name));
        var page = await (await host.SignInAsync("alice")).ReviewAsync(StartedCodes.From(await start.JsonAsync()).UserCode);
        Assert.Contains("<bdi>Device</bdi>", page, StringComparison.Ordinal);
    }
}
