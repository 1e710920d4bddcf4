using System.Globalization;
using DeviceAuthorization.Http;
using Microsoft.AspNetCore.Html;
using static DeviceAuthorization.Pages.Markup;
using static DeviceAuthorization.Pages.PageParts;

namespace DeviceAuthorization.Pages;

/// <summary>
/// The markup of the page of devices. Each button that takes something away is behind a text that must be opened first, without JavaScript. It has no
/// ids, so a link's fragment cannot focus a button (CVE-2024-7404).
/// </summary>
internal sealed class DevicesHtml(PageTexts texts, PageForm form, DevicesView view, DeviceAuthorizationOptions options, DateTimeOffset now)
{
    /// <summary>Lists the devices, then the tokens.</summary>
    /// <param name="pairing">The address of the pairing page.</param>
    public IHtmlContent List(string pairing)
    {
        // A device's card shows what its token may do. A removed device has no tokens.
        var others = view.Tokens?.Where(token => token.DeviceId is null || view.Devices is null).ToArray();
        return Html($"""
            <h1>{texts["Your_devices"]}</h1>
            {(view.Notice is { } notice ? Html($"""<p class="note {(notice == "Gone" ? "" : "good")}" role="status">{texts[notice]}</p>""") : Nothing)}
            {(view.Problem is null ? Nothing : Html($"""<p class="note bad" role="alert">{view.Problem}</p>"""))}
            {If(view.Devices is [], () => Html($"<p>{texts["Devices_none"]}</p>"))}
            {All(view.Shown, Card)}{If(view.Pages > 1, Pages)}
            <p><a class="button" href="{pairing}">{texts[view.Devices is [] ? "Page_title" : "Another_device"]}</a></p>
            {If(others is not null || view.Grantable.Count > 0, () => Html($"""<h2>{texts["Tokens"]}</h2>"""))}
            {(others is null ? Nothing : Html($"""<p class="dim">{texts["Tokens_text"]}</p>{If(others is [], () => Html($"""<p>{texts["Tokens_none"]}</p>"""))}"""))}
            {All(others ?? [], Single)}
            {If(view.Grantable.Count > 0, Make)}
            <hr>
            {Account(texts, form, "Signed_in_as")}
            {If(view.ChangesTokens && view is not { Tokens: [], Devices: [] }, () => Confirm("Sign_out_all", "Sign_out_all", Form("sign-out")))}
            """);
    }

    /// <summary>Shows a new token, once.</summary>
    public static IHtmlContent Made(PageTexts texts, string devices, DeviceToken token) => Html($"""
        <h1>{texts["Made_title"]}</h1>
        <p role="status"><strong>{texts["Made_text"]}</strong></p>
        <label class="field">{texts["Token"]}
        <textarea readonly data-copy rows="3" dir="ltr" translate="no" spellcheck="false" autocomplete="off">{token.Reveal()}</textarea></label>
        <p class="note">{texts["Made_warning"]}</p>
        <p><a href="{devices}">{texts["Devices_back"]}</a></p>
        """);

    /// <summary>Links to the previous and the next part of the list.</summary>
    private HtmlFormattableString Pages() => Html($"""
        <nav class="actions" aria-label="{texts["Your_devices"]}">
        {If(view.Page > 1, () => Html($"""<a class="chip" rel="prev" href="{form.Address}{DevicesView.QueryOf(view.Page - 1)}">{texts["Devices_previous"]}</a>"""))}
        <span class="dim" dir="ltr">{view.Page} / {view.Pages}</span>
        {If(view.Page < view.Pages, () => Html($"""<a class="chip" rel="next" href="{form.Address}{DevicesView.QueryOf(view.Page + 1)}">{texts["Devices_next"]}</a>"""))}
        </nav>
        """);

