using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization;

/// <summary>
/// The wire: each endpoint parses, calls <see cref="PairingService"/>, and maps its answer. Devices start and poll, in either
/// <see cref="IDialect"/>; approvers look up and decide, in RomM's JSON.
/// </summary>
internal static class DeviceAuthorizationEndpoints
{
    public static RouteGroupBuilder Map(IEndpointRouteBuilder endpoints, string prefix)
    {
        var group = endpoints.MapGroup(prefix);
        group.AddEndpointFilter(EndpointGuard.InvokeAsync);
        group.MapPost("/init", StartAsync);
        group.MapGet("/pending/{code}", InspectAsync);
        group.MapPost("/approve", ApproveAsync);
        group.MapPost("/deny", DenyAsync);
        group.MapPost("/token", PollAsync);
        EndpointGuard.RefuseOtherMethods(group, HttpMethods.Post, "/init", "/approve", "/deny", "/token");
        EndpointGuard.RefuseOtherMethods(group, HttpMethods.Get, "/pending/{code}");
        return group;
    }

    /// <summary>A device asks to be paired: RFC 8628 §3.1 in, §3.2 out.</summary>
    private static async Task<IResult> StartAsync(
        HttpContext context, PairingService pairings, StartLimiter limiter, IOptions<DeviceAuthorizationOptions> options)
    {
        var dialect = IDialect.Of(context.Request);
        if (!(await dialect.ReadStartAsync(context)).TryGet(out var request, out var unread))
        {
            return unread;
        }

        if (await limiter.TryCountAsync(context.Connection.RemoteIpAddress, context.RequestAborted) is { } wait)
        {
            EndpointGuard.RetryAfter(context, wait);
            return dialect.TooManyStarts();
        }

        return await pairings.StartAsync(request, context.RequestAborted) switch
        {
            StartResult.Started started => dialect.Started(started, VerificationLinks.Of(context.Request, options.Value)),
            StartResult.UnknownScopes { Scopes: var scopes } => dialect.UnknownScopes(scopes),
            StartResult.NumberRequired => dialect.NumberRequired(),
            StartResult.Unavailable => EndpointGuard.Unavailable(context),
            _ => throw new UnreachableException(),
        };
    }

    /// <summary>An approver looks a pairing up. Reads only: whoever merely opens a link claims nothing.</summary>
    private static async Task<IResult> InspectAsync(string code, HttpContext context, PairingService pairings, ApproverSession session) =>
        (await session.AuthenticateAsync(context)).TryGet(out var approver, out var refusal)
            ? ApproverJson.Inspected(await pairings.InspectAsync(code, approver, context.RequestAborted))
            : refusal;

    /// <summary>The approver says yes, and claims the code by it.</summary>
    private static async Task<IResult> ApproveAsync(HttpContext context, PairingService pairings, ApproverSession session)
    {
        if (!(await session.AuthenticateForDecisionAsync(context)).TryGet(out var approver, out var refusal))
        {
            return refusal;
        }

        return (await ApproverJson.ReadApproveAsync(context)).TryGet(out var approve, out var unread)
            ? ApproverJson.Decided(await pairings.ApproveAsync(approve.UserCode, approver, approve.Approval, context.RequestAborted))
            : unread;
    }

    /// <summary>The approver says no, and claims the code by it.</summary>
    private static async Task<IResult> DenyAsync(HttpContext context, PairingService pairings, ApproverSession session)
    {
        if (!(await session.AuthenticateForDecisionAsync(context)).TryGet(out var approver, out var refusal))
        {
            return refusal;
        }

        return (await ApproverJson.ReadDenyAsync(context)).TryGet(out var userCode, out var unread)
            ? ApproverJson.Decided(await pairings.DenyAsync(userCode, approver, context.RequestAborted))
            : unread;
    }

    /// <summary>The device asks for its token: RFC 8628 §3.4 in, §3.5 out.</summary>
    private static async Task<IResult> PollAsync(HttpContext context, PairingService pairings, TimeProvider clock)
    {
        var dialect = IDialect.Of(context.Request);
        if (!(await dialect.ReadPollAsync(context)).TryGet(out var poll, out var unread))
        {
            return unread;
        }

        var result = poll.DeviceCode is null // nothing that could be one: no store is asked
            ? new PollResult.NotPaired(PairingError.InvalidGrant)
            : await pairings.PollAsync(poll.DeviceCode, poll.ClientId, poll.IdempotencyKey, context.RequestAborted);
        if (result is PollResult.NotPaired { Interval: { } interval })
        {
            EndpointGuard.RetryAfter(context, interval);
        }

        return result switch
        {
            PollResult.Paired paired => dialect.Paired(paired, clock.Now()),
            PollResult.NotPaired notPaired => dialect.NotPaired(notPaired),
            _ => throw new UnreachableException(),
        };
    }
}
