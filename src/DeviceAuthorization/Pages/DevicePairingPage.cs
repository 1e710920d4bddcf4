using System.Diagnostics;
using System.Globalization;
using DeviceAuthorization.Authentication;
using DeviceAuthorization.Http;
using DeviceAuthorization.Rules;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Html;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using static DeviceAuthorization.Pages.Markup;

namespace DeviceAuthorization.Pages;

/// <summary>
/// The page where people enter a code and decide: enter (GET, POST) → review (GET, POST) → the review's address shows the result. Works without
/// JavaScript. A link only fills in the code. Entering takes a POST and deciding another one, each with an antiforgery token of the signed-in user. A
/// POST that changes something answers 303, so reload and back never repeat it.
/// </summary>
internal sealed class DevicePairingPage(
    ApproverFlow flow,
    PageSession session,
    ApproverSession signIn,
    PairingTickets tickets,
    SignInAgain signInAgain,
    RequestLimiter limits,
    PageFrame frame,
    IOptions<DeviceAuthorizationOptions> options,
    TimeProvider clock)
{
    private const int LongestName = 255;

    private static readonly string[] DecisionFields = ["ticket", "decision", "device_name", "expires_in", "as_new_device", .. PageParts.ScopeFields];

    public static RouteGroupBuilder Map(IEndpointRouteBuilder endpoints, string path)
    {
        var group = endpoints.MapOwn(path, EndpointRole.PairingPage, endpoints.ServiceProvider.GetRequiredService<PageGuard>().InvokeAsync);
        group.ExcludeFromDescription();
        group.MapGet("/", (HttpContext context, DevicePairingPage page) => page.ShowAsync(context));
        group.MapPost("/", (HttpContext context, DevicePairingPage page) => page.HandleAsync(context, page.EnterAsync));
        group.MapGet("/review", (HttpContext context, DevicePairingPage page) => Guid.TryParse(context.Request.Query["pairing"], out var pairing)
            ? page.LookAgainAsync(context, pairing)
            : page.HandleAsync(context, page.ReviewAsync));
        group.MapPost("/review", (HttpContext context, DevicePairingPage page) => page.HandleAsync(context, page.DecideAsync));
        group.MapPost("/switch", (HttpContext context, DevicePairingPage page) => page.HandleAsync(context, page.SwitchAsync));
        group.MapPost("/language", PageLanguageChoice.ChooseAsync);
        group.MapGet("/sign-in", (HttpContext context, SignInAgain signInAgain) => signInAgain.GoOnAsync(context));

        // A reload of the answer to a POST shows the form.
        group.MapGet("/{form}", (HttpContext context, DevicePairingPage page) => page.BackToStart(context));
        return group;
    }

    private Task<IResult> HandleAsync(HttpContext context, Func<HttpContext, Visitor, Task<IResult>> handle) =>
        session.HandleAsync(context, visitor => handle(context, visitor));

    /// <summary>
    /// Shows the form. Moves the code of a link out of the address into a cookie first. Claims nothing, because link scanners open links, too.
    /// </summary>
    private async Task<IResult> ShowAsync(HttpContext context)
    {
        if (context.Request.Query["user_code"] is [var linked] && options.Value.UserCode.TryParse(linked, out var code))
        {
            tickets.Keep(context, frame.Address(context), new PairingTicket(code.RevealGrouped(), UserId: null, IsOfLink: true));
            return BackToStart(context);
        }

        return await session.HandleAsync(context, visitor =>
            Task.FromResult<IResult>(Enter(context, visitor, tickets.Of(context) is { UserId: null } brought ? brought : null)));
    }

    /// <summary>Claims the code that the approver entered, and leads to the review.</summary>
    private async Task<IResult> EnterAsync(HttpContext context, Visitor visitor)
    {
        if (await session.ReadAsync(context, ["user_code", "ticket"]) is not { } form)
        {
            return StartAgain(context);
        }

        if (!options.Value.UserCode.TryParse(form["user_code"], out var code))
        {
            return Unknown(context, visitor);
        }

        if (await limits.EnterAsync(context, visitor.Approver, code, wait => TooMany(context, wait)) is { } stopped)
        {
            return stopped;
        }

        var entered = new PairingTicket(code.RevealGrouped(), visitor.Approver.UserId, IsOfLink(context, form, code));
        visitor = AsOf(entered, visitor);
        var result = entered.IsOfLink
            ? await flow.EnterFromLinkAsync(code, visitor.Approver, context.RequestAborted)
            : await flow.EnterAsync(code, visitor.Approver, context.RequestAborted);
        switch (result)
        {
            case ApproverResult.Refused { Reason: ApproverRefusal.NotFound }:
                return Unknown(context, visitor);
            case ApproverResult.Refused { Reason: ApproverRefusal.MustBeTyped }: // another person may have sent the link
                context.Response.Cookies.Delete(PairingTickets.Cookie, new CookieOptions { Path = frame.Address(context) });
                return Enter(context, visitor, null, frame.TextsFor(context)["Problem_link"]);
            default:
                return Keep(context, entered);
        }
    }

    /// <summary>Whether a link included the code. The form that the link filled in says so, independently of other tabs, or else the cookie.</summary>
    private bool IsOfLink(HttpContext context, StrictForm form, UserCode code)
    {
        var ofForm = tickets.TryRead(form["ticket"], out var ticket) ? ticket : null;
        return new[] { ofForm, tickets.Of(context) }.Any(brought => brought is { IsOfLink: true } && brought.Code == code.RevealGrouped());
    }

    /// <summary>Shows what the device requests; after the decision, shows the decision.</summary>
    private async Task<IResult> ReviewAsync(HttpContext context, Visitor visitor)
    {
        return tickets.Of(context) is { } ticket && ticket.IsOf(visitor.Approver)
            ? await ReviewAsync(context, AsOf(ticket, signInAgain.Seen(context, visitor, ticket)), ticket)
            : BackToStart(context);
    }

    /// <summary>
    /// The page of an approved device looks whether it is connected. If the person did something else meanwhile, such as enter another code or sign
    /// out, answers 204: browsers then leave the page as it is.
    /// </summary>
    private async Task<IResult> LookAgainAsync(HttpContext context, Guid pairing)
    {
        if (await session.FindAsync(context) is { } approver
            && tickets.Of(context) is { } ticket
            && ticket.IsOf(approver)
            && await flow.ReviewAsync(ticket.UserCode, approver, context.RequestAborted) is ApproverResult.AlreadyDecided { Pairing: var decided }
            && decided.Id == pairing)
        {
            _ = int.TryParse(context.Request.Query["look"], NumberStyles.None, CultureInfo.InvariantCulture, out var looks);
            return ResultHtml.Decided(frame, context, decided, clock.Now(), looks);
        }

        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.NoContent();
    }

    /// <summary>Applies the decision: approve with the ticked scopes, or deny. With number matching, a further POST chooses the number.</summary>
    private async Task<IResult> DecideAsync(HttpContext context, Visitor visitor)
    {
        if (await session.ReadAsync(context, DecisionFields) is not { } form
            || (form["decision"] is not ("approve" or "deny" or "none") && MatchNumber.Read(form["decision"]) is null)
            || !tickets.TryRead(form["ticket"], out var ticket)
            || !ticket.IsOf(visitor.Approver))
        {
            return StartAgain(context);
        }

        visitor = AsOf(ticket, signInAgain.Seen(context, visitor, ticket));
        var texts = frame.TextsFor(context);
        if (form["decision"] == "none") // Enter was pressed in a field
        {
            return await ReviewAsync(context, visitor, ticket, form);
        }

        if (form["decision"] == "deny")
        {
            return await DecidedAsync(await flow.DenyAsync(ticket.UserCode, visitor.Approver, context.RequestAborted));
        }

        if (MatchNumber.Read(form["decision"]) is { } number)
        {
            return await DecidedAsync(await flow.ChooseNumberAsync(ticket.UserCode, visitor.Approver, number, context.RequestAborted));
        }

        if (!ReportedText.TryClean(form["device_name"], LongestName, out var name))
        {
            return await ReviewAsync(context, visitor, ticket, form, texts["Problem_name"]);
        }

        if (!TokenLifetimes.TryParse(options.Value, form["expires_in"], out var lifetime))
        {
            return StartAgain(context);
        }

        return await DecidedAsync(await flow.ApproveAsync(
            ticket.UserCode,
            visitor.Approver,
            new Approval
            {
                Scopes = PageParts.Ticked(form),
                DeviceName = name,
                TokenLifetime = lifetime,
                AsNewDevice = form["as_new_device"] == "yes",
                SupportsNumberMatching = true,
            },
            context.RequestAborted));

        async Task<IResult> DecidedAsync(ApproverResult result) => result switch
        {
            ApproverResult.Approved or ApproverResult.ChooseNumber or ApproverResult.Denied or ApproverResult.AlreadyDecided =>
                Keep(context, ticket with { Asked = null }),
            ApproverResult.Refused { Reason: ApproverRefusal.NotFound } => Unknown(context, visitor),
            ApproverResult.Refused { Reason: ApproverRefusal.ScopesNotGrantable } => await ReviewAsync(context, visitor, ticket, form, texts["Problem_no_scope"]),
            ApproverResult.Refused { Reason: ApproverRefusal.TokenLimitReached } => await ReviewAsync(context, visitor, ticket, form, isFull: true),
            ApproverResult.Refused { Reason: ApproverRefusal.StepUpRequired } => await signInAgain.AskAsync(context, ticket, visitor),
            ApproverResult.Refused { Reason: ApproverRefusal.DeviceLimitReached } => ResultHtml.Page(frame, context, "Device_limit", StatusCodes.Status400BadRequest),
            ApproverResult.Refused { Reason: ApproverRefusal.Blocked } => ResultHtml.Page(frame, context, "Blocked", StatusCodes.Status403Forbidden),
            ApproverResult.Refused { Reason: ApproverRefusal.Forbidden } => ResultHtml.Page(frame, context, "Not_possible", StatusCodes.Status403Forbidden),
            _ => throw new UnreachableException(),
        };
    }

    private async Task<IResult> SwitchAsync(HttpContext context, Visitor visitor)
    {
        if (await session.ReadAsync(context, []) is null)
        {
            return StartAgain(context);
        }

        if (tickets.Of(context) is { } ticket)
        {
            if (ticket.IsOf(visitor.Approver))
            {
                await flow.ReleaseAsync(ticket.UserCode, visitor.Approver, context.RequestAborted);
            }

            tickets.Keep(context, frame.Address(context), new PairingTicket(ticket.Code, UserId: null, ticket.IsOfLink)); // the next user must enter it again
        }

        return await session.SwitchAsync(context);
    }

    private async Task<IResult> ReviewAsync(
        HttpContext context, Visitor visitor, PairingTicket ticket, StrictForm? typed = null, string? problem = null, bool isFull = false) =>
        await flow.ReviewAsync(ticket.UserCode, visitor.Approver, context.RequestAborted) switch
        {
            ApproverResult.AlreadyDecided { Pairing: var pairing } => ResultHtml.Decided(frame, context, pairing, clock.Now()),
            ApproverResult.Refused { Reason: ApproverRefusal.NotFound } => Unknown(context, visitor),
            ApproverResult.ChooseNumber matching => Page(context, "Match_title", texts => PairingHtml.Match(
                texts, Form(context, visitor), matching, Written(ticket), matching.Pairing.ExpiresAt - clock.Now())),
            ApproverResult.Review { Risk: ApprovalRisk.Block } => ResultHtml.Page(frame, context, "Blocked", StatusCodes.Status403Forbidden),
            ApproverResult.Review { Risk: ApprovalRisk.StepUp } => await signInAgain.AskAsync(context, ticket, visitor),
            ApproverResult.Review found when await signIn.WarnIfLimitedAsync(context, visitor.Approver, found.Pairing.RequestedScopes) is var isLimited => Page(
                context,
                "Review_title",
                texts => PairingHtml.Review(
                    texts,
                    Form(context, visitor),
                    new PairingReview(
                        found,
                        ticket.Code,
                        Written(ticket),
                        clock.Now(),
                        Network.Compare(found.Pairing.Device.Address, visitor.Approver.Address))
                    {
                        PathBase = context.Request.PathBase.ToUriComponent(),
                        Typed = typed,
                        Problem = problem,
                        IsFull = isFull || found.IsTokenLimitReached,
                        DevicesPage = frame.DevicesAddress(context),
                        IsLimited = isLimited,
                    },
                    options.Value),
                problem is null && !isFull ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest),
            _ => throw new UnreachableException(),
        };

    /// <summary>Redirects to the form. After a sign-in that interrupted a decision, browsers return with a GET.</summary>
    private SeeOther BackToStart(HttpContext context) => new(frame.Address(context));

    /// <summary>Keeps the entered code for this approver, and redirects to the review.</summary>
    private SeeOther Keep(HttpContext context, PairingTicket ticket)
    {
        tickets.Keep(context, frame.Address(context), ticket);
        return new SeeOther(frame.Address(context) + "/review");
    }

    /// <summary>A ticket for a form that this visitor will send.</summary>
    private string Written(PairingTicket ticket) => tickets.Write(ticket with { Asked = null });

    /// <summary>The visitor, with what the ticket says of how they got the code.</summary>
    private static Visitor AsOf(PairingTicket ticket, Visitor visitor) =>
        visitor with { Approver = visitor.Approver with { CameByLink = ticket.IsOfLink } };

    /// <summary>Gives the same answer for unknown, expired and decided codes, and for those of others (T-22).</summary>
    private HtmlPage Unknown(HttpContext context, Visitor visitor) => Enter(context, visitor, null, frame.TextsFor(context)["Problem_code"]);

    private HtmlPage Enter(HttpContext context, Visitor visitor, PairingTicket? brought, string? problem = null) => Page(context, "Page_title", texts => PairingHtml.Enter(
        texts, Form(context, visitor), brought?.Code, brought is { IsOfLink: true } ? tickets.Write(brought) : null, problem));

    private PageForm Form(HttpContext context, Visitor visitor) => new(frame.Address(context), visitor, session.Field(context));

    private HtmlPage Page(HttpContext context, string title, Func<PageTexts, IHtmlContent> main, int status = StatusCodes.Status200OK)
    {
        var texts = frame.TextsFor(context);
        return frame.Page(context, texts[title], main(texts), status);
    }

    private HtmlPage TooMany(HttpContext context, TimeSpan wait) => ResultHtml.Page(
        frame, context, "Too_many", StatusCodes.Status429TooManyRequests, more: texts => Html($"<dl>{PageParts.TimeLeft(texts, wait)}</dl>"));

    private HtmlPage StartAgain(HttpContext context) => ResultHtml.Page(frame, context, "Start_again", StatusCodes.Status400BadRequest);
}