    private HtmlFormattableString Card(Device device)
    {
        var tokens = view.Tokens?.Where(token => token.DeviceId == device.Id).ToArray() ?? [];
        var live = tokens.Where(token => token.IsLive(now)).ToArray();
        return Html($"""
            <article class="card" aria-label="{NameOf(device)}">
            <div class="device">{DeviceIcon.Of(device.Platform, device.Client, device.Name)}
            <div><h2><bdi>{NameOf(device)}</bdi></h2>
            {AppAndSystem(device, tokens)}</div></div>
            <dl>
            {(device.LastSeenAt is { } seen ? Html($"<dt>{texts["Last_seen"]}</dt><dd>{Ago(texts, seen, now)}</dd>") : Nothing)}
            <dt>{texts["Connected_since"]}</dt><dd>{Day(texts, device.CreatedAt)}</dd>
            {All(tokens, Access)}
            </dl>
            {If(live.Length == 0 && view.Tokens is not null, () => Html($"<p>{texts["No_access"]}</p>"))}
            <div class="actions">
            {If(view.ChangesDevices, () => Rename(device))}
            {All(live.Where(token => token.Scopes.Count > 1 && view.ChangesTokens), Narrow)}
            {If(live.Length > 0 && view.ChangesTokens, () => Confirm("Revoke", "Revoke", Form("revoke", "device", device.Id)))}
            {If(view.ChangesDevices, () => Confirm("Remove", "Remove_button", Form("remove", "device", device.Id)))}
            </div>
            </article>
            """);
    }

    /// <summary>The app, its version and the system, as far as they are known. An app that no token is for has no registered name: the device only says that it is this app.</summary>
    private IHtmlContent AppAndSystem(Device device, AccessToken[] tokens)
    {
        var app = device.Client is { } client && tokens.Any(token => token.ClientId == client) ? App(options, client) : device.Client;
        string?[] parts = [string.Join(' ', new[] { app, device.ClientVersion }.OfType<string>()), device.Platform];
        return All(parts.Where(part => part is { Length: > 0 }), part => Html($"""<p class="dim"><bdi>{part}</bdi></p>"""));
    }

    private HtmlFormattableString Access(AccessToken token) => Html($"""<dt class="wide">{texts["May"]}</dt><dd class="wide">{Scopes(token)}<small>{Ends(token)}</small></dd>""");

    private HtmlFormattableString Rename(Device device) => Html($"""
        <details name="act"><summary>{texts["Rename"]}</summary>
        {Form("rename", "device", device.Id)}
        <label class="field">{texts["Device_name"]} <input name="name" value="{device.Name}" maxlength="255" required autocomplete="off" dir="auto"></label>
        <button>{texts["Save"]}</button></form></details>
        """);

    private HtmlFormattableString Narrow(AccessToken token) => Html($"""
        <details name="act"><summary>{texts["Narrow"]}</summary>
        {Form("narrow", "token", token.Id.ToString())}
        <p class="dim">{texts["Narrow_text"]}</p>
        <fieldset><legend>{texts["May"]}</legend>
        {PageParts.Scopes(texts, options, token.Scopes, typed: null, ticked: true)}
        </fieldset>
        <button>{texts["Save"]}</button></form></details>
        """);

    /// <summary>A token that was made by hand, or whose device is not shown.</summary>
    private HtmlFormattableString Single(AccessToken token) => Html($"""
        <article class="card" aria-label="{token.Name}">
        <h3><bdi>{token.Name}</bdi></h3>
        <dl>
        <dt>{texts["Token_used"]}</dt><dd>{(token.LastUsedAt is { } used ? Ago(texts, used, now) : Html($"{texts["Token_unused"]}"))}</dd>
        <dt>{texts["Token_created"]}</dt><dd>{Day(texts, token.CreatedAt)}</dd>
        {Access(token)}
        </dl>
        <div class="actions">
        {If(view.ChangesTokens, () => Confirm("Token_delete", "Token_delete_button", Form("delete", "token", token.Id.ToString())))}
        </div>
        </article>
        """);

