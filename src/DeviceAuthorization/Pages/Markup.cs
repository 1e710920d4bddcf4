using System.Text.Encodings.Web;
using System.Text.Unicode;
using Microsoft.AspNetCore.Html;

namespace DeviceAuthorization.Pages;

/// <summary>Builds HTML by interpolation. Encodes every interpolated value that is not HTML itself.</summary>
internal static class Markup
{
    /// <summary>Keeps letters of every script legible in the source. Escapes dangerous and invisible characters.</summary>
    public static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    public static readonly IHtmlContent Nothing = new HtmlString("");

    public static HtmlFormattableString Html(FormattableString markup) => new(markup.Format, markup.GetArguments());

    /// <summary>A translated text, with HTML in place of {0}.</summary>
    public static HtmlFormattableString Words(string text, IHtmlContent inserted) => new(Encoder.Encode(text), inserted);

    /// <summary>A text that a person or a device wrote. It cannot change the direction of the text around it (Unicode TR 9).</summary>
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
