using System.Globalization;
using DeviceAuthorization.Pages;
using Microsoft.AspNetCore.Html;

namespace DeviceAuthorization;

/// <summary>
/// The host's own texts for the pages. Register an implementation with <c>services.AddSingleton&lt;IPageTexts, …&gt;()</c>. The keys and the English
/// texts are in <c>Pages/Texts/PageTexts.resx</c> of this library's source.
/// </summary>
public interface IPageTexts
{
    /// <summary>Returns the host's text for a key, as plain text. <c>{0}</c> has the same meaning as in the library's text.</summary>
    /// <param name="key">The key, such as <c>Review_warning</c>.</param>
    /// <param name="culture">The language of the page; the invariant culture if the host runs without cultures.</param>
    /// <returns><see langword="null"/> to use the library's text.</returns>
    string? Find(string key, CultureInfo culture);
}

/// <summary>
/// The host's own frame around the pages. Register an implementation with <c>services.AddSingleton&lt;IPageLayout, …&gt;()</c>. The pages'
/// Content-Security-Policy then allows style sheets, images and fonts from the host's own origin, and from nowhere else. It allows no scripts of the
/// host.
/// </summary>
public interface IPageLayout
{
    /// <summary>Returns the whole document, from the doctype on. Encode everything that is not HTML already.</summary>
    /// <param name="page">The parts to put into the document.</param>
    IHtmlContent Render(PageContent page);
}

/// <summary>The parts of a page.</summary>
public sealed record PageContent
{
    /// <summary>The title, as plain text.</summary>
    public required string Title { get; init; }

    /// <summary>The language (BCP 47), for the <c>lang</c> attribute.</summary>
    public required string Language { get; init; }

    /// <summary>Whether the language is written from right to left. If so, set <c>dir="rtl"</c>.</summary>
    public required bool IsRightToLeft { get; init; }

    /// <summary>The style sheet, for the head. Omit it to use one of your own.</summary>
    public required IHtmlContent Style { get; init; }

    /// <summary>The script, for the end of the body. The pages work without it, but protect less against held keys and double clicks.</summary>
    public required IHtmlContent Script { get; init; }

    /// <summary>The content of the page.</summary>
    public required IHtmlContent Main { get; init; }

    /// <summary>The form that changes the language.</summary>
    public required IHtmlContent LanguageForm { get; init; }
}
