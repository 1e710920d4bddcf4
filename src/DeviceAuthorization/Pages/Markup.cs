using System.Text.Encodings.Web;
using System.Text.Unicode;
using Microsoft.AspNetCore.Html;

namespace DeviceAuthorization.Pages;

/// <summary>HTML by interpolation: whatever is interpolated is encoded, unless it is HTML itself.</summary>
internal static class Markup
{
    /// <summary>Letters of every script stay legible in the source; what is dangerous or invisible is escaped all the same.</summary>
    public static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    public static readonly IHtmlContent Nothing = new HtmlString("");

    public static HtmlFormattableString Html(FormattableString markup) => new(markup.Format, markup.GetArguments());

    /// <summary>A text of a language, with HTML where it has {0}.</summary>
    public static HtmlFormattableString Words(string text, IHtmlContent inserted) => new(Encoder.Encode(text), inserted);

    /// <summary>Something that a person or a device wrote: it must not turn the text around it (Unicode TR 9).</summary>
    public static HtmlFormattableString Name(string? text) => Html($"<strong><bdi>{text}</bdi></strong>");

    public static IHtmlContent If(bool holds, Func<IHtmlContent> markup) => holds ? markup() : Nothing;

    public static IHtmlContent Flag(string attribute, bool isSet) => isSet ? new HtmlString(" " + attribute) : Nothing;

    public static IHtmlContent All<T>(IEnumerable<T> items, Func<T, IHtmlContent> markup)
    {
        var all = new HtmlContentBuilder();
        foreach (var item in items)
        {
            all.AppendHtml(markup(item));
            all.AppendHtml("\n");
        }

        return all;
    }
}
