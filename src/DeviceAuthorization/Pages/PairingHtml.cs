using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Html;

namespace DeviceAuthorization;

/// <summary>
/// The markup of the pairing page: enter, review, result. Whatever is interpolated is encoded. No ids, so that a link's fragment
/// can put the focus on nothing (CVE-2024-7404); deny comes first, so that Enter never approves (CVE-2025-0549).
/// </summary>
internal static class PairingHtml
{
    private const string Style = """
        :root { color-scheme: light dark; --ink: #1b1f24; --dim: #57606a; --paper: #fff; --back: #f3f4f6; --line: #c9ced6; --accent: #0b57d0; --on-accent: #fff; --warn: #7a4b00; --warn-back: #fff4d6; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e8eaed; --dim: #a8b0ba; --paper: #1d2126; --back: #121418; --line: #444c56; --accent: #a8c7fa; --on-accent: #062e6f; --warn: #ffd591; --warn-back: #3a2e12; } }
        * { box-sizing: border-box; }
        body { margin: 0; padding: 1rem; background: var(--back); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
        main { max-width: 28rem; margin: 0 auto; padding: 1.25rem; background: var(--paper); border: 1px solid var(--line); border-radius: .75rem; }
        h1 { margin: 0 0 .5rem; font-size: 1.4rem; line-height: 1.25; }
        p { margin: .5rem 0; }
        label { display: block; }
        .code { font: 700 1.6rem/1.4 ui-monospace, monospace; letter-spacing: .08em; }
        input[name=user_code] { width: 100%; margin: .5rem 0 1rem; padding: .6rem; text-transform: uppercase; text-align: center; color: inherit; background: transparent; border: 2px solid var(--line); border-radius: .5rem; }
        .warn { padding: .75rem; color: var(--warn); background: var(--warn-back); border-radius: .5rem; }
        dl { margin: 1rem 0; display: grid; grid-template-columns: auto 1fr; gap: .25rem 1rem; }
        dt, .dim { color: var(--dim); }
        dd { margin: 0; overflow-wrap: anywhere; }
        fieldset { margin: 1rem 0; padding: .25rem .75rem .75rem; border: 1px solid var(--line); border-radius: .5rem; }
        fieldset label, .choice { display: flex; gap: .6rem; padding: .35rem 0; }
        input[type=checkbox] { width: 1.2rem; height: 1.2rem; flex: none; }
        .buttons { display: grid; grid-template-columns: 1fr 1fr; gap: .75rem; margin-top: 1rem; }
        button { width: 100%; min-height: 3rem; font: 600 1rem/1 system-ui, sans-serif; color: var(--accent); background: transparent; border: 2px solid var(--accent); border-radius: .5rem; cursor: pointer; }
        .fill { color: var(--on-accent); background: var(--accent); }
        :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
        """;

