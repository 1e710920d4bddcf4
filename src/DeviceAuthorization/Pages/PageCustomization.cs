using System.Globalization;
using DeviceAuthorization.Pages;
using Microsoft.AspNetCore.Html;

namespace DeviceAuthorization;

/// <summary>
/// Words of the host's own for the pages. Register one with <c>services.AddSingleton&lt;IPageTexts, …&gt;()</c>. The keys, with the
/// English words, stand in <c>Pages/Texts/PageTexts.resx</c> of this library's source.
/// </summary>
public interface IPageTexts
{
    /// <summary>The host's words for a key, as plain text; <c>{0}</c> stands where ours has it.</summary>
    /// <param name="key">The key, such as <c>Review_warning</c>.</param>
    /// <param name="culture">The language of the page; the invariant culture in a host that runs without cultures.</param>
    /// <returns><see langword="null"/> to use the library's words.</returns>
    string? Find(string key, CultureInfo culture);
}

/// <summary>
/// The host's own frame around the pages. Register one with <c>services.AddSingleton&lt;IPageLayout, …&gt;()</c>. What it loads must come
/// from the host itself: the pages' Content-Security-Policy then allows style sheets, images and fonts of its origin, and no script.
/// </summary>
public interface IPageLayout
{
    /// <summary>The whole document, from the doctype on. Encode what is not HTML already.</summary>
    /// <param name="page">What to put into it.</param>
    IHtmlContent Render(PageContent page);
}

/// <summary>The parts of a page.</summary>
public sealed record PageContent
{
    /// <summary>The title, plain text.</summary>
    public required string Title { get; init; }

    /// <summary>The language (BCP 47), for the <c>lang</c> attribute.</summary>
    public required string Language { get; init; }

    /// <summary>Whether it is written from right to left: then <c>dir="rtl"</c>.</summary>
    public required bool IsRightToLeft { get; init; }

    /// <summary>The style sheet, for the head. Leave it out to bring one of your own.</summary>
    public required IHtmlContent Style { get; init; }

    /// <summary>The script, for the end of the body. Pages work without it, with less protection against pressed keys and double clicks.</summary>
    public required IHtmlContent Script { get; init; }

    /// <summary>What the page is about.</summary>
    public required IHtmlContent Main { get; init; }

    /// <summary>The choice of language.</summary>
    public required IHtmlContent LanguageForm { get; init; }
}
