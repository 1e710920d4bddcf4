using DeviceAuthorization.Flow;
using DeviceAuthorization.RomM;

namespace DeviceAuthorization.Http.Tokens;

/// <summary>Describes the endpoints of tokens for OpenAPI. The scopes that some of them need are settings.</summary>
internal static class TokenDescriptions
{
    private const string Tag = "Client tokens";
    private const string FlowTag = "Device pairing";
    private static readonly DescribedAnswer NoToken = DescribedAnswers.Problem(404, "The caller has no such token.");

    public static readonly EndpointDescription MakeToken = new(
        Tag, "Make a token", "Bound to no device. It is shown in this answer and nowhere else. For people with a session.")
    {
        Body = typeof(TokenProperties),
        Answers =
        [
            new(201, typeof(ClientTokenSchema), "Made; `raw_token` is the token."),
            DescribedAnswers.Problem(400, "HTTPS is required, the Authorization header is malformed, or the user has as many tokens as there may be."),
            .. DescribedAnswers.Caller,
            DescribedAnswers.TooLarge(),
            DescribedAnswers.Unprocessable,
            DescribedAnswers.Unavailable,
        ],
    };

    public static readonly EndpointDescription ListTokens = new(Tag, "List the caller's tokens", "Those of devices, too; without the tokens themselves.")
    {
        Answers = [new(200, typeof(ClientTokenSchema[]), "The tokens."), DescribedAnswers.BadRequest, .. DescribedAnswers.Caller, DescribedAnswers.Unavailable],
    };

    public static readonly EndpointDescription ChangeToken = new(
        Tag, "Change a live token", "Rename it, take scopes away, let it end sooner. For people with a session.")
    {
        Body = typeof(TokenProperties),
        Answers =
        [
            new(200, typeof(ClientTokenSchema), "The token as it is now."),
            DescribedAnswers.BadRequest,
            .. DescribedAnswers.Caller,
            NoToken,
            DescribedAnswers.TooLarge(),
            DescribedAnswers.Unprocessable,
            DescribedAnswers.Unavailable,
        ],
    };

    public static readonly EndpointDescription RenewToken = new(
        Tag, "Give a token a new secret", "The old one is refused at once. For people with a session that has every scope of the token.")
    {
        Answers =
        [
            new(200, typeof(ClientTokenSchema), "Renewed; `raw_token` is the token."),
            DescribedAnswers.BadRequest,
            .. DescribedAnswers.Caller,
            NoToken,
            DescribedAnswers.Unavailable,
        ],
    };

    public static readonly EndpointDescription RevokeToken = new(Tag, "Revoke a token", "It is refused at once.")
    {
        Answers = [new(200, typeof(object), "Revoked; the body is null."), DescribedAnswers.BadRequest, .. DescribedAnswers.Caller, NoToken, DescribedAnswers.Unavailable],
    };

    public static readonly EndpointDescription Revoke = new(
        FlowTag,
        "A client gives its token back",
        "Token revocation (RFC 7009). The next call with the token is refused; the device stays in its owner's list.")
    {
        MetadataMember = "revocation_endpoint",
        Body = typeof(TokenOfClient),
        MediaTypes = [RequestBody.Form],
        Answers =
        [
            new(200, null, "Revoked, or no live token of anybody."),
            DescribedAnswers.Errors(
                400,
                (PairingError.InvalidRequest, "a parameter is missing, repeated or malformed, the media type is another, or HTTPS is required"),
                (PairingError.InvalidClient, "the client is not registered, or does not prove who it is"),
                (PairingError.InvalidGrant, "the token was not issued to this client")),
            DescribedAnswers.WrongBasic,
            DescribedAnswers.Errors(413, (PairingError.InvalidRequest, "the body is larger than 16 KiB")),
            DescribedAnswers.Errors(429, (PairingError.SlowDown, "too many requests from this address; Retry-After says when")),
            DescribedAnswers.Unavailable,
        ],
    };

    public static readonly EndpointDescription Introspect = new(
        FlowTag,
        "An API asks what a token is",
        "Token introspection (RFC 7662), for registered clients that may ask, by their secret. What is not live is `{\"active\":false}`, without a reason.")
    {
        MetadataMember = "introspection_endpoint",
        Body = typeof(TokenOfClient),
        MediaTypes = [RequestBody.Form],
        Answers =
        [
            new(200, typeof(Introspection), "What the token is."),
            DescribedAnswers.Errors(400, (PairingError.InvalidRequest, "a parameter is missing, repeated or malformed, the media type is another, or HTTPS is required")),
            DescribedAnswers.Errors(401, (PairingError.InvalidClient, "the client does not prove who it is; WWW-Authenticate says how")),
            DescribedAnswers.Errors(403, (PairingError.UnauthorizedClient, "the client may not ask about tokens")),
            DescribedAnswers.Errors(413, (PairingError.InvalidRequest, "the body is larger than 16 KiB")),
            DescribedAnswers.Errors(429, (PairingError.SlowDown, "too many wrong secrets from this address; Retry-After says when")),
            DescribedAnswers.Unavailable,
        ],
    };
}
