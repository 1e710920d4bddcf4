using DeviceAuthorization.Authentication;
using DeviceAuthorization.Http;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Html;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using static DeviceAuthorization.Pages.Markup;

namespace DeviceAuthorization.Pages;

/// <summary>The person in front of a page.</summary>
/// <param name="Account">The account's name for people.</param>
/// <param name="CanSwitch">Whether the visitor can sign out here, to use another account.</param>
internal sealed record Visitor(Approver Approver, string Account, bool CanSwitch);

/// <summary>Finds the person in front of a page, and checks that what they send comes from one of our forms.</summary>
internal sealed class PageSession(
    ApproverSession session,
    IAuthenticationHandlerProvider handlers,
    IAntiforgery antiforgery,
    IOptions<AntiforgeryOptions> antiforgeryOptions,
    PageFrame frame)
{
    private readonly string _field = antiforgeryOptions.Value.FormFieldName;

    /// <summary>Runs the handler for the person who is signed in. Sends others to the host's sign-in, which leads back to this page.</summary>
    public async Task<IResult> HandleAsync(HttpContext context, Func<Visitor, Task<IResult>> handle)
    {
        if (await session.SignedInAsync(context) is not { } ticket)
        {
            var back = frame.Start(context);
            return IsOpened(context.Request) ? await ChallengeAsync(context, back) : ResultHtml.Onward(frame, context, back);
        }

        if (session.Identify(ticket, context) is not { } approver)
        {
            return Forbidden(context);
        }

        context.User = ticket.Principal; // antiforgery tokens are bound to it
        var handler = await handlers.GetHandlerAsync(context, await session.SchemeAsync());
        var canSwitch = handler is IAuthenticationSignOutHandler || SignInStamp.IsOfProvider(ticket.Properties);
        return await handle(new Visitor(approver, ticket.Principal.Identity?.Name ?? approver.UserId, canSwitch));
    }

    /// <summary>The approver who is signed in; null if none is.</summary>
    public async Task<Approver?> FindAsync(HttpContext context) =>
        await session.SignedInAsync(context) is { } ticket ? session.Identify(ticket, context) : null;

    /// <summary>Signs the person out, and asks for another account.</summary>
    public async Task<IResult> SwitchAsync(HttpContext context)
    {
        await session.SignOutAsync(context);
        return ResultHtml.Onward(frame, context, frame.Start(context) + "/sign-in?prompt=select_account");
    }

    /// <summary>Asks the person to sign in again, and to return to the review.</summary>
    public HtmlPage SignInAnew(HttpContext context) => ResultHtml.Onward(frame, context, frame.Start(context) + "/sign-in?prompt=login");

    /// <summary>The address that both lead to. Continues to the host's sign-in, even if somebody is signed in.</summary>
    public Task<IResult> GoOnAsync(HttpContext context) => context.Request.Query["prompt"] is ["login"] && !PageFrame.IsOfDevices(context)
        ? ChallengeAsync(context, frame.Start(context) + "/review", "login")
        : ChallengeAsync(context, frame.Start(context), "select_account");

    /// <summary>The person returned without a new sign-in. Stops here; otherwise the redirects would never end.</summary>
    public async Task<IResult> NotNewAsync(HttpContext context, Visitor visitor)
    {
        await session.WarnNotNewAsync(visitor.Approver);
        return ResultHtml.Page(frame, context, "Not_new", StatusCodes.Status403Forbidden);
    }

    /// <summary>Leads to the host's sign-in. If its scheme has no sign-in page, answers with a page that says so.</summary>
    /// <param name="back">The address that the sign-in returns to.</param>
    /// <param name="prompt">The <c>prompt</c> for an OpenID Connect provider (OpenID Connect Core 1.0 §3.1.2.1). Other schemes ignore it.</param>
    private async Task<IResult> ChallengeAsync(HttpContext context, string back, string? prompt = null)
    {
        var properties = new AuthenticationProperties { RedirectUri = back };
        if (prompt is not null)
        {
            properties.SetParameter("prompt", prompt);
        }

        if (prompt == "login")
        {
            properties.SetParameter<TimeSpan?>("max_age", TimeSpan.Zero); // the provider must then say when they signed in (auth_time)
        }

        var scheme = await session.ChallengeSchemeAsync();
        await context.ChallengeAsync(scheme, properties);
        if (context.Response is not { HasStarted: false, StatusCode: StatusCodes.Status401Unauthorized, Headers.Location.Count: 0 }) // cookie schemes answer scripts with 401 and a Location
        {
            return TypedResults.Empty;
        }

        session.WarnNoSignInPage(scheme);
        return ResultHtml.Page(frame, context, "Sign_in_first", StatusCodes.Status401Unauthorized);
    }

    /// <summary>The fields of one of our forms, sent by this person; null for anything else.</summary>
    public async Task<StrictForm?> ReadAsync(HttpContext context, string[] known)
    {
        if (!(await StrictForm.ReadAsync(context.Request, [_field, .. known], known.Length + 1)).TryGet(out var form, out _)
            || session.IsCrossSite(context.Request, fromOurPage: true))
        {
            return null;
        }

        context.Request.Form = new FormCollection(new Dictionary<string, StringValues>(StringComparer.Ordinal) { [_field] = form[_field] });
        return await antiforgery.IsRequestValidAsync(context) ? form : null;
    }

    /// <summary>The hidden field that proves that a form is ours.</summary>
    public HtmlFormattableString Field(HttpContext context)
    {
        var tokens = antiforgery.GetAndStoreTokens(context);
        return Html($"""<input type="hidden" name="{tokens.FormFieldName}" value="{tokens.RequestToken}">""");
    }

    /// <summary>Whether the request opens a page. Otherwise it sends a form.</summary>
    private static bool IsOpened(HttpRequest request) => HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);

    private HtmlPage Forbidden(HttpContext context) => ResultHtml.Page(frame, context, "Not_possible", StatusCodes.Status403Forbidden);
}
