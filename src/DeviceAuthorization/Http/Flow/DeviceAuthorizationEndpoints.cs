using System.Diagnostics;
using DeviceAuthorization.Authentication;
using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Http.Tokens;
using DeviceAuthorization.RomM;
using DeviceAuthorization.Rules;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace DeviceAuthorization.Http.Flow;

/// <summary>
/// The wire: each endpoint parses, calls <see cref="PairingService"/>, and maps its answer. Devices start and poll, in either
/// <see cref="IDialect"/>; approvers look up and decide, in RomM's JSON.
/// </summary>
internal static class DeviceAuthorizationEndpoints
{
    /// <summary>The route's parameter for a user code.</summary>
    public const string CodeInPath = "code";

    public static RouteGroupBuilder Map(IEndpointRouteBuilder endpoints, string prefix)
    {
        var group = endpoints.MapOwn(prefix, EndpointRole.Flow);
        group.MapPost("/init", StartAsync).Describe(FlowDescriptions.Start);
        group.MapGet("/pending/{code}", InspectAsync).Describe(FlowDescriptions.Inspect);
        group.MapPost("/approve", ApproveAsync).Describe(FlowDescriptions.Approve);
        group.MapPost("/deny", DenyAsync).Describe(FlowDescriptions.Deny);
        group.MapPost("/token", PollAsync).Describe(FlowDescriptions.Poll);
        group.MapPost("/revoke", RevocationEndpoint.RevokeAsync).Describe(FlowDescriptions.Revoke);
        EndpointGuard.RefuseOtherMethods(group, HttpMethods.Post, "/init", "/approve", "/deny", "/token", "/revoke");
        EndpointGuard.RefuseOtherMethods(group, HttpMethods.Get, "/pending/{code}");
        return group;
    }

    /// <summary>A device asks to be paired: RFC 8628 §3.1 in, §3.2 out.</summary>
    private static async Task<IResult> StartAsync(
        HttpContext context, PairingService pairings, RequestLimiter limits, PublicAddress address)
    {
        var dialect = IDialect.Of(context.Request);
        if (!(await dialect.ReadStartAsync(context)).TryGet(out var request, out var unread))
        {
            return unread;
        }

        if (await limits.StartAsync(context, request.ClientId, () => dialect.TooMany("authorize")) is { } stopped)
        {
            return stopped;
        }

        return await pairings.StartAsync(request, context.RequestAborted) switch
        {
            StartResult.Started started => dialect.Started(started, address.Links(context.Request)),
            StartResult.UnknownScopes { Scopes: var scopes } => dialect.UnknownScopes(scopes),
            StartResult.Forbidden => dialect.MayNotStart(),
            StartResult.NumberRequired => dialect.NumberRequired(),
            StartResult.Unavailable => EndpointGuard.Unavailable(context),
            _ => throw new UnreachableException(),
        };
    }

    /// <summary>An approver looks a pairing up. Reads only, and claims nothing; but it counts, so no other site may bring it about.</summary>
    private static async Task<IResult> InspectAsync(
        string code, HttpContext context, PairingService pairings, ApproverSession session, RequestLimiter limits)
    {
        if (!(await session.AuthenticateForDecisionAsync(context)).TryGet(out var approver, out var refusal))
        {
            return refusal;
        }

        if (await limits.EnterAsync(context, approver, code, ApproverJson.TooMany) is { } stopped)
        {
            return stopped;
        }

        var result = await pairings.InspectAsync(code, approver, context.RequestAborted);
        limits.Entered(context, approver, code, result);
        if (result is InspectResult.Found { Pairing.RequestedScopes: var requested })
        {
            await session.LacksAsync(context, approver, requested);
        }

        return ApproverJson.Inspected(result);
    }

    /// <summary>The approver says yes, and claims the code by it.</summary>
    private static async Task<IResult> ApproveAsync(HttpContext context, PairingService pairings, ApproverSession session, RequestLimiter limits)
    {
        if (!(await session.AuthenticateForDecisionAsync(context)).TryGet(out var approver, out var refusal)
            || !(await ApproverJson.ReadApproveAsync(context)).TryGet(out var approve, out refusal))
        {
            return refusal;
        }

        if (await limits.EnterAsync(context, approver, approve.UserCode, ApproverJson.TooMany) is { } stopped)
        {
            return stopped;
        }

        var result = await pairings.ApproveAsync(approve.UserCode, approver, approve.Approval, context.RequestAborted);
        if (result is DecisionResult.StepUpRequired && approver.SignedInAt is null)
        {
            await session.NotNewAsync(approver);
        }

        return result is DecisionResult.ScopesNotGrantable && await session.LacksAsync(context, approver, approve.Approval.Scopes)
            ? ApproverJson.SignInLacksScopes()
            : ApproverJson.Decided(result);
    }

    /// <summary>The approver says no, and claims the code by it.</summary>
    private static async Task<IResult> DenyAsync(HttpContext context, PairingService pairings, ApproverSession session, RequestLimiter limits)
    {
        if (!(await session.AuthenticateForDecisionAsync(context)).TryGet(out var approver, out var refusal)
            || !(await ApproverJson.ReadDenyAsync(context)).TryGet(out var userCode, out refusal))
        {
            return refusal;
        }

        return await limits.EnterAsync(context, approver, userCode, ApproverJson.TooMany)
            ?? ApproverJson.Decided(await pairings.DenyAsync(userCode, approver, context.RequestAborted));
    }

    /// <summary>The device asks for its token: RFC 8628 §3.4 in, §3.5 out.</summary>
    private static async Task<IResult> PollAsync(HttpContext context, PairingService pairings, RequestLimiter limits, TimeProvider clock)
    {
        var dialect = IDialect.Of(context.Request);
        if (!(await dialect.ReadPollAsync(context)).TryGet(out var poll, out var unread))
        {
            return unread;
        }

        if (await limits.PollAsync(context, () => dialect.TooMany("polling")) is { } stopped)
        {
            return stopped;
        }

        var result = poll.DeviceCode is null // nothing that could be one: no store is asked
            ? new PollResult.NotPaired(PairingError.InvalidGrant) { IsUnknownCode = true }
            : await pairings.PollAsync(poll.DeviceCode, poll.ClientId, poll.IdempotencyKey, ClientNetwork.AddressOf(context), context.RequestAborted);
        if (result is PollResult.NotPaired { IsUnknownCode: true } && await limits.PolledInVainAsync(context, () => dialect.TooMany("polling")) is { } banned)
        {
            return banned;
        }

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
