using System.Globalization;
using DeviceAuthorization.Http;
using DeviceAuthorization.Rules;
using Microsoft.AspNetCore.Html;
using static DeviceAuthorization.Pages.Markup;

namespace DeviceAuthorization.Pages;

/// <summary>What every form needs: the address of the page, the visitor, and the antiforgery field.</summary>
internal sealed record PageForm(string Address, Visitor Visitor, IHtmlContent Antiforgery);

/// <summary>Markup that several pages share, and its form fields.</summary>
internal static class PageParts
{
    /// <summary>One field for each scope, because a repeated name is an error.</summary>
    public static readonly string[] ScopeFields = [.. Enumerable.Range(0, ScopeParameter.MaxScopes).Select(i => $"scope{i}")];

    /// <summary>The scopes that are ticked in a form.</summary>
    public static IReadOnlyList<string> Ticked(StrictForm form) => [.. ScopeFields.Select(field => form[field]).OfType<string>()];

    public static HtmlFormattableString Account(PageTexts texts, PageForm form, string key) => Html($"""
        <div class="account"><p>{Words(texts[key], Name(form.Visitor.Account))}</p>
        {If(form.Visitor.CanSwitch, () => Html($"""
            <form method="post" action="{form.Address}/switch">{form.Antiforgery}<button class="link">{texts["Switch_account"]}</button></form>
            """))}</div>
        """);

    /// <summary>A moment as people say it, such as "2 hours ago"; the day if it is long ago. The exact time is in the title.</summary>
    public static HtmlFormattableString Ago(PageTexts texts, DateTimeOffset at, DateTimeOffset now) => texts.Ago(now - at) is { } ago
        ? Time(texts, at, ago, isAgo: true)
        : Day(texts, at);

    /// <summary>How long something lasts. The script counts minutes down, and then reloads the page.</summary>
    public static HtmlFormattableString TimeLeft(PageTexts texts, TimeSpan left) => Html($"""
        <dt>{texts["Time_left"]}</dt><dd>{(left < TimeSpan.FromHours(2)
            ? Html($"""<span data-left="{(int)Math.Ceiling(left.TotalSeconds)}">{texts.Count("Minutes", (int)Math.Ceiling(left.TotalMinutes))}</span>""")
            : Html($"{texts.Count("Hours", (int)Math.Ceiling(left.TotalHours))}"))}</dd>
        """);

    /// <summary>A day in UTC. The script turns it into one of the reader's zone.</summary>
    public static HtmlFormattableString Day(PageTexts texts, DateTimeOffset at) =>
        Time(texts, at, at.UtcDateTime.ToString("D", texts.Language.Culture), isAgo: false);

    private static HtmlFormattableString Time(PageTexts texts, DateTimeOffset at, string text, bool isAgo) => Html(
        $"""<time datetime="{at.UtcDateTime.ToString("s", CultureInfo.InvariantCulture)}Z" title="{at.UtcDateTime.ToString("f", texts.Language.Culture)} UTC"{Flag("data-ago", isAgo)}>{text}</time>""");

    /// <summary>The app's name for people: the one that the host registered, or else the client's id.</summary>
    public static string App(DeviceAuthorizationOptions options, string clientId) => options.FindClient(clientId)?.DisplayName ?? clientId;

    /// <summary>A scope in the host's words.</summary>
    public static HtmlFormattableString Scope(PageTexts texts, DeviceAuthorizationOptions options, string scope) => Html(
        $"""{(options.Scopes.TryGetValue(scope, out var words) && words.Length > 0 ? words : scope)}{If(options.Page.IsChanging(scope), () => Html($""" <span class="tag">{texts["Can_change"]}</span>"""))}""");

    /// <summary>Scopes to tick.</summary>
    /// <param name="scopes">In order: scope number n is in the field <c>scope</c>n.</param>
    /// <param name="typed">The input of a form that is shown again; null at first.</param>
    /// <param name="ticked">Whether the scopes are ticked at first.</param>
    public static IHtmlContent Scopes(PageTexts texts, DeviceAuthorizationOptions options, IEnumerable<string> scopes, StrictForm? typed, bool ticked) => All(
        scopes.Index(),
        scope => Html($"""<label class="choice"><input type="checkbox" name="scope{scope.Index}" value="{scope.Item}"{Flag("checked", typed is null ? ticked : typed[$"scope{scope.Index}"] is not null)}> <span>{Scope(texts, options, scope.Item)}</span></label>"""));

    /// <summary>
    /// The choice of how long access lasts: the host's choices and its default. A default that is none of the choices has an empty value.
    /// </summary>
    public static HtmlFormattableString Lifetime(PageTexts texts, DeviceAuthorizationOptions options, StrictForm? typed)
    {
        var byDefault = options.TokenLifetimes.FirstOrDefault(choice => choice.Value == options.TokenLifetime).Key ?? "";
        var selected = typed is null ? byDefault : typed["expires_in"] ?? "";
        var choices = options.TokenLifetimes.Select(choice => (Word: choice.Key, Lifetime: choice.Value))
            .Concat(byDefault.Length > 0 ? [] : [("", options.TokenLifetime)])
            .OrderBy(choice => choice.Lifetime == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : choice.Lifetime);
        return Html($"""
            <label class="field">{texts["Ends_after"]} <select name="expires_in">
            {All(choices, choice => Html($"""<option value="{choice.Word}"{Flag("selected", choice.Word == selected)}>{texts.Duration(choice.Lifetime)}</option>"""))}
            </select></label>
            """);
    }
}
