using CsCheck;

namespace DeviceAuthorization.Tests;

/// <summary>How people's spelling of a code is read (RFC 8628 §6.1, P-56c, T-14).</summary>
public sealed class UserCodeFormatTests
{
    // Every dash of Unicode (Pd), minus signs and soft hyphens beside it; spaces of all widths; invisible marks; punctuation of many keyboards.
    private const string Separators =
        "-\u058A\u05BE\u1400\u1806\u2010\u2011\u2012\u2013\u2014\u2015\u2E17\u2E1A\u2E3A\u2E3B\u2E40\u2E5D\u301C\u3030\u30A0\uFE31\uFE32\uFE58\uFE63\uFF0D\u2212\u00AD"
        + " \t\r\n\u00A0\u2007\u2009\u202F\u3000\u200B\u200D\u2060\uFEFF\u202E.,:;_/\\|*+='\"()[]{}<>!?#%&@~^`$\u00B7\u2022\u2026\u3001\uFF0E\0";

    private static readonly Dictionary<string, UserCodeFormat> Formats = new(StringComparer.Ordinal)
    {
        ["standard"] = UserCodeFormat.Standard,
        ["large"] = UserCodeFormat.Large,
        ["numeric"] = UserCodeFormat.Numeric,
        ["RomM"] = UserCodeFormat.RomM,
    };

    private static readonly Gen<UserCodeFormat> AnyFormat = Gen.Int[0, Formats.Count - 1].Select(i => Formats.Values.ElementAt(i));

    /// <summary>A code, and a spelling of it: each symbol in some case and width, and junk between.</summary>
    private static readonly Gen<(UserCodeFormat Format, string Code, string Typed)> Spellings = AnyFormat.SelectMany(format =>
        Gen.Select(Gen.Int[0, 3].Array[format.Length], Gen.Char[Separators].Array[0, 3].Array[format.Length + 1]).Select((shapes, junk) =>
        {
            var code = format.New().Reveal();
            return (format, code, new string(junk[0]) + string.Concat(code.Select((symbol, i) => Shape(symbol, shapes[i]) + new string(junk[i + 1]))));
        }));

    [Fact]
    public void Any_spelling_of_a_code_is_the_code() => Spellings.Sample(spelling => Read(spelling.Format, spelling.Typed) == spelling.Code);

    [Fact]
    public void Reading_a_code_that_was_read_changes_nothing() => Gen.Select(AnyFormat, Gen.String[0, 80]).Sample((format, typed) =>
        Read(format, typed) is not { } code || (Read(format, code) == code && code.Length == format.Length && code.All(format.Alphabet.Contains)));

    [Fact]
    public void A_code_is_read_as_it_is_shown() => AnyFormat.Sample(format =>
        format.New() is var code && Read(format, code.Reveal()) == code.Reveal() && Read(format, code.RevealGrouped()) == code.Reveal());

    [Fact]
    public void Part_of_a_code_or_more_than_it_is_no_code() => // ADV-28
        Gen.Select(AnyFormat, Gen.Int[0, 16], Gen.Int[0, 31]).Sample((format, cut, extra) =>
        {
            var code = format.New().Reveal();
            var symbol = format.Alphabet[extra % format.Alphabet.Length];
            return Read(format, code.Remove(cut % code.Length, 1)) is null
                && Read(format, code[..(code.Length / 2)]) is null
                && Read(format, code.Insert(cut % (code.Length + 1), $"{symbol}")) is null
                && Read(format, code + code) is null;
        });

    [Theory]
    [InlineData("WDJBMJHT")]
    [InlineData("wdjb-mjht")]
    [InlineData("WDJB MJHT")]
    [InlineData(" wdjbmjht ")]
    [InlineData("WDJB\u2013MJHT")]
    [InlineData("ＷＤＪＢ－ＭＪＨＴ")]
    [InlineData("ｗｄｊｂｍｊｈｔ")]
    [InlineData("w.d.j.b.m.j.h.t")]
    [InlineData("WDJB-0MJHT")] // 0 looks like O, and neither is in the alphabet
    public void The_spellings_of_the_RFC_match(string typed) => Assert.Equal("WDJBMJHT", Read(UserCodeFormat.Standard, typed));

