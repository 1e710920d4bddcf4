using System.Globalization;
using System.Text;

namespace DeviceAuthorization.Rules;

/// <summary>
/// Text that a device sends about itself and that people will see. Rejects what could break a line, a log or a page. Removes what could disguise
/// a text: bidirectional controls, invisible characters, towers of accents.
/// </summary>
internal static class ReportedText
{
    private const int MaxMarks = 2;

    // Hangul fillers and the empty Braille pattern: letters and symbols to Unicode, but invisible.
    private const string BlankSymbols = "\u115F\u1160\u3164\uFFA0\u2800";

    /// <summary>Cleans a text for display.</summary>
    /// <param name="maxLength">In UTF-16 characters.</param>
    /// <param name="clean">The text, trimmed and with white space collapsed; null if nothing visible is left.</param>
    /// <returns>False if it is too long, or holds control characters, line breaks or half a surrogate pair.</returns>
    public static bool TryClean(string? text, int maxLength, out string? clean)
    {
        clean = null;
        if (text is null)
        {
            return true;
        }

        if (text.Length > maxLength)
        {
            return false;
        }

        var result = new StringBuilder(text.Length);
        var marks = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune == Rune.ReplacementChar) // EnumerateRunes also returns it for half a surrogate pair
            {
                return false;
            }

            switch (BlankSymbols.Contains(rune.ToString(), StringComparison.Ordinal) ? UnicodeCategory.SpaceSeparator : Rune.GetUnicodeCategory(rune))
            {
                case UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator:
                    return false;
                case UnicodeCategory.Format or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.Surrogate:
                    continue;
                case UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.SpacingCombiningMark:
                    if (++marks <= MaxMarks)
                    {
                        result.Append(rune.ToString());
                    }

                    continue;
                case UnicodeCategory.SpaceSeparator:
                    if (result.Length > 0 && result[^1] != ' ')
                    {
                        result.Append(' ');
                    }

                    break;
                default:
                    result.Append(rune.ToString());
                    break;
            }

            marks = 0;
        }

        clean = result.ToString().TrimEnd() is { Length: > 0 } visible ? visible : null;
        return true;
    }

    /// <summary>Whether a text can be an identifier: cleaning changes nothing, so no two look alike because of hidden characters.</summary>
    public static bool IsIdentifier(string text, int maxLength) =>
        TryClean(text, maxLength, out var clean) && string.Equals(text, clean, StringComparison.Ordinal);
}
