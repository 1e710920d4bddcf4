using DeviceAuthorization.Flow;
using DeviceAuthorization.RomM;

namespace DeviceAuthorization.Http.Tokens;

/// <summary>Describes the endpoints of tokens for OpenAPI. The scopes that some of them require are settings of the host.</summary>
internal static class TokenDescriptions
{
    private const string Tag = "Client tokens";
    private const string FlowTag = "Device pairing";
    private static readonly DescribedAnswer NoToken = DescribedAnswers.Problem(404, "The caller has no such token.");

    public static readonly EndpointDescription MakeToken = new(
        Tag, "Make a token", "Makes an access token that is bound to no device. Only this answer contains it. Requires a session of the host.")
    {
        Body = typeof(TokenProperties),
        Answers =
        [
            new(201, typeof(ClientTokenSchema), "Made. `raw_token` is the access token."),
            DescribedAnswers.Problem(400, "HTTPS is required, the Authorization header is malformed, or the user has reached the limit of tokens."),
            .. DescribedAnswers.Caller,
            DescribedAnswers.TooLarge(),
            DescribedAnswers.Unprocessable,
            .. DescribedAnswers.Failed,
        ],
    };

    public static readonly EndpointDescription ListTokens = new(Tag, "List the caller's tokens", "Includes device tokens. Never includes `raw_token`.")
    {
        Answers = [new(200, typeof(ClientTokenSchema[]), "The tokens."), DescribedAnswers.BadRequest, .. DescribedAnswers.Caller, .. DescribedAnswers.Failed],
    };

    public static readonly EndpointDescription ChangeToken = new(
        Tag, "Change a live token", "Renames it, removes scopes, or lets it expire sooner. Requires a session of the host.")
    {
        Body = typeof(TokenProperties),
        Answers =
        [
            new(200, typeof(ClientTokenSchema), "The changed token."),
            DescribedAnswers.BadRequest,
            .. DescribedAnswers.Caller,
            NoToken,
            DescribedAnswers.TooLarge(),
            DescribedAnswers.Unprocessable,
            .. DescribedAnswers.Failed,
        ],
    };

    public static readonly EndpointDescription RenewToken = new(
        Tag, "Give a token a new secret", "The old secret is refused at once. Requires a session of the host that has every scope of the token.")
    {
        Answers =
        [
            new(200, typeof(ClientTokenSchema), "Renewed. `raw_token` is the access token."),
            DescribedAnswers.BadRequest,
            .. DescribedAnswers.Caller,
            NoToken,
            .. DescribedAnswers.Failed,
        ],
    };

    public static readonly EndpointDescription RevokeToken = new(Tag, "Revoke a token", "The token is refused at once.")
    {
        Answers = [new(200, typeof(object), "Revoked. The body is null."), DescribedAnswers.BadRequest, .. DescribedAnswers.Caller, NoToken, .. DescribedAnswers.Failed],
    };

    public static readonly EndpointDescription RevokeAllTokens = new(
        Tag,
        "Sign out all devices",
        "Every token of the caller is refused at once, and so is the one that calls. The devices stay in the list. What was approved and not yet fetched gives no token.")
    {
        Answers = [new(204, null, "Revoked."), DescribedAnswers.BadRequest, .. DescribedAnswers.Caller, .. DescribedAnswers.Failed],
    };

    public static readonly EndpointDescription Revoke = new(
        FlowTag,
        "Give a token or a device code back",
        "Token revocation (RFC 7009). The next call with the token is refused. The device stays in its owner's list. "
        + "With a device code as `token`, the device gives up: nobody can approve its pairing any more.")
    {
        MetadataMember = "revocation_endpoint",
        Body = typeof(TokenOfClient),
        MediaTypes = [RequestBody.Form],
        Answers =
        [
            new(200, null, "The token is revoked, or was not live."),
            DescribedAnswers.Errors(
                400,
                DescribedAnswers.InvalidRequest,
                DescribedAnswers.InvalidClient,
                (PairingError.InvalidGrant, "the token or the device code was not issued to this client")),
            DescribedAnswers.WrongBasic,
            DescribedAnswers.FormTooLarge,
            DescribedAnswers.TooManyRequests,
            .. DescribedAnswers.Failed,
        ],
    };

    public static readonly EndpointDescription Introspect = new(
        FlowTag,
        "Ask what a token is",
        "Token introspection (RFC 7662), for registered clients that may ask and that prove their secret. A token that is not live gets `{\"active\":false}`, without a reason.")
    {
        MetadataMember = "introspection_endpoint",
        Body = typeof(TokenOfClient),
        MediaTypes = [RequestBody.Form],
        Answers =
        [
            new(200, typeof(Introspection), "What the token is."),
            DescribedAnswers.Errors(400, DescribedAnswers.InvalidRequest),
            DescribedAnswers.Errors(401, (PairingError.InvalidClient, "the client did not authenticate itself (WWW-Authenticate names the scheme)")),
            DescribedAnswers.Errors(403, (PairingError.UnauthorizedClient, "the client may not ask about tokens")),
            DescribedAnswers.FormTooLarge,
            DescribedAnswers.Errors(429, (PairingError.SlowDown, "too many wrong secrets from this address (Retry-After says when to try again)")),
            .. DescribedAnswers.Failed,
        ],
    };
}
