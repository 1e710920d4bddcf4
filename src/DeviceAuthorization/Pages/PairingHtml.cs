using System.Net;
using DeviceAuthorization.Http;
using DeviceAuthorization.Rules;
using Microsoft.AspNetCore.Html;
using static DeviceAuthorization.Pages.Markup;
using static DeviceAuthorization.Pages.PageParts;

namespace DeviceAuthorization.Pages;

/// <summary>
/// The markup of the pairing page: enter, review, choose the number. It has no ids, so a link's fragment cannot focus anything (CVE-2024-7404). In
/// the review, the first button is hidden and decides nothing. Enter in a field presses that button (CVE-2025-0549; HTML, implicit submission).
/// </summary>
internal static class PairingHtml
{
    /// <summary>Asks for the code.</summary>
    /// <param name="brought">The code of a link: the person compares it. One that was typed is never repeated.</param>
    public static IHtmlContent Enter(PageTexts texts, PageForm form, string? brought, string? ticket, string? problem) => Html($"""
        <h1>{texts["Page_title"]}</h1>
        {(problem is null ? Nothing : Html($"""<p class="note" role="alert">{problem}</p>"""))}
        <form method="post" action="{form.Address}">
        {form.Antiforgery}{(ticket is null ? Nothing : Html($"""<input type="hidden" name="ticket" value="{ticket}">"""))}
        <label>{texts[brought is null ? "Enter_prompt" : "Enter_compare"]}
        <input class="code" name="user_code" value="{brought}" maxlength="64" required dir="ltr" autocomplete="off" autocapitalize="characters" autocorrect="off" spellcheck="false"></label>
        {If(brought is null, () => Html($"""<p class="dim"><small>{texts["Code_hint"]}</small></p>"""))}
        <button>{texts["Continue"]}</button>
        </form>
        {Account(texts, form, "Signed_in_as")}
        """);

    /// <summary>Shows what the device requests, and asks for the decision.</summary>
    public static IHtmlContent Review(PageTexts texts, PageForm form, PairingReview review, DeviceAuthorizationOptions options)
    {
        var (pairing, known) = (review.Found.Pairing, review.Found.KnownDevice);
        var client = options.FindClient(pairing.ClientId);
        var denied = pairing.RequestedScopes.Except(review.Found.GrantableScopes, StringComparer.Ordinal);
        return Html($"""
            <h1>{texts["Review_title"]}</h1>
            {(review.Problem is null ? Nothing : Html($"""<p class="note bad" role="alert">{review.Problem}</p>"""))}{If(review.IsFull, () => Html($"""<p class="note bad" role="alert">{texts["Review_full"]}{(review.DevicesPage is { } devices ? Html($""" <a href="{devices}">{texts["Your_devices"]}</a>""") : Nothing)}</p>"""))}
            {Who(texts, pairing, pairing.Device.Name)}
            {Account(texts, form, "Review_account")}
            <p>{texts["Review_code"]}</p>
            <p class="code" dir="ltr">{review.Code}</p>
            <p class="note">{texts["Review_warning"]}</p>
            {All(review.Found.Reasons, reason => Reason(texts, reason))}
            <dl>
            <dt>{texts["App"]}</dt><dd>{(client?.LogoPath is { } logo ? Html($"""<img src="{review.PathBase}{logo}" alt=""> """) : Nothing)}<bdi>{App(options, pairing.ClientId)}</bdi>{(pairing.Device.ClientVersion is { } version ? Html($" <bdi>{version}</bdi>") : Nothing)} {Trust(texts, client)}</dd>
            {(pairing.Device.Platform is { } platform ? Html($"<dt>{texts["System"]}</dt><dd><bdi>{platform}</bdi></dd>") : Nothing)}
            <dt>{texts["Asked"]}</dt><dd>{Ago(texts, pairing.CreatedAt, review.Now)}</dd>
            {(pairing.Device.Address is { } address ? Html($"""<dt>{texts["Network"]}</dt><dd><bdi>{address}</bdi>{NetworkRemark(texts, review.Network)}</dd>""") : Nothing)}
            {TimeLeft(texts, pairing.ExpiresAt - review.Now)}
            {(pairing.Device.Identifier is { } identifier ? Html($"""<dt>{texts["Identifier"]}</dt><dd class="long"><bdi>{identifier}</bdi></dd>""") : Nothing)}
            </dl>
            <form method="post" action="{form.Address}/review">
            <button name="decision" value="none" hidden></button>
            {form.Antiforgery}
            <input type="hidden" name="ticket" value="{review.Ticket}">
            {If(known is not null, () => Html($"""
                <div class="note"><p>{Words(texts["Replaces"], Name(known!.Name ?? known.Id))}</p>
                <label class="choice"><input type="checkbox" name="as_new_device" value="yes"{Flag("checked", review.Typed?["as_new_device"] is not null)}> <span>{texts["Add_new"]}</span></label></div>
                """))}
            <fieldset><legend>{texts["May"]}</legend>
            {Scopes(texts, options, review.Found.GrantableScopes, review.Typed, ticked: true)}
            {All(denied, scope => Html($"""<label class="choice dim"><input type="checkbox" disabled> <span>{Scope(texts, options, scope)} <small>{texts["Not_yours"]}</small></span></label>"""))}
            {If(review.IsLimited, () => Html($"""<p class="dim">{texts["Sign_in_limited"]}</p>"""))}{If(pairing.RequestedScopes.Count == 0, () => Html($"""<p>{texts["May_identify"]}</p>"""))}
            </fieldset>
            <div class="fields"><label class="field">{texts["Device_name"]} <input name="device_name" value="{(review.Typed is null ? known?.Name ?? pairing.Device.Name : review.Typed["device_name"])}" maxlength="255" autocomplete="off" dir="auto"></label>
            {Lifetime(texts, options, review.Typed)}</div>
            <div class="buttons">
            <button data-decision name="decision" value="deny"><span aria-hidden="true">✕</span> {texts["Deny"]}</button>
            <button data-decision name="decision" value="approve"><span aria-hidden="true">✓</span> {texts["Approve"]}</button>
            </div>
            </form>
            """);
    }

