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
/// The endpoints of the flow. Each parses the request, calls <see cref="DeviceFlow"/> or <see cref="ApproverFlow"/>, and maps the result to an
/// answer. Devices start and poll in either <see cref="IDialect"/>. Approvers review and decide in RomM's JSON.
/// </summary>
internal static class FlowEndpoints
{
    public static RouteGroupBuilder Map(IEndpointRouteBuilder endpoints, string prefix)
    {
        var group = endpoints.MapGroup(prefix);
        var devices = group.MapOwn("", EndpointRole.Flow);
        devices.MapPost("/init", StartAsync).Describe(FlowDescriptions.Start);
        devices.MapPost("/token", PollAsync).Describe(FlowDescriptions.Poll);
        devices.MapPost("/revoke", RevocationEndpoint.RevokeAsync).Describe(TokenDescriptions.Revoke);
        devices.RefuseOtherMethods(HttpMethods.Post, "/init", "/token", "/revoke");
        var approvers = group.MapOwn("", EndpointRole.Approval);
        approvers.MapGet("/pending/{code}", ReviewAsync).Describe(FlowDescriptions.Review);
        approvers.MapPost("/approve", ApproveAsync).Describe(FlowDescriptions.Approve);
        approvers.MapPost("/deny", DenyAsync).Describe(FlowDescriptions.Deny);
        approvers.RefuseOtherMethods(HttpMethods.Get, "/pending/{code}");
        approvers.RefuseOtherMethods(HttpMethods.Post, "/approve", "/deny");
        return group;
    }

    /// <summary>The device starts a pairing: RFC 8628 §3.1 in, §3.2 out.</summary>
    private static async Task<IResult> StartAsync(
        HttpContext context, Dialects dialects, RequestLimiter limits, DeviceFlow flow, PublicAddress address)
    {
        var dialect = dialects.Of(context.Request);
        if (!(await dialect.ReadStartAsync(context)).TryGet(out var request, out var refusal))
        {
            return refusal;
        }

        if (!await limits.TryStartAsync(context, request.ClientId))
        {
            return dialect.TooManyStarts();
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

    /// <summary>The approver reviews a pairing. This claims nothing, but it counts as entering the code, so no other site may cause it.</summary>
    private static Task<IResult> ReviewAsync(
        string code, HttpContext context, CodeEntry entry, ApproverJson json, ApproverFlow flow, ApproverSession session, RequestLimiter limits) =>
        entry.HandleAsync(context, code, async (approver, userCode) =>
        {
            var result = await flow.ReviewAsync(userCode, approver, context.RequestAborted);
            if (result is ApproverResult.Review { Pairing.RequestedScopes: var requested })
            {
                limits.Reviewed(context, approver, userCode);
                await session.WarnIfLimitedAsync(context, approver, requested);
            }

            return json.Answer(result);
        });

    /// <summary>The approver approves. They need not have claimed the code first.</summary>
    private static Task<IResult> ApproveAsync(HttpContext context, CodeEntry entry, ApproverJson json, ApproverFlow flow, ApproverSession session) =>
        entry.HandleAsync(context, json.ReadApprovalAsync, async (approver, userCode, approval) =>
        {
            var result = await flow.ApproveAsync(userCode, approver, approval!, context.RequestAborted);
            if (result is ApproverResult.Refused { Reason: ApproverRefusal.StepUpRequired } && approver.SignedInAt is null)
            {
                await session.WarnNotNewAsync(approver);
            }

            return result is ApproverResult.Refused { Reason: ApproverRefusal.ScopesNotGrantable } && await session.WarnIfLimitedAsync(context, approver, approval!.Scopes)
                ? Problems.SignInLacksScopes()
                : json.Answer(result);
        });

    /// <summary>The approver denies. They need not have claimed the code first.</summary>
    private static Task<IResult> DenyAsync(HttpContext context, CodeEntry entry, ApproverJson json, ApproverFlow flow) =>
        entry.HandleAsync(context, ApproverJson.ReadDenialAsync, async (approver, userCode, _) =>
            json.Answer(await flow.DenyAsync(userCode, approver, context.RequestAborted)));

    /// <summary>The device polls for its token: RFC 8628 §3.4 in, §3.5 out.</summary>
    private static async ValueTask<IResult> PollAsync(
        HttpContext context, Dialects dialects, RequestLimiter limits, DeviceFlow flow, Telemetry telemetry, TimeProvider clock,
        IOptions<DeviceAuthorizationOptions> options)
    {
        var dialect = dialects.Of(context.Request);
        if (!(await dialect.ReadPollAsync(context)).TryGet(out var poll, out var refusal))
        {
            return refusal;
        }

        if (!await limits.TryPollAsync(context))
        {
            return dialect.TooManyPolls();
        }

        var wait = PollWait.AskedBy(context.Request, options.Value.MaxPollWait);
        var result = poll.DeviceCode is { } deviceCode
            ? await flow.PollAsync(
                new PollRequest
                {
                    DeviceCode = deviceCode,
                    ClientId = poll.ClientId,
                    IdempotencyKey = poll.IdempotencyKey,
                    Address = ClientNetwork.AddressOf(context),
                    Wait = wait,
                },
                context.RequestAborted)
            : PollResult.NotPaired.UnknownCode; // the text cannot be a device code, so no store is asked
        telemetry.Polled(result switch
        {
            PollResult.NotPaired { Error: PairingError.AuthorizationPending } => "authorization_pending", // most polls
            PollResult.NotPaired { IsUnknownCode: true } => "unknown_code",
            PollResult.NotPaired { Error: var error } => error.ToWire(),
            _ => "paired",
        });
        switch (result)
        {
            case PollResult.Paired paired:
                return dialect.Paired(paired, clock.Now());
            case PollResult.NotPaired { IsUnknownCode: true } when !await limits.TryPollInVainAsync(context):
                return dialect.TooManyPolls();
            case PollResult.NotPaired { Interval: { } interval } tooEarly:
                EndpointGuard.RetryAfter(context, interval);
                return dialect.NotPaired(tooEarly);
            case PollResult.NotPaired notPaired:
                if (notPaired.WasHeld)
                {
                    PollWait.Applied(context.Response, wait);
                }

                return dialect.NotPaired(notPaired);
            default:
                throw new UnreachableException();
        }
    }
}

/// <summary>The dialects that devices speak. The media type of the request says which; RFC 8628's is the default.</summary>
internal sealed class Dialects(FormDialect form, JsonDialect json)
{
    public IDialect Of(HttpRequest request) => RequestBody.IsJson(request) ? json : form;
}
