using System.Diagnostics;
using System.Security.Claims;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Html;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace DeviceAuthorization;

/// <summary>
/// Where people enter the code and decide. Works without JavaScript. A link only fills the code in: claiming takes a POST, and
/// deciding another one, each with an antiforgery token of the signed-in user.
/// </summary>
internal sealed class DevicePairingPage(
    PairingService pairings,
    ApproverSession session,
    IAntiforgery antiforgery,
    IOptions<AntiforgeryOptions> antiforgeryOptions,
    IOptions<DeviceAuthorizationOptions> options,
    TimeProvider clock,
    ILogger<DevicePairingPage> logger)
{
    private const int MaxFields = ScopeParameter.MaxScopes + 4;
    private const string GenericProblem = "This code is not known here. It may be mistyped, expired or used. Check it, or start again on your device.";

    private static readonly string[] ScopeFields = [.. Enumerable.Range(0, ScopeParameter.MaxScopes).Select(i => $"scope{i}")];

    private readonly string[] _known =
        [antiforgeryOptions.Value.FormFieldName, "user_code", "decision", "as_new_device", .. ScopeFields];

    public static RouteGroupBuilder Map(IEndpointRouteBuilder endpoints, string path)
    {
        var group = endpoints.MapGroup(path);
        group.MapGet("/", (HttpContext context, DevicePairingPage page) => page.GuardAsync(context, page.ShowAsync)).ExcludeFromDescription();
        group.MapPost("/", (HttpContext context, DevicePairingPage page) => page.GuardAsync(context, page.EnterAsync)).ExcludeFromDescription();
        group.MapPost("/decision", (HttpContext context, DevicePairingPage page) => page.GuardAsync(context, page.DecideAsync)).ExcludeFromDescription();
        group.MapGet("/decision", (HttpContext context, DevicePairingPage page) => page.BackToStart(context)).ExcludeFromDescription();
        return group;
    }

    /// <summary>Trouble is a page, too.</summary>
    private async Task<IResult> GuardAsync(HttpContext context, Func<HttpContext, Task<IResult>> handle)
    {
        try
        {
            return await handle(context);
        }
        catch (BadHttpRequestException malformed)
        {
            return new HtmlPage(PairingHtml.Result("Please start again", "The request could not be read."), malformed.StatusCode);
        }
        catch (Exception exception) when (!context.RequestAborted.IsCancellationRequested)
        {
            logger.RequestFailed(exception);
            context.Response.Headers.RetryAfter = "5";
            return new HtmlPage(
                PairingHtml.Result("Please try again", "This does not work right now. Wait a moment, then reload this page."),
                StatusCodes.Status503ServiceUnavailable);
        }
    }

    /// <summary>The form, with the code of the link filled in. Changes nothing: link scanners open links, too.</summary>
    private async Task<IResult> ShowAsync(HttpContext context)
    {
        var linked = context.Request.Query["user_code"] is [var only] && options.Value.UserCode.TryParse(only, out var code) ? code.RevealGrouped() : null;
        return (await SignInAsync(context, linked)).TryGet(out var visitor, out var refused) ? Enter(context, visitor, linked) : refused;
    }

    /// <summary>The code was entered on purpose: claim it, and show what asks.</summary>
    private async Task<IResult> EnterAsync(HttpContext context)
    {
        var form = await ReadFormAsync(context);
        var known = options.Value.UserCode.TryParse(form?["user_code"], out var code);
        if (!(await SignInAsync(context, code?.RevealGrouped())).TryGet(out var visitor, out var refused))
        {
            return refused;
        }

        if (form is null || !await IsFromOurFormAsync(context, form))
        {
            return StartAgain();
        }

        return (known ? await pairings.ClaimAsync(code!.Reveal(), visitor.Approver, context.RequestAborted) : new InspectResult.NotFound()) switch
        {
            InspectResult.Found found => new HtmlPage(
                PairingHtml.Review(Form(context, visitor), code!.RevealGrouped(), found, options.Value.Scopes, clock.Now())),
            InspectResult.AlreadyDecided { Status: var status } => Decided(status),
            InspectResult.NotFound => Enter(context, visitor, null, GenericProblem),
            _ => throw new UnreachableException(),
        };
    }

    /// <summary>The decision: exactly one of two words, and the scopes left ticked.</summary>
    private async Task<IResult> DecideAsync(HttpContext context)
    {
        if (!(await SignInAsync(context, null)).TryGet(out var visitor, out var refused))
        {
            return refused;
        }

        if (await ReadFormAsync(context) is not { } form || !await IsFromOurFormAsync(context, form))
        {
            return StartAgain();
        }

        var scopes = ScopeFields.Select(field => form[field]).OfType<string>().ToArray();
        DecisionResult result;
        switch (form["decision"])
        {
            case "approve":
                var approval = new Approval { Scopes = scopes, AsNewDevice = form["as_new_device"] == "yes" };
                result = await pairings.ApproveAsync(form["user_code"], visitor.Approver, approval, context.RequestAborted);
                break;
            case "deny":
                result = await pairings.DenyAsync(form["user_code"], visitor.Approver, context.RequestAborted);
                break;
            default:
                return StartAgain();
        }

        return result switch
        {
            DecisionResult.Approved => Decided(PairingStatus.Approved),
            DecisionResult.Denied => Decided(PairingStatus.Denied),
            DecisionResult.AlreadyDecided { Status: var status } => Decided(status),
            DecisionResult.NotFound => Enter(context, visitor, null, GenericProblem),
            DecisionResult.ScopesNotGrantable => new HtmlPage(
                PairingHtml.Result("Nothing was approved", "Choose at least one thing that the device may do. Go back, or start again on your device."),
                StatusCodes.Status400BadRequest),
            DecisionResult.Forbidden => Forbidden(),
            _ => throw new UnreachableException(),
        };
    }

    /// <summary>After a sign-in that interrupted a decision, browsers come back with a GET.</summary>
    private RedirectHttpResult BackToStart(HttpContext context) => TypedResults.LocalRedirect(Address(context));

    /// <summary>Who is signed in; else the host's sign-in, which comes back here with the code.</summary>
    private async Task<Parsed<Visitor>> SignInAsync(HttpContext context, string? code)
    {
        var scheme = await session.SchemeAsync();
        if (await session.SignedInAsync(context) is not { } principal)
        {
            var back = code is null ? Address(context) : VerificationLinks.Complete(Address(context), code);
            return Parsed.Refuse<Visitor>(TypedResults.Challenge(new AuthenticationProperties { RedirectUri = back }, [scheme]));
        }

        if (ApproverSession.Identify(principal) is not { } approver)
        {
            return Parsed.Refuse<Visitor>(Forbidden());
        }

        context.User = principal; // antiforgery tokens are bound to it
        return new Visitor(approver, principal.Identity?.Name ?? approver.UserId);
    }

    private async Task<StrictForm?> ReadFormAsync(HttpContext context) =>
        RequestBody.IsUtf8(context.Request, FormDialect.MediaType)
        && await RequestBody.ReadAsync(context.Request) is { } body
        && StrictForm.TryParse(body.Span, _known, out var form, out _, MaxFields)
            ? form
            : null;

    private async Task<bool> IsFromOurFormAsync(HttpContext context, StrictForm form)
    {
        var field = antiforgeryOptions.Value.FormFieldName;
        context.Request.Form = new FormCollection(new Dictionary<string, StringValues>(StringComparer.Ordinal) { [field] = form[field] });
        return !session.IsCrossSite(context.Request, fromOurPage: true) && await antiforgery.IsRequestValidAsync(context);
    }

    private HtmlPage Enter(HttpContext context, Visitor visitor, string? code, string? problem = null) =>
        new(PairingHtml.Enter(Form(context, visitor), code, problem));

    private PageForm Form(HttpContext context, Visitor visitor)
    {
        var tokens = antiforgery.GetAndStoreTokens(context);
        return new PageForm(Address(context), visitor.Account, new HtmlFormattableString(
            "<input type=\"hidden\" name=\"{0}\" value=\"{1}\">", tokens.FormFieldName, tokens.RequestToken));
    }

    private string Address(HttpContext context) => context.Request.PathBase.ToUriComponent() + options.Value.PagePath;

    private static HtmlPage Decided(PairingStatus status) => new(status switch
    {
        PairingStatus.Approved => PairingHtml.Result("Device approved", "Go back to your device: it connects by itself. You can close this page."),
        PairingStatus.Denied => PairingHtml.Result("Device denied", "It gets no access. You can close this page."),
        PairingStatus.Redeemed => PairingHtml.Result("Device connected", "You approved this device, and it is connected. You can close this page."),
        _ => throw new UnreachableException(),
    });

    private static HtmlPage StartAgain() => new(
        PairingHtml.Result("Please start again", "Nothing was changed. Open this page anew and enter the code that your device shows."),
        StatusCodes.Status400BadRequest);

    private static HtmlPage Forbidden() => new(
        PairingHtml.Result("Not possible", "Your account cannot approve devices."), StatusCodes.Status403Forbidden);

    private sealed record Visitor(Approver Approver, string Account);
}