    /// <summary>Asks which number the device shows. As in the review, Enter presses a hidden button that decides nothing.</summary>
    public static IHtmlContent Match(PageTexts texts, PageForm form, ApproverResult.ChooseNumber matching, string ticket, TimeSpan left) => Html($"""
        <h1>{texts["Match_title"]}</h1>
        {Who(texts, matching.Pairing, matching.Pairing.DeviceName)}
        {Account(texts, form, "Review_account")}
        <p>{texts["Match_text"]}</p>
        <p class="note">{texts["Match_warning"]}</p>
        <dl>{TimeLeft(texts, left)}</dl>
        <form method="post" action="{form.Address}/review">
        <button name="decision" value="none" hidden></button>
        {form.Antiforgery}
        <input type="hidden" name="ticket" value="{ticket}">
        <div class="buttons numbers">
        {All(matching.Numbers, number => Html($"""<button data-decision name="decision" value="{number}">{number}</button>"""))}
        <button data-decision name="decision" value="deny"><span aria-hidden="true">✕</span> {texts["Match_none"]}</button>
        </div>
        </form>
        """);

    /// <summary>
    /// The device by its kind and name. The label and the remark show that the page does not say the name itself: a device may call itself
    /// "Press Approve".
    /// </summary>
    private static HtmlFormattableString Who(PageTexts texts, Pairing pairing, string name) => Html($"""
        <div class="device">{DeviceIcon.Of(pairing.Device.Platform, pairing.ClientId, pairing.Device.Name)}
        <p><small>{texts["Device"]}</small> <strong><bdi>{name}</bdi></strong>{If(name == pairing.Device.Name, () => Html($" <small>{texts["Reported"]}</small>"))}</p></div>
        """);

    /// <summary>
    /// How far the app's name can be trusted (RFC 8628 §5.6). A registered name is the host's own. Only an app with a secret has proved that it is
    /// that app.
    /// </summary>
    private static HtmlFormattableString Trust(PageTexts texts, DeviceClient? client) => client switch
    {
        null => Html($"<small>{texts["Unverified"]}</small>"),
        { Secret: null } => Html($"""<span class="tag known">{texts["Known"]}</span> <small>{texts["Known_app"]}</small>"""),
        _ => Html($"""<span class="tag known">{texts["Known"]}</span> <small>{texts["Verified_app"]}</small>"""),
    };

    /// <summary>
    /// Says one reason why the request is risky. Most have an innocent cause, so only what points to fraud looks like an alarm. The review always
    /// says which device would be replaced.
    /// </summary>
    private static IHtmlContent Reason(PageTexts texts, RiskReason reason) => reason switch
    {
        RiskReason.Policy => Html($"""<p class="note bad">{texts["Risk_warning"]}</p>"""),
        RiskReason.Suspected => Html($"""<p class="note bad">{texts["Risk_suspected"]}</p>"""),
        RiskReason.OtherNetwork => Html($"""<p class="note">{texts["Risk_other"]}</p>"""),
        RiskReason.UnknownNetwork => Html($"""<p class="note">{texts["Risk_unknown"]}</p>"""),
        RiskReason.Link => Html($"""<p class="note">{texts["Risk_link"]}</p>"""),
        _ => Nothing,
    };

    /// <summary>
    /// Says whether device and person are in the same network, if that is known. A wrong remark would teach people to ignore it, or reassure them.
    /// </summary>
    private static IHtmlContent NetworkRemark(PageTexts texts, NetworkComparison network) => network switch
    {
        NetworkComparison.Same => Html($""" <small>{texts["Network_same"]}</small>"""),
        NetworkComparison.Other => Html($""" <small>{texts["Network_other"]}</small>"""),
        _ => Nothing,
    };
}

/// <summary>What the review shows.</summary>
internal sealed record PairingReview(ApproverResult.Review Found, string Code, string Ticket, DateTimeOffset Now, NetworkComparison Network)
{
    /// <summary>Why the decision had no effect; null if there was no such decision.</summary>
    public string? Problem { get; init; }

    /// <summary>Whether the approver has reached the limit of tokens, and must remove one before they approve.</summary>
    public bool IsFull { get; init; }

    /// <summary>The page where they remove one; null if the host has not mapped it.</summary>
    public string? DevicesPage { get; init; }

    /// <summary>Whether the approver's sign-in lacks some of the requested scopes.</summary>
    public bool IsLimited { get; init; }

    /// <summary>The path base, which precedes the path of a logo.</summary>
    public required string PathBase { get; init; }

    /// <summary>The input of a form that is shown again; null at first.</summary>
    public StrictForm? Typed { get; init; }
}
