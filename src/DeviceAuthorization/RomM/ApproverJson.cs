using System.Diagnostics;
using DeviceAuthorization.Http;
using DeviceAuthorization.Rules;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.RomM;

/// <summary>Reads and writes the messages of approvers, in RomM's JSON.</summary>
internal sealed class ApproverJson(IOptions<DeviceAuthorizationOptions> options)
{
    private const int LongestUserCode = 32;

    private readonly DeviceAuthorizationOptions _options = options.Value;

    public async Task<Parsed<EnteredCode>> ReadApprovalAsync(HttpRequest request)
    {
        if (!(await JsonBody.ReadAsync(request, RomMJson.Default.PairingApproval)).TryGet(out var approval, out var refusal))
        {
            return Parsed.Refuse<EnteredCode>(refusal);
        }

        if (approval.UserCode is not { Length: > 0 and <= LongestUserCode }
            || approval.ApprovedScopes is not { Count: <= ScopeParameter.MaxScopes } scopes
            || !scopes.All(ScopeParameter.IsToken)
            || (scopes.Count == 0 && _options.Scopes.Count > 0)
            || !ReportedText.TryClean(approval.DeviceName, ReportedDeviceReader.MaxLong, out var deviceName))
        {
            return JsonBody.Refuse<EnteredCode>(
                "user_code and approved_scopes are required, device_name is at most 255 characters without control characters.");
        }

        return TokenLifetimes.TryParse(_options, approval.ExpiresIn, out var lifetime)
            ? new EnteredCode(approval.UserCode, new Approval { Scopes = scopes!, DeviceName = deviceName, TokenLifetime = lifetime, AsNewDevice = approval.AsNewDevice == true })
            : JsonBody.Refuse<EnteredCode>(TokenLifetimes.Problem(_options));
    }

    public static async Task<Parsed<EnteredCode>> ReadDenialAsync(HttpRequest request)
    {
        if (!(await JsonBody.ReadAsync(request, RomMJson.Default.PairingDenial)).TryGet(out var denial, out var refusal))
        {
            return Parsed.Refuse<EnteredCode>(refusal);
        }

        return denial.UserCode is { Length: > 0 and <= LongestUserCode } typed ? new EnteredCode(typed) : JsonBody.Refuse<EnteredCode>("user_code is required.");
    }

    public IResult Answer(ApproverResult result) => result switch
    {
        ApproverResult.Review { Pairing: var pairing, KnownDevice: var known } review => TypedResults.Json(
            new RomMPending(
                pairing.Device.Identifier,
                pairing.Device.Name,
                pairing.ClientId,
                pairing.Device.Platform,
                pairing.Device.ClientVersion,
                pairing.RequestedScopes,
                review.GrantableScopes,
                pairing.ExpiresAt,
                known is null ? null : new RomMApproved(known.Id, known.Name),
                review.IsTokenLimitReached),
            RomMJson.Default.RomMPending),
        ApproverResult.Approved { Device: var device } => TypedResults.Json(new RomMApproved(device.Id, device.Name), RomMJson.Default.RomMApproved),
        ApproverResult.Denied => TypedResults.Text("null", RequestBody.Json),
        ApproverResult.AlreadyDecided { Pairing.Status: PairingStatus.Matching } or ApproverResult.ChooseNumber => Answer(ApproverRefusal.NumberRequired),
        ApproverResult.AlreadyDecided { Pairing.Status: PairingStatus.Approved or PairingStatus.Redeemed } => Problems.Detail(StatusCodes.Status410Gone, "Code already approved"),
        ApproverResult.AlreadyDecided { Pairing.Status: PairingStatus.Withdrawn } => Problems.Detail(StatusCodes.Status410Gone, "The device gave up"),
        ApproverResult.AlreadyDecided => Problems.Detail(StatusCodes.Status410Gone, "Code already denied"),
        ApproverResult.Refused { Reason: var reason } => Answer(reason),
        _ => throw new UnreachableException(),
    };

    private IResult Answer(ApproverRefusal reason) => reason switch
    {
        ApproverRefusal.NotFound => NotFound(),
        ApproverRefusal.Forbidden => Problems.Forbidden(),
        ApproverRefusal.ScopesNotGrantable => Refused("Approved scopes exceed what's allowed for this user"),
        ApproverRefusal.StepUpRequired => Refused("Sign in again before you approve this device.", "insufficient_user_authentication"),
        ApproverRefusal.NumberRequired => Refused("Approve this device on the page: its number must be compared.", "number_required"),
        ApproverRefusal.Blocked => Refused("This request cannot be approved.", "blocked"),
        ApproverRefusal.TokenLimitReached => LimitReached(_options.MaxTokensPerUser, "tokens"),
        ApproverRefusal.DeviceLimitReached => LimitReached(_options.MaxDevicesPerUser, "devices"),
        _ => throw new UnreachableException(),
    };

    /// <summary>The code is unknown, or the text cannot be a code.</summary>
    public static IResult NotFound() => Problems.Detail(StatusCodes.Status404NotFound, "Unknown or expired code");

    public static IResult TooMany() => Problems.Detail(StatusCodes.Status429TooManyRequests, "Too many attempts. Try again later.");

    /// <summary>RomM's text for its limit of tokens, also used for devices.</summary>
    public static IResult LimitReached(int limit, string things) => Problems.Detail(StatusCodes.Status400BadRequest, $"Maximum of {limit} {things} per user reached");

    /// <param name="error">What an app must tell apart: the first is a word of RFC 9470, the others are ours.</param>
    private static JsonHttpResult<ApprovalProblem> Refused(string detail, string? error = null) =>
        TypedResults.Json(new ApprovalProblem(detail, error), RomMJson.Default.ApprovalProblem, statusCode: StatusCodes.Status403Forbidden);
}

/// <summary>A user code as the approver typed it, and their approval.</summary>
/// <param name="Typed">The text, which may not be a user code.</param>
/// <param name="Approval">Null if they do not approve.</param>
internal sealed record EnteredCode(string Typed, Approval? Approval = null);
