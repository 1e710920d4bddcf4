using System.Diagnostics;
using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Http;
using DeviceAuthorization.Http.Devices;
using DeviceAuthorization.Http.Flow;
using DeviceAuthorization.Rules;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.RomM;

/// <summary>What approvers send and get, in RomM's JSON.</summary>
internal static class ApproverJson
{
    private const int LongestUserCode = 32;

    public static async Task<Parsed<ApproveMessage>> ReadApproveAsync(HttpContext context)
    {
        if (!(await JsonDialect.ReadAsync(context.Request, WireJson.Default.RomMApprove)).TryGet(out var approve, out var unread))
        {
            return Parsed.Refuse<ApproveMessage>(unread);
        }

        var options = context.RequestServices.GetRequiredService<IOptions<DeviceAuthorizationOptions>>().Value;
        if (approve.UserCode is not { Length: > 0 and <= LongestUserCode }
            || approve.ApprovedScopes is not { Count: <= ScopeParameter.MaxScopes } scopes
            || !scopes.All(ScopeParameter.IsToken)
            || (scopes.Count == 0 && options.Scopes.Count > 0)
            || !ReportedText.TryClean(approve.DeviceName, ReportedDeviceReader.MaxLong, out var deviceName))
        {
            return JsonDialect.Refuse<ApproveMessage>(
                "user_code and approved_scopes are required, device_name is at most 255 characters without control characters.");
        }

        return TokenLifetimes.TryParse(options, approve.ExpiresIn, out var lifetime)
            ? new ApproveMessage(approve.UserCode, new Approval { Scopes = scopes!, DeviceName = deviceName, TokenLifetime = lifetime, AsNewDevice = approve.AsNewDevice == true })
            : JsonDialect.Refuse<ApproveMessage>(TokenLifetimes.Problem(options));
    }

    public static async Task<Parsed<string>> ReadDenyAsync(HttpContext context)
    {
        if (!(await JsonDialect.ReadAsync(context.Request, WireJson.Default.RomMDeny)).TryGet(out var deny, out var unread))
        {
            return Parsed.Refuse<string>(unread);
        }

        return deny.UserCode is { Length: > 0 and <= LongestUserCode } userCode ? userCode : JsonDialect.Refuse<string>("user_code is required.");
    }

    public static IResult Answer(ApproverResult result) => result switch
    {
        ApproverResult.Review { Pairing: var pairing, GrantableScopes: var grantable, KnownDevice: var known } review => TypedResults.Json(
            new RomMPending(
                pairing.Device.Identifier,
                pairing.Device.Name,
                pairing.ClientId,
                pairing.Device.Platform,
                pairing.Device.ClientVersion,
                pairing.RequestedScopes,
                grantable,
                pairing.ExpiresAt,
                known is null ? null : new RomMApproved(known.Id, known.Name),
                review.IsTokenLimitReached),
            WireJson.Default.RomMPending),
        ApproverResult.Approved { Device: var device } =>
            TypedResults.Json(new RomMApproved(device.Id, device.Name), WireJson.Default.RomMApproved),
        ApproverResult.Denied => TypedResults.Text("null", "application/json"),
        ApproverResult.AlreadyDecided { Status: PairingStatus.Matching } or ApproverResult.ChooseNumber or ApproverResult.NumberRequired =>
            JsonDialect.Error(StatusCodes.Status403Forbidden, "Approve this device on the page: its number must be compared."),
        ApproverResult.AlreadyDecided { Status: PairingStatus.Approved or PairingStatus.Redeemed } =>
            JsonDialect.Error(StatusCodes.Status410Gone, "Code already approved"),
        ApproverResult.AlreadyDecided => JsonDialect.Error(StatusCodes.Status410Gone, "Code already denied"),
        ApproverResult.NotFound => NotFound(),
        ApproverResult.ScopesNotGrantable => JsonDialect.Error(
            StatusCodes.Status403Forbidden, "Approved scopes exceed what's allowed for this user"),
        ApproverResult.StepUpRequired => JsonDialect.Error(StatusCodes.Status403Forbidden, "Sign in again before you approve this device."),
        ApproverResult.Blocked => JsonDialect.Error(StatusCodes.Status403Forbidden, "This request cannot be approved."),
        ApproverResult.TokenLimitReached { Limit: var limit } => TokenLimitReached(limit),
        ApproverResult.DeviceLimitReached { Limit: var limit } => DeviceEndpoints.LimitReached(limit),
        ApproverResult.Forbidden => Forbidden(),
        _ => throw new UnreachableException(),
    };

    /// <summary>A code that is unknown, or that cannot be one.</summary>
    public static IResult NotFound() => JsonDialect.Error(StatusCodes.Status404NotFound, "Unknown or expired code");

    public static IResult NotAuthenticated(HttpContext context)
    {
        context.Response.Headers.WWWAuthenticate = "Bearer realm=\"DeviceAuthorization\""; // as RomM; a 401 must name a scheme
        return JsonDialect.Error(StatusCodes.Status401Unauthorized, "Not authenticated");
    }

    public static IResult TooMany() => JsonDialect.Error(StatusCodes.Status429TooManyRequests, "Too many attempts. Try again later.");

    /// <summary>It is not the account that lacks them.</summary>
    public static IResult SignInLacksScopes() => JsonDialect.Error(StatusCodes.Status403Forbidden, "Your sign-in lacks the scopes for this.");

    public static IResult Forbidden() => JsonDialect.Error(StatusCodes.Status403Forbidden, "Forbidden");

    /// <summary>In RomM's words, which it has for tokens made by hand.</summary>
    public static IResult TokenLimitReached(int limit) => JsonDialect.Error(StatusCodes.Status400BadRequest, $"Maximum of {limit} tokens per user reached");
}

/// <summary>An approval as read.</summary>
internal sealed record ApproveMessage(string UserCode, Approval Approval);
