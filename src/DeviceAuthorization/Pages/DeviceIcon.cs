using Microsoft.AspNetCore.Html;
using static DeviceAuthorization.Pages.Markup;

namespace DeviceAuthorization.Pages;

/// <summary>
/// A picture of a kind of device, so that people find theirs at a glance. It follows from what the device reports, which can be anything. So it proves
/// no more than the words beside it.
/// </summary>
internal static class DeviceIcon
{
    private const string Television = "M3 5h18v12H3zM8 21h8";
    private const string Console = "M6 7h12a4 4 0 0 1 4 4v2a4 4 0 0 1-4 4H6a4 4 0 0 1-4-4v-2a4 4 0 0 1 4-4zM6 12h4M8 10v4M15 13h.01M18 11h.01";
    private const string Phone = "M7 2h10v20H7zM11 18h2";
    private const string Terminal = "M3 4h18v16H3zM7 9l3 3-3 3M13 15h4";
    private const string Computer = "M5 5h14v10H5zM2 19h20";
    private const string Other = "M7 7h10v10H7zM10 3v4M14 3v4M10 17v4M14 17v4M3 10h4M3 14h4M17 10h4M17 14h4";

    /// <summary>The words of each kind. The first kind that has a word of the text counts: Android TV is a television.</summary>
    private static readonly (string Picture, string[] Words)[] Kinds =
    [
        (Television, ["tv", "tvos", "androidtv", "googletv", "television", "webos", "tizen", "roku", "chromecast", "kodi"]),
        (Console, ["console", "handheld", "muos", "onionos", "knulli", "rocknix", "batocera", "anbernic", "miyoo", "nintendo", "playstation", "xbox", "steamos", "steamdeck"]),
        (Phone, ["android", "ios", "ipados", "iphone", "ipad", "phone", "tablet"]),
        (Terminal, ["cli", "terminal", "shell", "powershell", "bash", "script"]),
        (Computer, ["windows", "mac", "macos", "linux", "darwin", "desktop", "laptop", "pc"]),
    ];

    /// <summary>The picture for what a device reports, the most telling text first.</summary>
    public static HtmlFormattableString Of(params IEnumerable<string?> reported) => Html(
        $"""<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="{reported.OfType<string>().Select(KindOf).FirstOrDefault(kind => kind is not null) ?? Other}"/></svg>""");

    private static string? KindOf(string text)
    {
        var words = string.Concat(text.Select(character => char.IsLetter(character) ? character : ' ')).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var pairs = words.Zip(words.Skip(1), (one, next) => one + next); // Steam Deck
        return Kinds.FirstOrDefault(kind => kind.Words.Intersect(words.Concat(pairs), StringComparer.OrdinalIgnoreCase).Any()).Picture;
    }
}
