using System.Globalization;
using Microsoft.AspNetCore.Html;
using static DeviceAuthorization.Markup;
using static DeviceAuthorization.PageParts;

namespace DeviceAuthorization;

/// <summary>
/// The markup of the page of devices. What takes something away is behind a text that opens first, without JavaScript. The only ids are those
/// of the devices' cards, which take no focus: a link's fragment can put it on no button (CVE-2024-7404).
/// </summary>
internal sealed class DevicesHtml(PageTexts texts, PageForm form, DeviceAuthorizationOptions options, DateTimeOffset now)
{
    /// <summary>Devices, then tokens.</summary>
    /// <param name="view">What there is.</param>
    /// <param name="pairing">Where a device is connected.</param>
    public IHtmlContent List(DevicesView view, string pairing) => Html($"""
        <h1>{texts["Your_devices"]}</h1>
        {Account(texts, form, "Signed_in_as")}
        {(view.Notice is { } notice ? Html($"""<p class="note {(notice == "Gone" ? "" : "good")}" role="status">{texts[notice]}</p>""") : Nothing)}
        {(view.Problem is null ? Nothing : Html($"""<p class="note bad" role="alert">{view.Problem}</p>"""))}
        {If(view.Devices is [], () => Html($"<p>{texts["Devices_none"]}</p>"))}
        {All(view.Devices ?? [], device => Card(device, view))}
        <p><a href="{pairing}">{texts[view.Devices is [] ? "Page_title" : "Another_device"]}</a></p>
        {If(view.Tokens is not null || view.Grantable.Count > 0, () => Html($"""<h2>{texts["Tokens"]}</h2>"""))}
        {(view.Tokens is null ? Nothing : Html($"""<p class="dim">{texts[view.Tokens is [] ? "Tokens_none" : "Tokens_text"]}</p>"""))}
        {All(view.Tokens ?? [], token => token.DeviceId is null || view.Devices is null ? Single(token, view) : Bound(token, view.Devices.FirstOrDefault(device => device.Id == token.DeviceId)))}
        {If(view.Grantable.Count > 0, () => Make(view))}
        """);

    /// <summary>The one time that a token is shown.</summary>
    public static IHtmlContent Made(PageTexts texts, string devices, DeviceToken token) => Html($"""
        <h1>{texts["Made_title"]}</h1>
        <p role="status"><strong>{texts["Made_text"]}</strong></p>
        <label class="field">{texts["Token"]}
        <textarea readonly data-copy rows="3" dir="ltr" translate="no" spellcheck="false" autocomplete="off">{token.Reveal()}</textarea></label>
        <p class="note">{texts["Made_warning"]}</p>
        <p><a href="{devices}">{texts["Devices_back"]}</a></p>
        """);

    private HtmlFormattableString Card(Device device, DevicesView view)
    {
        var tokens = view.Tokens?.Where(token => token.DeviceId == device.Id).ToArray() ?? [];
        var live = tokens.Where(token => token.IsLive(now)).ToArray();
        return Html($"""
            <article class="card" id="{Anchor(device)}" aria-label="{NameOf(device)}">
            <h2><bdi>{NameOf(device)}</bdi></h2>
            <dl>
            {(device.Client is { } client ? Html($"<dt>{texts["App"]}</dt><dd><bdi>{(tokens.Any(token => token.ClientId == client) ? App(options, client) : client)}</bdi>{(device.ClientVersion is { } version ? Html($" <bdi>{version}</bdi>") : Nothing)}</dd>") : Nothing)}
            {Row(texts["System"], device.Platform)}
            {(device.LastSeenAt is { } seen ? Html($"<dt>{texts["Last_seen"]}</dt><dd>{Time(seen)}</dd>") : Nothing)}
            <dt>{texts["Connected_since"]}</dt><dd>{Time(device.CreatedAt)}</dd>
            {All(tokens, Access)}
            </dl>
            {If(live.Length == 0 && view.Tokens is not null, () => Html($"<p>{texts["No_access"]}</p>"))}
            <div class="actions">
            {If(view.ChangesDevices, () => Rename(device))}
            {All(live.Where(token => token.Scopes.Count > 1 && view.ChangesTokens), Narrow)}
            {If(live.Length > 0 && view.ChangesTokens, () => Confirm("revoke", "Revoke", "Revoke", "device", device.Id))}
            {If(view.ChangesDevices, () => Confirm("remove", "Remove", "Remove_button", "device", device.Id))}
            </div>
            </article>
            """);
    }

    private HtmlFormattableString Access(IssuedToken token) => Html($"<dt>{texts["May"]}</dt><dd>{Scopes(token)}<small>{Ends(token)}</small></dd>");

    private HtmlFormattableString Rename(Device device) => Html($"""
        <details name="act"><summary>{texts["Rename"]}</summary>
        {Form("rename", "device", device.Id)}
        <label class="field">{texts["Device_name"]} <input name="name" value="{device.Name}" maxlength="255" required autocomplete="off" dir="auto"></label>
        <button>{texts["Save"]}</button></form></details>
        """);