    [Theory]
    [InlineData("\u017F")] // ſ: upper-cases to S
    [InlineData("\u212A")] // K: lower-cases to k
    [InlineData("\u0131")] // ı
    [InlineData("\u0130")] // İ
    [InlineData("\u00DF")]
    [InlineData("\u0412")] // Cyrillic В
    [InlineData("\u039A")] // Greek Κ
    [InlineData("\u24B7")] // Ⓑ
    [InlineData("\U0001D401")] // 𝐁
    [InlineData("B\u0301", true)] // a letter and a mark
    [InlineData("\u0662")] // Arabic-Indic 2
    public void Only_ASCII_letters_and_digits_and_their_full_width_forms_are_symbols(string typed, bool isSymbol = false)
    {
        foreach (var format in new[] { UserCodeFormat.Standard, UserCodeFormat.RomM })
        {
            Assert.Equal(isSymbol, Read(format, "WDJBMJH" + typed) is not null);
            Assert.Equal(!isSymbol, Read(format, "WDJBMJHT" + typed) is not null);
        }
    }

    [Theory]
    [InlineData("standard", '1', 'L')]
    [InlineData("standard", 'I', 'L')]
    [InlineData("standard", 'i', 'L')]
    [InlineData("standard", '2', 'Z')]
    [InlineData("standard", '5', 'S')]
    [InlineData("standard", '8', 'B')]
    [InlineData("standard", 'u', 'V')]
    [InlineData("standard", '０', null)]
    [InlineData("standard", 'O', null)]
    [InlineData("standard", 'A', null)]
    [InlineData("numeric", 'o', '0')]
    [InlineData("numeric", 'l', '1')]
    [InlineData("numeric", 'I', '1')]
    [InlineData("numeric", 'Z', '2')]
    [InlineData("numeric", 'S', '5')]
    [InlineData("numeric", 'B', '8')]
    [InlineData("numeric", 'V', null)]
    [InlineData("RomM", '2', '2')] // inside the alphabet: never mapped
    [InlineData("RomM", 'Z', 'Z')]
    [InlineData("RomM", 'U', 'U')]
    [InlineData("RomM", 'V', 'V')]
    [InlineData("RomM", '0', null)]
    [InlineData("RomM", 'L', null)]
    public void A_look_alike_is_read_only_from_outside_the_alphabet(string name, char typed, char? symbol)
    {
        var format = Formats[name];
        var rest = new string(format.Alphabet[3], format.Length - 1);
        Assert.Equal(symbol is null ? null : symbol + rest, Read(format, typed + rest));
        Assert.Equal(symbol is null, Read(format, rest[..1] + typed + rest) is not null);
    }

    [Fact]
    public void A_symbol_with_two_look_alikes_inside_the_alphabet_is_passed_over()
    {
        var format = new UserCodeFormat { Alphabet = "BCDFGHIKLMNPQRSTVWXZ" };
        Assert.Equal("BCDFGHIL", Read(format, "1BCDF1GHIL1"));
    }

    [Theory]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public void An_input_of_more_than_64_characters_is_no_code(int length, bool read)
    {
        Assert.Equal(read, Read(UserCodeFormat.Standard, "WDJBMJHT".PadRight(length)) is not null);
        Assert.Null(Read(UserCodeFormat.Standard, new string('B', length)));
    }

    [Fact]
    public void Nothing_is_no_code()
    {
        Assert.False(UserCodeFormat.Standard.TryParse(null, out _));
        Assert.False(UserCodeFormat.Standard.TryParse("", out _));
        Assert.False(UserCodeFormat.Standard.TryParse("--------", out _));
    }

    private static string? Read(UserCodeFormat format, string typed) => format.TryParse(typed, out var code) ? code.Reveal() : null;

    private static char Shape(char symbol, int shape) => shape switch
    {
        0 => symbol,
        1 => char.ToLowerInvariant(symbol),
        2 => (char)(symbol + 0xFEE0),
        _ => (char)(char.ToLowerInvariant(symbol) + 0xFEE0),
    };
}
