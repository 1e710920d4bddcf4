using System.Diagnostics;
using DeviceAuthorization.Authentication;
using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Http.Tokens;
using DeviceAuthorization.RomM;
using DeviceAuthorization.Rules;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Http.Flow;

/// <summary>
/// The wire: each endpoint parses, calls <see cref="DeviceFlow"/> or <see cref="ApproverFlow"/>, and maps its answer. Devices start and poll, in either
/// <see cref="IDialect"/>; approvers review and decide, in RomM's JSON.
/// </summary>
internal static class DeviceAuthorizationEndpoints
{
    /// <summary>The route's parameter for a user code.</summary>
    public const string CodeInPath = "code";

    public static RouteGroupBuilder Map(IEndpointRouteBuilder endpoints, string prefix)
    {
        var group = endpoints.MapOwn(prefix, EndpointRole.Flow);
        group.MapPost("/init", StartAsync).Describe(FlowDescriptions.Start);
        group.MapGet("/pending/{code}", ReviewAsync).Describe(FlowDescriptions.Inspect);
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
        HttpContext context, DeviceFlow flow, RequestLimiter limits, PublicAddress address)
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

        return await flow.StartAsync(request, context.RequestAborted) switch
        {
            StartResult.Started started => dialect.Started(started, address.Links(context.Request)),
            StartResult.UnknownScopes { Scopes: var scopes } => dialect.UnknownScopes(scopes),
            StartResult.Forbidden => dialect.MayNotStart(),
            StartResult.NumberRequired => dialect.NumberRequired(),
            StartResult.Unavailable => EndpointGuard.Unavailable(context),
            _ => throw new UnreachableException(),
        };
    }

    /// <summary>An approver reviews a pairing. Claims nothing; but the code counts as entered, so no other site may cause this.</summary>
    private static async Task<IResult> ReviewAsync(
        string code, HttpContext context, ApproverFlow flow, ApproverSession session, RequestLimiter limits, IOptions<DeviceAuthorizationOptions> options)
    {
        if (!(await session.AuthenticateForDecisionAsync(context)).TryGet(out var approver, out var refusal))
        {
            return refusal;
        }

        if (!options.Value.UserCode.TryParse(code, out var userCode))
        {
            return ApproverJson.NotFound();
        }

        if (await limits.EnterAsync(context, approver, userCode, ApproverJson.TooMany) is { } stopped)
        {
            return stopped;
        }

        var result = await flow.ReviewAsync(userCode, approver, context.RequestAborted);
        limits.Entered(context, approver, userCode, result);
        if (result is ApproverResult.Review { Pairing.RequestedScopes: var requested })
        {
            await session.LacksAsync(context, approver, requested);
        }

        return ApproverJson.Answer(result);
    }

    /// <summary>The approver says yes, and claims the code by it.</summary>
    private static async Task<IResult> ApproveAsync(
        HttpContext context, ApproverFlow flow, ApproverSession session, RequestLimiter limits, IOptions<DeviceAuthorizationOptions> options)
    {
        if (!(await session.AuthenticateForDecisionAsync(context)).TryGet(out var approver, out var refusal)
            || !(await ApproverJson.ReadApproveAsync(context)).TryGet(out var approve, out refusal))
        {
            return refusal;
        }

        if (!options.Value.UserCode.TryParse(approve.UserCode, out var userCode))
        {
            return ApproverJson.NotFound();
        }

        if (await limits.EnterAsync(context, approver, userCode, ApproverJson.TooMany) is { } stopped)
        {
            return stopped;
        }

        var result = await flow.ApproveAsync(userCode, approver, approve.Approval, context.RequestAborted);
        if (result is ApproverResult.StepUpRequired && approver.SignedInAt is null)
        {
            await session.NotNewAsync(approver);
        }

        return result is ApproverResult.ScopesNotGrantable && await session.LacksAsync(context, approver, approve.Approval.Scopes)
            ? ApproverJson.SignInLacksScopes()
            : ApproverJson.Answer(result);
    }

    /// <summary>The approver says no, and claims the code by it.</summary>
    private static async Task<IResult> DenyAsync(
        HttpContext context, ApproverFlow flow, ApproverSession session, RequestLimiter limits, IOptions<DeviceAuthorizationOptions> options)
    {
        if (!(await session.AuthenticateForDecisionAsync(context)).TryGet(out var approver, out var refusal)
            || !(await ApproverJson.ReadDenyAsync(context)).TryGet(out var typed, out refusal))
        {
            return refusal;
        }

        return options.Value.UserCode.TryParse(typed, out var userCode)
            ? await limits.EnterAsync(context, approver, userCode, ApproverJson.TooMany)
                ?? ApproverJson.Answer(await flow.DenyAsync(userCode, approver, context.RequestAborted))
            : ApproverJson.NotFound();
    }

    /// <summary>The device asks for its token: RFC 8628 §3.4 in, §3.5 out.</summary>
    private static async Task<IResult> PollAsync(HttpContext context, DeviceFlow flow, RequestLimiter limits, TimeProvider clock)
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

        var result = poll.DeviceCode is not { } deviceCode // nothing that could be one: no store is asked
            ? PollResult.NotPaired.UnknownCode
            : await flow.PollAsync(
                new PollRequest
                {
                    DeviceCode = deviceCode,
                    ClientId = poll.ClientId,
                    IdempotencyKey = poll.IdempotencyKey,
                    Address = ClientNetwork.AddressOf(context),
                },
                context.RequestAborted);
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
