using DeviceAuthorization.RomM;

namespace DeviceAuthorization.Http.Flow;

/// <summary>Describes the endpoints of the flow for OpenAPI. Each endpoint lists the error codes that it can answer.</summary>
internal static class FlowDescriptions
{
    private const string Tag = "Device pairing";

    public static readonly EndpointDescription Start = new(
        Tag,
        "Start a pairing",
        "The device authorization request (RFC 8628, section 3.1): a form, or JSON from RomM's clients. The device then shows the user code, or the "
        + "link as a QR code, and polls the token endpoint with the device code.")
    {
        MetadataMember = "device_authorization_endpoint",
        Body = typeof(PairingStart),
        MediaTypes = [RequestBody.Form, RequestBody.Json],
        Answers =
        [
            new(200, typeof(OAuthStarted), "Started by a form."),
            new(201, typeof(RomMStarted), "Started by JSON."),
            DescribedAnswers.Errors(
                400,
                DescribedAnswers.InvalidRequest,
                DescribedAnswers.InvalidClient,
                (PairingError.InvalidScope, "a scope is unknown or malformed"),
                (PairingError.UnauthorizedClient, "the host does not let this device pair, or requires number matching")),
            DescribedAnswers.WrongBasic,
            DescribedAnswers.Problem(403, "JSON: the host does not let this device pair, or requires number matching."),
            DescribedAnswers.FormTooLarge,
            DescribedAnswers.Unprocessable,
            DescribedAnswers.TooManyRequests,
            .. DescribedAnswers.Failed,
        ],
    };

    public static readonly EndpointDescription Review = new(
        Tag,
        "Review a pairing",
        "Finds the pairing by its user code. Changes nothing. Requires a session of the host.")
    {
        Answers =
        [
            new(200, typeof(RomMPending), "The device, the scopes that it requests, and those that this approver can grant."),
            DescribedAnswers.Https,
            DescribedAnswers.NotSignedIn,
            new(403, typeof(ApprovalProblem), "The caller has a device token, the request comes from another site, or number matching is in progress on the page."),
            DescribedAnswers.UnknownCode,
            DescribedAnswers.Decided,
            DescribedAnswers.TooManyCodes,
            .. DescribedAnswers.Failed,
        ],
    };

    public static readonly EndpointDescription Approve = new(
        Tag,
        "Approve a pairing",
        "Registers the device, which gets its token with its next poll. Requires a session of the host and a request from its own site.")
    {
        Body = typeof(PairingApproval),
        Answers =
        [
            new(200, typeof(RomMApproved), "Approved."),
            DescribedAnswers.Problem(400, "HTTPS is required, or the approver has reached the limit of devices or tokens. Remove one, and approve again."),
            DescribedAnswers.NotSignedIn,
            new(
                403,
                typeof(ApprovalProblem),
                "The caller has a device token, or the request comes from another site. Or the approver cannot grant the scopes, must sign in again, must "
                + "approve with number matching on the page, or cannot approve this pairing."),
            DescribedAnswers.UnknownCode,
            DescribedAnswers.Decided,
            DescribedAnswers.TooLarge(),
            DescribedAnswers.Unprocessable,
            DescribedAnswers.TooManyCodes,
            .. DescribedAnswers.Failed,
        ],
    };

    public static readonly EndpointDescription Deny = new(
        Tag,
        "Deny a pairing",
        "The next poll of the device gets `access_denied`. Requires a session of the host and a request from its own site.")
    {
        Body = typeof(PairingDenial),
        Answers =
        [
            new(200, typeof(object), "Denied. The body is null."),
            DescribedAnswers.Https,
            DescribedAnswers.NotSignedIn,
            DescribedAnswers.Problem(403, "The caller has a device token, or the request comes from another site."),
            DescribedAnswers.UnknownCode,
            DescribedAnswers.Decided,
            DescribedAnswers.TooLarge(),
            DescribedAnswers.Unprocessable,
            DescribedAnswers.TooManyCodes,
            .. DescribedAnswers.Failed,
        ],
    };

    public static readonly EndpointDescription Poll = new(
        Tag,
        "Poll for the token",
        "The device access token request (RFC 8628, section 3.4): a form, or JSON from RomM's clients. The device repeats it every `interval` seconds. "
        + "If an answer is lost, a device that sends an `Idempotency-Key` header can get the same token again for one minute. "
        + "With `Prefer: wait=25` (RFC 7240) the answer waits up to 25 seconds for the decision. If it waited, it has `Preference-Applied`, and the device may poll again at once.")
    {
        MetadataMember = "token_endpoint",
        Body = typeof(PairingPoll),
        MediaTypes = [RequestBody.Form, RequestBody.Json],
        Answers =
        [
            new(200, typeof(RomMPaired), "Approved. The answer has the access token."),
            DescribedAnswers.Errors(
                400,
                (PairingError.AuthorizationPending, "nobody has decided yet, or the approver must still choose the number or has reached the limit of devices or tokens (poll again)"),
                (PairingError.SlowDown, "the device polled too early (`interval` and Retry-After give the longer interval)"),
                (PairingError.AccessDenied, "the approver denied the pairing"),
                (PairingError.ExpiredToken, "the pairing expired (for JSON also: the device code is unknown or used)"),
                (PairingError.InvalidGrant, "the device code is unknown, used, withdrawn, or that of another client, or its approval has ended"),
                DescribedAnswers.InvalidRequest,
                DescribedAnswers.InvalidClient,
                (PairingError.UnsupportedGrantType, "the grant type is not that of device codes")),
            DescribedAnswers.WrongBasic,
            DescribedAnswers.FormTooLarge,
            DescribedAnswers.Unprocessable,
            DescribedAnswers.Errors(429, (PairingError.SlowDown, "too many polls, or polls with unknown device codes, from this address (Retry-After says when to try again)")),
            .. DescribedAnswers.Failed,
        ],
    };
}
