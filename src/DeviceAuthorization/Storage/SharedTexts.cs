using System.Diagnostics.CodeAnalysis;

namespace DeviceAuthorization.Storage;

/// <summary>
/// Lets pairings share the texts that many devices send. It keeps the last text of each hash, so it never grows. Concurrent calls at worst
/// share nothing.
/// </summary>
internal sealed class SharedTexts
{
    private const int Places = 1024;

    private readonly string?[] _texts = new string?[Places];
    private readonly IReadOnlyList<string>?[] _lists = new IReadOnlyList<string>?[Places];

    [return: NotNullIfNotNull(nameof(text))]
    public string? Share(string? text)
    {
        if (text is null)
        {
            return null;
        }

        var place = Place(text);
        var kept = _texts[place]; // read once: another call may replace it meanwhile
        return kept is not null && kept == text ? kept : _texts[place] = text;
    }

    public IReadOnlyList<string> Share(IReadOnlyList<string> list)
    {
        var place = list.Count == 0 ? 0 : Place(list[^1]);
        var kept = _lists[place];
        return kept is not null && kept.SequenceEqual(list, StringComparer.Ordinal) ? kept : _lists[place] = list;
    }

    private static uint Place(string text) => (uint)StringComparer.Ordinal.GetHashCode(text) % Places;
}
