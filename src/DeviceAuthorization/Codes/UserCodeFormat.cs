using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace DeviceAuthorization;

/// <summary>
/// Defines what user codes look like, makes them, and reads what people type (RFC 8628 §6.1). Only <see cref="TryParse"/> reads codes, so
/// all spellings of a code are one code.
/// </summary>
public sealed class UserCodeFormat
{
    /// <summary>Twenty consonants: they spell no words, and no two are easily confused (RFC 8628 §6.1).</summary>
    public const string Consonants = "BCDFGHJKLMNPQRSTVWXZ";

    /// <summary>RomM's 31 symbols: letters and digits without I, L, O, 0 and 1.</summary>
    public const string RomMSymbols = "ABCDEFGHJKMNPQRSTUVWXYZ23456789";

    private const int LongestInput = 64;

    // A symbol outside the alphabet is read as its look-alike inside it, if there is exactly one.
    private static readonly string[] LookAlikes = ["0O", "1IL", "2Z", "5S", "8B", "UV"];

    /// <summary>Eight consonants, <c>XXXX-XXXX</c>: 34.6 bits. The default.</summary>
    public static UserCodeFormat Standard => new();

    /// <summary>Ten consonants, <c>XXXXX-XXXXX</c>: 43.2 bits, for more than about 200 pairings at once.</summary>
    public static UserCodeFormat Large => new() { Length = 10 };

    /// <summary>Twelve digits, <c>XXXX-XXXX-XXXX</c>: 39.9 bits, for people who type on number keys.</summary>
    public static UserCodeFormat Numeric => new() { Alphabet = "0123456789", Length = 12 };

    /// <summary>RomM's format: eight of 31 symbols, 39.6 bits.</summary>
    public static UserCodeFormat RomM => new() { Alphabet = RomMSymbols };

    /// <summary>The symbols: distinct ASCII capitals and digits, but not both 0 and O, nor 1 with I or L.</summary>
    /// <value><see cref="Consonants"/> by default.</value>
    public string Alphabet { get; set; } = Consonants;

    /// <summary>Symbols in a code, without separators.</summary>
    /// <value>8 by default; from 6 to 16, and enough for 34 bits over <see cref="Alphabet"/>.</value>
    public int Length { get; set; } = 8;

    /// <summary>The strength of a code in bits: the binary logarithm of the number of codes.</summary>
    internal double Bits => Length * Math.Log2(Alphabet.Length);

    /// <summary>Makes a new code. Each symbol is equally likely.</summary>
    public UserCode New() => new(RandomNumberGenerator.GetString(Alphabet, Length));

    /// <summary>
    /// Reads a code as people type it: in any case, in full-width letters, with look-alikes from outside the alphabet. Skips spaces, dashes
    /// and all other characters. The number of symbols must then be exact.
    /// </summary>
    /// <param name="input">The text as typed. More than 64 characters are never a code.</param>
    public bool TryParse(string? input, [NotNullWhen(true)] out UserCode? code)
    {
        code = null;
        if (input is null or { Length: > LongestInput })
        {
            return false;
        }

        Span<char> symbols = stackalloc char[LongestInput];
        var count = 0;
        foreach (var typed in input)
        {
            if (Read(typed) is { } symbol)
            {
                symbols[count++] = symbol;
            }
        }

        code = count == Length ? new UserCode(new string(symbols[..count])) : null;
        return code is not null;
    }

    /// <summary>What is wrong with the format, and what to do about it; <see langword="null"/> if nothing is.</summary>
    /// <param name="allowWeak">Whether a code may have less than 34 bits.</param>
    internal string? Problem(bool allowWeak) => this switch
    {
        { Alphabet: null } => "UserCode.Alphabet is missing.",
        _ when Alphabet.Any(symbol => !char.IsAsciiLetterUpper(symbol) && !char.IsAsciiDigit(symbol)) =>
            "UserCode.Alphabet may hold only the letters A to Z and the digits 0 to 9.",
        _ when Alphabet.Distinct().Count() != Alphabet.Length => "UserCode.Alphabet repeats a symbol.",
        _ when Alphabet.Contains('0') && Alphabet.Contains('O') => "UserCode.Alphabet holds both 0 and O: take one out.",
        _ when Alphabet.Contains('1') && (Alphabet.Contains('I') || Alphabet.Contains('L')) =>
            "UserCode.Alphabet holds 1 beside I or L: take one out.",
        { Length: < 6 or > 16 } => $"UserCode.Length is {Length}; it must be from 6 to 16.",
        { Bits: < 34 } when !allowWeak => FormattableString.Invariant(
            $"A user code of {Length} out of {Alphabet.Length} symbols has {Bits:0.0} bits; it needs 34. Make it longer, use UserCodeFormat.Standard, or set AllowWeakUserCodes."),
        _ => null,
    };

    private char? Read(char typed)
    {
        // East Asian keyboards type full-width forms of ASCII. Only ASCII letters change case: ſ must not become S, nor the Kelvin sign K.
        var symbol = typed is >= '\uFF01' and <= '\uFF5E' ? (char)(typed - 0xFEE0) : typed;
        symbol = char.IsAsciiLetterLower(symbol) ? (char)(symbol - 'a' + 'A') : symbol;
        if (Alphabet.Contains(symbol))
        {
            return symbol;
        }

        foreach (var group in LookAlikes)
        {
            if (group.Contains(symbol))
            {
                var inside = group.Where(Alphabet.Contains).ToArray();
                return inside is [var only] ? only : null;
            }
        }

        return null;
    }
}
