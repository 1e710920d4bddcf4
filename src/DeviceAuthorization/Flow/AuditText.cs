using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Flow;

/// <summary>
/// A name that somebody chose, as the audit in the log has it: without what could disguise it, short, and in quotes that it cannot end.
/// </summary>
internal static class AuditText
{
    private const int Longest = 40;

    /// <summary>A user's id, which the host gave: as it is, so that a search finds it, unless it could pass for other words of the line.</summary>
    public static string Id(string userId) => ReportedText.IsIdentifier(userId, int.MaxValue) && userId.IndexOfAny([' ', '"']) < 0 ? userId : Quote(userId);

    public static string Quote(string? name)
    {
        if (!ReportedText.TryClean(name, int.MaxValue, out var clean))
        {
            return "(unreadable)";
        }

        return clean is null ? "(none)" : $"\"{Shorten(clean.Replace('"', '\''))}\"";
    }

    private static string Shorten(string text) =>
        text.Length <= Longest ? text : $"{text[..(char.IsHighSurrogate(text[Longest - 2]) ? Longest - 2 : Longest - 1)]}…";
}
