using DeviceAuthorization.RomM;

namespace DeviceAuthorization.Http.Flow;

/// <summary>Describes the endpoints of the flow for OpenAPI. Each endpoint lists the error codes that it gives.</summary>
internal static class FlowDescriptions
{
    private const string Tag = "Device pairing";

    public static readonly EndpointDescription Start = new(
        Tag,
        "A device asks to be paired",
        "The device authorization request (RFC 8628, section 3.1), as a form; RomM's clients send JSON. The device shows the user code, or the link "
        + "as a QR code, and polls the token endpoint with the device code.")
    {
        MetadataMember = "device_authorization_endpoint",
        Body = typeof(PairingStart),
        MediaTypes = [RequestBody.Form, RequestBody.Json],
        Answers =
        [
            new(200, typeof(OAuthStarted), "Started; the request was a form."),
            new(201, typeof(RomMStarted), "Started; the request was JSON."),
            DescribedAnswers.Errors(
                400,
                (PairingError.InvalidRequest, "a parameter is missing, repeated or malformed, the media type is another, or HTTPS is required"),
                (PairingError.InvalidClient, "the client is not registered, or does not prove who it is"),
                (PairingError.InvalidScope, "a scope is unknown or malformed"),
                (PairingError.UnauthorizedClient, "the host does not let this device pair, or pairs only those that can show a number")),
            DescribedAnswers.WrongBasic,
            DescribedAnswers.Problem(403, "The host does not let this device pair, or pairs only those that can show a number; the request was JSON."),
            DescribedAnswers.Errors(413, (PairingError.InvalidRequest, "the body is larger than 16 KiB")),
            DescribedAnswers.Unprocessable,
            DescribedAnswers.Errors(429, (PairingError.SlowDown, "too many requests from this address; Retry-After says when")),
            DescribedAnswers.Unavailable,
        ],
    };

    public static readonly EndpointDescription Review = new(
        Tag,
        "An approver looks a pairing up",
        "By its user code. Changes nothing. For people with a session of the host.")
    {
        Answers =
        [
            new(200, typeof(RomMPending), "What asks, for which scopes, and which of them this approver can grant."),
            DescribedAnswers.Https,
            DescribedAnswers.NotSignedIn,
            DescribedAnswers.Problem(403, "A device token, or the page is asking for the number that the device shows."),
            DescribedAnswers.UnknownCode,
            DescribedAnswers.Decided,
            DescribedAnswers.TooManyCodes,
            DescribedAnswers.Unavailable,
        ],
    };

    public static readonly EndpointDescription Approve = new(
        Tag,
        "An approver says yes",
        "The device is registered, and gets its token with its next poll. For people with a session of the host, from the host's own site.")
    {
        Body = typeof(PairingApproval),
        Answers =
        [
            new(200, typeof(RomMApproved), "Approved."),
            DescribedAnswers.Problem(400, "HTTPS is required, or the approver has reached the limit of devices or tokens: remove one, and approve again."),
            DescribedAnswers.NotSignedIn,
            DescribedAnswers.Problem(403, "A device token, another site, scopes that this approver cannot grant, or a pairing that needs a fresh sign-in, a number to be compared on the page, or cannot be approved."),
            DescribedAnswers.UnknownCode,
            DescribedAnswers.Decided,
            DescribedAnswers.TooLarge(),
            DescribedAnswers.Unprocessable,
            DescribedAnswers.TooManyCodes,
            DescribedAnswers.Unavailable,
        ],
    };

    public static readonly EndpointDescription Deny = new(
        Tag,
        "An approver says no",
        "The device hears `access_denied` with its next poll. For people with a session of the host, from the host's own site.")
    {
        Body = typeof(PairingDenial),
        Answers =
        [
            new(200, typeof(object), "Denied; the body is null."),
            DescribedAnswers.Https,
            DescribedAnswers.NotSignedIn,
            DescribedAnswers.Problem(403, "A device token, or another site."),
            DescribedAnswers.UnknownCode,
            DescribedAnswers.Decided,
            DescribedAnswers.TooLarge(),
            DescribedAnswers.Unprocessable,
            DescribedAnswers.TooManyCodes,
            DescribedAnswers.Unavailable,
        ],
    };

    public static readonly EndpointDescription Poll = new(
        Tag,
        "A device asks for its token",
        "The device access token request (RFC 8628, section 3.4), as a form; RomM's clients send JSON. Repeated every `interval` seconds. With an "
        + "`Idempotency-Key` header a device whose answer was lost gets the same token again, for a minute.")
    {
        MetadataMember = "token_endpoint",
        Body = typeof(PairingPoll),
        MediaTypes = [RequestBody.Form, RequestBody.Json],
        Answers =
        [
            new(200, typeof(RomMPaired), "Approved: the token."),
            DescribedAnswers.Errors(
                400,
                (PairingError.AuthorizationPending, "nobody has decided yet, or the approver has as many tokens as there may be: poll again"),
                (PairingError.SlowDown, "too early: the interval is longer from now on, see `interval` and Retry-After"),
                (PairingError.AccessDenied, "the approver said no"),
                (PairingError.ExpiredToken, "the pairing ended without a token; for JSON also an unknown or used device code"),
                (PairingError.InvalidGrant, "the device code is unknown, used, or another client's"),
                (PairingError.InvalidRequest, "a parameter is missing, repeated or malformed, the media type is another, or HTTPS is required"),
                (PairingError.InvalidClient, "the client is not registered, or does not prove who it is"),
                (PairingError.UnsupportedGrantType, "another grant than the device code's")),
            DescribedAnswers.WrongBasic,
            DescribedAnswers.Errors(413, (PairingError.InvalidRequest, "the body is larger than 16 KiB")),
            DescribedAnswers.Unprocessable,
            DescribedAnswers.Errors(429, (PairingError.SlowDown, "too many polls with unknown device codes from this address; Retry-After says when")),
            DescribedAnswers.Unavailable,
        ],
    };
}