    private HtmlFormattableString Make() => Html($"""
        <details{Flag("open", view.Typed is not null)}><summary>{texts["Token_make"]}</summary>
        {Form("token")}
        <label class="field">{texts["Token_name"]} <input name="name" value="{view.Typed?["name"]}" maxlength="255" required autocomplete="off" dir="auto"><small class="dim">{texts["Token_name_hint"]}</small></label>
        <fieldset><legend>{texts["May"]}</legend>
        {PageParts.Scopes(texts, options, view.Grantable, view.Typed, ticked: false)}
        </fieldset>
        {Lifetime(texts, options, view.Typed)}
        <button>{texts["Token_make_button"]}</button></form></details>
        """);

    /// <summary>A text that explains the button below it.</summary>
    /// <param name="begin">The beginning of the form that the button sends.</param>
    private HtmlFormattableString Confirm(string key, string button, HtmlFormattableString begin) => Html($"""
        <details name="act"><summary>{texts[key]}</summary>
        {begin}
        <p>{texts[key + "_text"]}</p>
        <button class="danger">{texts[button]}</button></form></details>
        """);

    private HtmlFormattableString Form(string action, string field, string id) => Html($"""{Form(action)}<input type="hidden" name="{field}" value="{id}">""");

    /// <summary>The beginning of a form.</summary>
    private HtmlFormattableString Form(string action) => Html(
        $"""<form method="post" action="{form.Address}/{action}{DevicesView.QueryOf(view.Page)}">{form.Antiforgery}""");

    private HtmlFormattableString Scopes(AccessToken token) => token.Scopes.Count == 0
        ? Html($"{texts["May_identify"]} ")
        : Html($"<ul>{All(token.Scopes, scope => Html($"<li>{Scope(texts, options, scope)}</li>"))}</ul>");

    private HtmlFormattableString Ends(AccessToken token) => token.ExpiresAt is { } end
        ? Words(texts[token.IsLive(now) ? "Ends_on" : "Ended_on"], Day(texts, end))
        : Html($"{texts["Ends_never"]}");

    private static string NameOf(Device device) => device.Name ?? device.Id;
}

/// <summary>What the page of devices shows.</summary>
/// <param name="Devices">The user's devices; null if the sign-in may not see them.</param>
/// <param name="Tokens">The user's tokens that are not revoked; null if the sign-in may not see them.</param>
/// <param name="Grantable">The scopes that a new token can have.</param>
internal sealed record DevicesView(IReadOnlyList<Device>? Devices, IReadOnlyList<AccessToken>? Tokens, IReadOnlyList<string> Grantable)
{
    /// <summary>Whether the visitor may rename and remove devices.</summary>
    public required bool ChangesDevices { get; init; }

    /// <summary>Whether the visitor may narrow, revoke and delete tokens.</summary>
    public required bool ChangesTokens { get; init; }

    private const int DevicesOnPage = 20;

    /// <summary>How many parts the list has.</summary>
    public int Pages => Math.Max(1, ((Devices?.Count ?? 0) + DevicesOnPage - 1) / DevicesOnPage);

    /// <summary>The part that is shown; the first if there is no such part.</summary>
    public int Page
    {
        get => field <= Pages ? field : 1;
        init;
    } = 1;

    /// <summary>The devices in this part.</summary>
    public IEnumerable<Device> Shown => (Devices ?? []).Skip((Page - 1) * DevicesOnPage).Take(DevicesOnPage);

    /// <summary>The query of an address that shows a part of the list.</summary>
    public static string QueryOf(int page) => page == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $"?page={page}");

    /// <summary>The key of the text that confirms the last action.</summary>
    public string? Notice { get; init; }

    /// <summary>Why the last action failed; null if it did not.</summary>
    public string? Problem { get; init; }

    /// <summary>The refused input for a new token; null if there is none.</summary>
    public StrictForm? Typed { get; init; }
}