    private HtmlFormattableString Narrow(IssuedToken token) => Html($"""
        <details name="act"><summary>{texts["Narrow"]}</summary>
        {Form("narrow", "token", token.Id.ToString())}
        <p class="dim">{texts["Narrow_text"]}</p>
        <fieldset><legend>{texts["May"]}</legend>
        {PageParts.Scopes(texts, options, token.Scopes, typed: null, ticked: true)}
        </fieldset>
        <button>{texts["Save"]}</button></form></details>
        """);

    /// <summary>A token that was made by hand, or whose device is not shown.</summary>
    private HtmlFormattableString Single(IssuedToken token, DevicesView view) => Html($"""
        <article class="card" aria-label="{token.Name}">
        <h3><bdi>{token.Name}</bdi></h3>
        <dl>
        {Access(token)}
        <dt>{texts["Token_created"]}</dt><dd>{Time(token.CreatedAt)}</dd>
        <dt>{texts["Token_used"]}</dt><dd>{(token.LastUsedAt is { } used ? Time(used) : Html($"{texts["Token_unused"]}"))}</dd>
        </dl>
        <div class="actions">
        {If(view.ChangesTokens, () => Confirm("delete", "Token_delete", "Token_delete_button", "token", token.Id.ToString()))}
        </div>
        </article>
        """);

    /// <summary>What it may do stands at its device; a device that is gone has taken its tokens with it.</summary>
    private IHtmlContent Bound(IssuedToken token, Device? device) => device is null ? Nothing : Html($"""
        <p class="card"><strong><bdi>{token.Name}</bdi></strong> <a class="chip" href="#{Anchor(device)}">{Words(texts["Token_device"], Html($"<bdi>{NameOf(device)}</bdi>"))}</a></p>
        """);

    private HtmlFormattableString Make(DevicesView view) => Html($"""
        <details{Flag("open", view.Typed is not null)}><summary>{texts["Token_make"]}</summary>
        <form method="post" action="{form.Address}/token">{form.Antiforgery}
        <label class="field">{texts["Token_name"]} <input name="name" value="{view.Typed?["name"]}" maxlength="255" required autocomplete="off" dir="auto"><small class="dim">{texts["Token_name_hint"]}</small></label>
        <fieldset><legend>{texts["May"]}</legend>
        {PageParts.Scopes(texts, options, view.Grantable, view.Typed, ticked: false)}
        </fieldset>
        {Lifetime(texts, options, view.Typed)}
        <button>{texts["Token_make_button"]}</button></form></details>
        """);

    /// <summary>A text that says what the button below it will do.</summary>
    private HtmlFormattableString Confirm(string action, string key, string button, string field, string id) => Html($"""
        <details name="act"><summary>{texts[key]}</summary>
        {Form(action, field, id)}
        <p>{texts[key + "_text"]}</p>
        <button class="danger">{texts[button]}</button></form></details>
        """);

    private HtmlFormattableString Form(string action, string field, string id) => Html(
        $"""<form method="post" action="{form.Address}/{action}">{form.Antiforgery}<input type="hidden" name="{field}" value="{id}">""");

    private HtmlFormattableString Scopes(IssuedToken token) => token.Scopes.Count == 0
        ? Html($"{texts["May_identify"]} ")
        : Html($"<ul>{All(token.Scopes, scope => Html($"<li>{Scope(texts, options, scope)}</li>"))}</ul>");

    private HtmlFormattableString Ends(IssuedToken token) => token.ExpiresAt is { } end
        ? Words(texts[token.IsLive(now) ? "Ends_on" : "Ended_on"], Time(end))
        : Html($"{texts["Ends_never"]}");

    /// <summary>A day, in UTC; the script makes it a time in the reader's zone.</summary>
    private HtmlFormattableString Time(DateTimeOffset at) => Html(
        $"""<time datetime="{at.UtcDateTime.ToString("s", CultureInfo.InvariantCulture)}Z">{at.UtcDateTime.ToString("D", texts.Language.Culture)}</time>""");

    private static string NameOf(Device device) => device.Name ?? device.Id;

    private static string Anchor(Device device) => $"device-{device.Id}";
}

/// <summary>What the page of devices shows.</summary>
/// <param name="Devices">The user's devices; null when the sign-in may not see them.</param>
/// <param name="Tokens">Their tokens that are not revoked; null when the sign-in may not see them.</param>
/// <param name="Grantable">The scopes that a new token could have.</param>
internal sealed record DevicesView(IReadOnlyList<Device>? Devices, IReadOnlyList<IssuedToken>? Tokens, IReadOnlyList<string> Grantable)
{
    /// <summary>Whether devices can be renamed and removed.</summary>
    public required bool ChangesDevices { get; init; }

    /// <summary>Whether tokens can be narrowed, revoked and deleted.</summary>
    public required bool ChangesTokens { get; init; }

    /// <summary>The key of the text that says what was just done.</summary>
    public string? Notice { get; init; }

    /// <summary>Why it was not.</summary>
    public string? Problem { get; init; }

    /// <summary>What was typed and ticked for a new token; null at first.</summary>
    public StrictForm? Typed { get; init; }
}
