using System.Diagnostics;
using System.Globalization;
using DeviceAuthorization.Authentication;
using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Flow;
using DeviceAuthorization.Http;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Pages;

/// <summary>
/// The page where people see their devices and tokens. They can rename and remove devices, narrow and revoke access, and make tokens by hand. Works
/// without JavaScript. A POST that changes something answers 303, so reload and back never repeat it. But a new token is shown in the answer to its
/// POST, and only there.
/// </summary>
internal sealed class DevicesPage(
    WatchedDeviceRepository repository,
    DeviceRegistry registry,
    AccessTokens tokens,
    DeviceAccess access,
    WatchedPolicy policy,
    PageSession session,
    ApproverSession signIn,
    PageFrame frame,
    IOptions<DeviceAuthorizationOptions> options,
    TimeProvider clock)
{
    private const int LongestName = 255;

    /// <summary>The cookie that carries the key of a text to the next page. In an address, anybody's link could claim that something was done.</summary>
    private const string Notice = "da.notice";

    private static readonly string[] Notices = ["Done_renamed", "Done_narrowed", "Done_revoked", "Done_signed_out", "Done_removed", "Done_deleted", "Gone"];

    public static RouteGroupBuilder Map(IEndpointRouteBuilder endpoints, string path)
    {
        var group = endpoints.MapOwn(path, EndpointRole.DevicesPage, endpoints.ServiceProvider.GetRequiredService<PageGuard>().InvokeAsync);
        group.ExcludeFromDescription();
        group.MapGet("/", (HttpContext context, DevicesPage page) => page.ShowAsync(context));
        group.MapPost("/rename", (HttpContext context, DevicesPage page) => page.RenameAsync(context));
        group.MapPost("/narrow", (HttpContext context, DevicesPage page) => page.NarrowAsync(context));
        group.MapPost("/revoke", (HttpContext context, DevicesPage page) => page.RevokeAsync(context));
        group.MapPost("/sign-out", (HttpContext context, DevicesPage page) => page.SignOutAllAsync(context));
        group.MapPost("/remove", (HttpContext context, DevicesPage page) => page.RemoveAsync(context));
        group.MapPost("/delete", (HttpContext context, DevicesPage page) => page.DeleteTokenAsync(context));
        group.MapPost("/token", (HttpContext context, DevicesPage page) => page.MakeTokenAsync(context));
        group.MapPost("/switch", (HttpContext context, DevicesPage page) => page.SwitchAsync(context));
        group.MapPost("/language", PageLanguageChoice.ChooseAsync);

        group.MapGet("/sign-in", (HttpContext context, PageSession session) => session.GoOnAsync(context));

        // A reload of the answer to a POST shows the list.
        group.MapGet("/{form}", (HttpContext context, DevicesPage page) => page.Show(context));
        return group;
    }

    private Task<IResult> ShowAsync(HttpContext context) => session.HandleAsync(context, visitor => ListAsync(context, visitor, TakeNotice(context)));

    private Task<IResult> RenameAsync(HttpContext context) => ChangeAsync(context, Needed.WriteDevices, ["device", "name"], async (visitor, form) =>
    {
        if (!ReportedText.TryClean(form["name"], LongestName, out var name) || name is null)
        {
            return await ListAsync(context, visitor, problem: frame.TextsFor(context)["Problem_rename"]);
        }

        var (renamed, _) = await registry.ChangeAsync(
            visitor.Approver.UserId, form["device"] ?? "", device => device with { Name = name }, context.RequestAborted);
        return Done(context, renamed is null ? "Gone" : "Done_renamed");
    });

    private Task<IResult> NarrowAsync(HttpContext context) => ChangeAsync(context, Needed.WriteTokens, ["token", .. PageParts.ScopeFields], async (visitor, form) =>
        await tokens.ChangeAsync(visitor.Approver.UserId, TokenId(form), new TokenProperties(null, PageParts.Ticked(form)), context.RequestAborted) switch
        {
            TokenResult.Done => Done(context, "Done_narrowed"),
            TokenResult.Refused { Problem: TokenProblem.Gone } => Done(context, "Gone"),
            TokenResult.Refused { Problem: TokenProblem.Scopes } => await ListAsync(context, visitor, problem: frame.TextsFor(context)["Problem_nothing_left"]),
            TokenResult.Refused => await OutdatedAsync(context, visitor), // the token had fewer scopes by then
            _ => throw new UnreachableException(),
        });

    private Task<IResult> RevokeAsync(HttpContext context) => ChangeAsync(context, Needed.WriteTokens, ["device"], async (visitor, form) => Done(
        context,
        await registry.RevokeTokensAsync(visitor.Approver.UserId, form["device"] ?? "", context.RequestAborted) ? "Done_revoked" : "Gone"));

    private Task<IResult> SignOutAllAsync(HttpContext context) => ChangeAsync(context, Needed.WriteTokens, [], async (visitor, _) =>
    {
        await access.SignOutEverywhereAsync(visitor.Approver.UserId, SignOutDevices.Keep, context.RequestAborted);
        return Done(context, "Done_signed_out");
    });

    private Task<IResult> RemoveAsync(HttpContext context) => ChangeAsync(context, Needed.WriteDevices, ["device"], async (visitor, form) => Done(
        context,
        await registry.RemoveAsync(visitor.Approver.UserId, form["device"] ?? "", context.RequestAborted) ? "Done_removed" : "Gone"));

    private Task<IResult> DeleteTokenAsync(HttpContext context) => ChangeAsync(context, Needed.WriteTokens, ["token"], async (visitor, form) => Done(
        context,
        await registry.RevokeTokenAsync(visitor.Approver.UserId, TokenId(form), context.RequestAborted) is null ? "Gone" : "Done_deleted"));

    private Task<IResult> MakeTokenAsync(HttpContext context) => ChangeAsync(context, Needed.WriteTokens, ["name", "expires_in", .. PageParts.ScopeFields], async (visitor, form) =>
    {
        var texts = frame.TextsFor(context);
        var (userId, held) = (visitor.Approver.UserId, visitor.Approver.Scopes);
        var wanted = new TokenProperties(form["name"], PageParts.Ticked(form), form["expires_in"]);
        var result = Grantable(visitor, await ScopesNowAsync(context, visitor) ?? []).Count == 0
            ? new TokenResult.Refused(TokenProblem.Beyond)
            : await tokens.MakeAsync(userId, held, wanted, context.RequestAborted);
        return result switch
        {
            TokenResult.Done { Raw: { } raw } => frame.Page(context, texts["Made_title"], DevicesHtml.Made(texts, frame.Start(context), raw)),
            TokenResult.Refused { Problem: TokenProblem.Name } => await AgainAsync(texts["Problem_token_name"]),
            TokenResult.Refused { Problem: TokenProblem.Scopes } => await AgainAsync(texts["Problem_token_scopes"]),
            TokenResult.Refused { Problem: TokenProblem.Beyond } => await AgainAsync(texts["Problem_token_beyond"]),
            TokenResult.Refused { Problem: TokenProblem.Limit } => await AgainAsync(texts.Count("Problem_token_limit", options.Value.MaxTokensPerUser)),
            _ => await OutdatedAsync(context, visitor),
        };

        Task<IResult> AgainAsync(string problem) => ListAsync(context, visitor, problem: problem, typed: form);
    });

    private Task<IResult> SwitchAsync(HttpContext context) => session.HandleAsync(context, async visitor =>
        await session.ReadAsync(context, []) is null ? await OutdatedAsync(context, visitor) : await session.SwitchAsync(context));

    /// <summary>Runs a change if the sign-in has the scope that the API requires, the form is ours, and the account is active.</summary>
    private Task<IResult> ChangeAsync(HttpContext context, string scope, string[] fields, Func<Visitor, StrictForm, Task<IResult>> change) =>
        session.HandleAsync(context, async visitor =>
        {
            if (!Holds(visitor, scope))
            {
                return await LimitedAsync(context, visitor, scope);
            }

            if (await session.ReadAsync(context, fields) is not { } form)
            {
                return await OutdatedAsync(context, visitor);
            }

            return await policy.IsActiveAsync(visitor.Approver.UserId, context.RequestAborted) ? await change(visitor, form) : NotPossible(context);
        });

    private Task<IResult> OutdatedAsync(HttpContext context, Visitor visitor) => ListAsync(context, visitor, problem: frame.TextsFor(context)["Outdated_text"]);

    private async Task<IResult> ListAsync(HttpContext context, Visitor visitor, string? notice = null, string? problem = null, StrictForm? typed = null)
    {
        if (await ScopesNowAsync(context, visitor) is not { } has)
        {
            return NotPossible(context);
        }

        var (texts, userId) = (frame.TextsFor(context), visitor.Approver.UserId);
        var view = new DevicesView(
            Holds(visitor, Needed.ReadDevices) ? await repository.ListAsync(userId, context.RequestAborted) : null,
            Holds(visitor, Needed.ReadTokens) ? await registry.ListTokensAsync(userId, context.RequestAborted) : null,
            Grantable(visitor, has))
        {
            ChangesDevices = Holds(visitor, Needed.WriteDevices),
            ChangesTokens = Holds(visitor, Needed.WriteTokens),
            Page = PageOf(context),
            Notice = notice,
            Problem = problem,
            Typed = typed,
        };
        if (view is { Devices: null, Tokens: null, Grantable: [] })
        {
            return await LimitedAsync(context, visitor, Needed.ReadDevices);
        }

        var form = new PageForm(frame.Start(context), visitor, session.Field(context));
        var html = new DevicesHtml(texts, form, view, options.Value, clock.Now());
        return frame.Page(
            context, texts["Your_devices"], html.List(frame.Address(context)), problem is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest);
    }

    /// <summary>The scopes that the API of devices and tokens requires.</summary>
    private ManagementScopes Needed => options.Value.ManagementScopes;

    /// <summary>Whether the sign-in includes a scope. A sign-in for the whole account includes all.</summary>
    private static bool Holds(Visitor visitor, string scope) => visitor.Approver.Scopes?.Contains(scope, StringComparer.Ordinal) ?? true;

    /// <summary>The scopes of the host that the account has now; null if the account is not active.</summary>
    private ValueTask<IReadOnlyList<string>?> ScopesNowAsync(HttpContext context, Visitor visitor) => policy.ScopesNowAsync(
        visitor.Approver.UserId, [.. options.Value.Scopes.Keys.Union([options.Value.ManagementScopes.WriteTokens], StringComparer.Ordinal)], context.RequestAborted);

    /// <summary>The scopes that a token made by hand could have. Empty if the API would refuse to make one.</summary>
    private IReadOnlyList<string> Grantable(Visitor visitor, IReadOnlyList<string> has)
    {
        var held = visitor.Approver.Scopes is { } scopes ? has.Intersect(scopes, StringComparer.Ordinal).ToArray() : has;
        return held.Contains(options.Value.ManagementScopes.WriteTokens, StringComparer.Ordinal) ? [.. held.Where(options.Value.Scopes.ContainsKey)] : [];
    }

    private static Guid TokenId(StrictForm form) => Guid.TryParse(form["token"], out var id) ? id : Guid.Empty;

    private SeeOther Done(HttpContext context, string notice)
    {
        context.Response.Cookies.Append(Notice, notice, NoticeCookie(context));
        return Show(context);
    }

    private SeeOther Show(HttpContext context) => new(frame.Start(context) + DevicesView.QueryOf(PageOf(context)));

    /// <summary>
    /// The requested part of the list; the first if the query names none. The addresses of forms name it, too, so the answer shows the same part.
    /// </summary>
    private static int PageOf(HttpContext context) =>
        int.TryParse(context.Request.Query["page"], NumberStyles.None, CultureInfo.InvariantCulture, out var page) && page > 0 ? page : 1;

    private string? TakeNotice(HttpContext context)
    {
        if (context.Request.Cookies[Notice] is not { } notice)
        {
            return null;
        }

        context.Response.Cookies.Delete(Notice, NoticeCookie(context));
        return Notices.Contains(notice, StringComparer.Ordinal) ? notice : null;
    }

    private CookieOptions NoticeCookie(HttpContext context) => new()
    {
        Path = frame.Start(context),
        HttpOnly = true,
        IsEssential = true,
        Secure = context.Request.IsHttps,
        SameSite = SameSiteMode.Lax,
        MaxAge = TimeSpan.FromMinutes(1),
    };

    private async Task<IResult> LimitedAsync(HttpContext context, Visitor visitor, string scope)
    {
        await signIn.WarnIfLimitedAsync(context, visitor.Approver, [scope]);
        return ResultHtml.Page(frame, context, "Limited", StatusCodes.Status403Forbidden);
    }

    private HtmlPage NotPossible(HttpContext context) => ResultHtml.Page(frame, context, "Not_possible", StatusCodes.Status403Forbidden);
}
