using System.Globalization;
using Microsoft.AspNetCore.Html;
using Microsoft.AspNetCore.Http;
using static DeviceAuthorization.Pages.Markup;

namespace DeviceAuthorization.Pages;

/// <summary>Pages that show a result.</summary>
internal static class ResultHtml
{
    private const string Tick = "M4 13l5 5L20 6";
    private const string Cross = "M5 5l14 14M19 5L5 19";
    private const string Exclamation = "M12 4v10M12 19v.5";

    /// <summary>How often the page looks whether an approved device is connected. Each time is a reload, which disturbs people who use a screen reader.</summary>
    private const int MostLooks = 10;

    /// <summary>Shows the decision about a pairing. While the device may still fetch its token, the page looks again, every three seconds.</summary>
    /// <param name="looks">How often it has looked.</param>
    public static HtmlPage Decided(PageFrame frame, HttpContext context, Pairing pairing, DateTimeOffset now, int looks = 0)
    {
        switch (pairing.Status)
        {
            case PairingStatus.Approved when now < pairing.ExpiresAt:
                var again = string.Create(CultureInfo.InvariantCulture, $"{frame.Address(context)}/review?pairing={pairing.Id}&look={looks + 1}");
                return Page(frame, context, "Approved", mark: Tick, device: pairing.DeviceName, more: texts => Html($"""
                    <p>{texts["Can_close"]}</p>{If(looks < MostLooks, () => Html($"""<noscript><meta http-equiv="refresh" content="3; url={again}"></noscript><span data-again="{again}"></span>"""))}
                    """));
            case PairingStatus.Approved:
                return Page(frame, context, "Too_late", device: pairing.DeviceName);
            case PairingStatus.Redeemed:
                return Page(frame, context, "Connected", mark: Tick, device: pairing.DeviceName, more: Closing);
            case PairingStatus.Withdrawn:
                return Page(frame, context, "Withdrawn");
            default:
                return Page(frame, context, "Denied", mark: Cross, more: texts => Html($"""<p>{texts["Can_close"]}</p>"""));
        }
    }

    /// <summary>A page with a heading and a text: <c>{name}_title</c> and <c>{name}_text</c>.</summary>
    /// <param name="device">The device that the text names; null if it names none.</param>
    public static HtmlPage Page(
        PageFrame frame, HttpContext context, string name, int status = StatusCodes.Status200OK, string mark = Exclamation, string? device = null,
        Func<PageTexts, IHtmlContent>? more = null)
    {
        var texts = frame.TextsFor(context);
        var title = texts[name + "_title"];
        return frame.Page(context, title, Html($"""
            <div class="result">
            <svg class="mark {(mark == Tick ? "good" : "bad")}" viewBox="0 0 24 24" aria-hidden="true"><path d="{mark}"/></svg>
            <h1>{title}</h1>
            <p role="status">{(device is null ? Html($"{texts[name + "_text"]}") : Words(texts[name + "_text"], Name(device)))}</p>
            {more?.Invoke(texts)}
            <p><a href="{frame.Address(context)}">{texts["Another_device"]}</a>{(frame.DevicesAddress(context) is { } devices ? Html($""" · <a href="{devices}">{texts["Your_devices"]}</a>""") : Nothing)}</p>
            </div>
            """), status);
    }

    /// <summary>The page for a request over plain HTTP. It has no links, because they would lead back to it.</summary>
    public static HtmlPage NotSecure(PageFrame frame, HttpContext context)
    {
        var texts = frame.TextsFor(context);
        return frame.Page(context, texts["Https_title"], Html($"""
            <div class="result">
            <svg class="mark bad" viewBox="0 0 24 24" aria-hidden="true"><path d="{Exclamation}"/></svg>
            <h1>{texts["Https_title"]}</h1>
            <p role="status">{texts["Https_text"]}</p>
            </div>
            """), StatusCodes.Status400BadRequest);
    }

    /// <summary>
    /// Leads to one of our addresses by a new navigation. Browsers apply form-action to every redirect that follows a form, so they would block a
    /// redirect to a sign-in elsewhere (Content Security Policy Level 3 §6.4.1; w3c/webappsec-csp issue 8).
    /// </summary>
    public static HtmlPage Onward(PageFrame frame, HttpContext context, string address)
    {
        context.Response.Headers["refresh"] = $"0; url={address}";
        var title = frame.TextsFor(context)["Continue"];
        return frame.Page(context, title, Html($"""
            <div class="result">
            <h1>{title}</h1>
            <p><a class="button" href="{address}">{title}</a></p>
            </div>
            """));
    }

    /// <summary>Only a script can close a window, and only some windows. Where it can, it shows the countdown.</summary>
    private static HtmlFormattableString Closing(PageTexts texts) => Html($"""
        <p>{texts["Can_close"]}</p>
        <p class="dim" data-closing hidden>{Words(texts["Closing"], Html($"<span>3</span>"))}</p>
        """);
}