    /// <summary>Nothing but this page's own style sheet, and forms that go back to this site.</summary>
    public static readonly string ContentSecurityPolicy =
        $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style.ReplaceLineEndings("\n"))))}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    /// <summary>Asks for the code.</summary>
    public static IHtmlContent Enter(PageForm form, string? code, string? problem) => Layout("Connect a device", Html($"""
        <h1>Connect a device</h1>
        <p>Signed in as <strong><bdi>{form.Account}</bdi></strong>.</p>
        {(problem is null ? Nothing : Html($"""<p class="warn" role="alert">{problem}</p>"""))}
        <form method="post" action="{form.Action}">
        {form.Antiforgery}
        <label>{(code is null ? "Enter the code that your device shows." : "Does your device show exactly this code? If not, do not continue.")}
        <input class="code" name="user_code" value="{code}" required autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="64"></label>
        <button class="fill">Continue</button>
        </form>
        """));

    /// <summary>Shows who asks for what, and asks for the decision.</summary>
    public static IHtmlContent Review(PageForm form, string code, InspectResult.Found found, IDictionary<string, string> words, DateTimeOffset now)
    {
        var (pairing, grantable) = (found.Pairing, found.GrantableScopes);
        var denied = pairing.RequestedScopes.Except(grantable, StringComparer.Ordinal).ToArray();
        return Layout("Approve this device?", Html($"""
            <h1>Approve this device?</h1>
            <p>It will act for <strong><bdi>{form.Account}</bdi></strong>. Your device must show this code:</p>
            <p class="code">{code}</p>
            <p class="warn">Approve only if you started this yourself, on a device that you can see now. Nobody should ever send you this code.</p>
            <dl>
            <dt>Device</dt><dd><bdi>{pairing.Device.Name}</bdi> <span class="dim">(reported, not verified)</span></dd>
            <dt>App</dt><dd><bdi>{pairing.ClientId}</bdi>{Optional(" ", pairing.Device.ClientVersion)} <span class="dim">(unverified)</span></dd>
            {Row("System", pairing.Device.Platform)}
            {Row("Asked from", pairing.Device.Address)}
            <dt>Asked</dt><dd>{Ago(now - pairing.CreatedAt)}</dd>
            </dl>
            <form method="post" action="{form.Action}/decision">
            {form.Antiforgery}
            <input type="hidden" name="user_code" value="{code}">
            <fieldset><legend>It may</legend>
            {All(grantable, (scope, i) => Html($"""<label><input type="checkbox" name="scope{i}" value="{scope}" checked> <span>{Words(words, scope)}</span></label>"""))}
            {All(denied, (scope, _) => Html($"""<label class="dim"><input type="checkbox" disabled> <span>{Words(words, scope)} (your account cannot)</span></label>"""))}
            {(pairing.RequestedScopes.Count > 0 ? Nothing : Html($"<p>know who you are.</p>"))}
            </fieldset>
            {(found.KnownDevice is null ? Nothing : Html($"""
                <p class="warn">It says that it is your device <strong><bdi>{found.KnownDevice.Name ?? found.KnownDevice.Id}</bdi></strong>. Approving replaces that device's access.</p>
                <p><label class="choice"><input type="checkbox" name="as_new_device" value="yes"> <span>No, add it as a new device</span></label></p>
                """))}
            <div class="buttons"><button name="decision" value="deny">Deny</button><button class="fill" name="decision" value="approve">Approve</button></div>
            </form>
            """));
    }

    /// <summary>Says what happened.</summary>
    public static IHtmlContent Result(string title, string text) => Layout(title, Html($"""
        <h1>{title}</h1>
        <p role="status">{text}</p>
        """));

    private static HtmlFormattableString Layout(string title, IHtmlContent body) => Html($"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>{title}</title>
        <style>{new HtmlString(Style.ReplaceLineEndings("\n"))}</style>
        </head>
        <body>
        <main>
        {body}
        </main>
        </body>
        </html>

        """);

    private static readonly HtmlString Nothing = new("");

    private static HtmlFormattableString Html(FormattableString markup) => new(markup.Format, markup.GetArguments());

    private static IHtmlContent Optional(string before, string? text) => text is null ? Nothing : Html($"{before}<bdi>{text}</bdi>");

    private static IHtmlContent Row(string name, string? text) => text is null ? Nothing : Html($"<dt>{name}</dt><dd><bdi>{text}</bdi></dd>");

    private static HtmlContentBuilder All(IReadOnlyList<string> items, Func<string, int, IHtmlContent> markup)
    {
        var all = new HtmlContentBuilder();
        for (var i = 0; i < items.Count; i++)
        {
            all.AppendHtml(markup(items[i], i));
        }

        return all;
    }

    private static string Words(IDictionary<string, string> words, string scope) =>
        words.TryGetValue(scope, out var description) && description.Length > 0 ? description : scope;

    private static string Ago(TimeSpan age) => age.TotalMinutes switch
    {
        < 1 => "just now",
        < 2 => "a minute ago",
        var minutes => $"{(int)minutes} minutes ago",
    };
}

/// <summary>What every form of the page needs: where it goes, for whom, and its antiforgery field.</summary>
internal sealed record PageForm(string Action, string Account, IHtmlContent Antiforgery);
