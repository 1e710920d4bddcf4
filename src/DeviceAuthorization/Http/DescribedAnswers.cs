namespace DeviceAuthorization.Http;

/// <summary>Answers that several endpoints describe.</summary>
internal static class DescribedAnswers
{
    public static readonly DescribedAnswer Https = Problem(400, "HTTPS is required.");

    public static readonly DescribedAnswer BadRequest = Problem(400, "HTTPS is required, or the Authorization header is malformed.");

    public static readonly DescribedAnswer NotSignedIn = Problem(401, "Nobody is signed in.");

    /// <summary>Of endpoints for people and devices.</summary>
    public static readonly DescribedAnswer[] Caller =
    [
        Problem(401, "Nobody is signed in, or the token is not valid; WWW-Authenticate says which."),
        Problem(403, "The account or the token lacks a scope, a token calls what is for people, or another site does."),
    ];

    public static readonly DescribedAnswer UnknownCode = Problem(404, "The code is unknown, expired, or somebody else's.");

    public static readonly DescribedAnswer Decided = Problem(410, "The caller has decided already.");

    public static readonly DescribedAnswer Unprocessable = Problem(422, "The JSON has another shape, or a value that does not fit; `detail` says which.");

    public static readonly DescribedAnswer WrongBasic =
        Errors(401, (PairingError.InvalidClient, "the client authenticates by HTTP Basic, and wrongly; WWW-Authenticate says how"));

    public static readonly DescribedAnswer TooManyCodes = Problem(429, "Too many user codes from this account or address; Retry-After says when to try again.");

    public static readonly DescribedAnswer Unavailable = Problem(503, "Temporarily unavailable, without an error code; Retry-After says when to try again.");

    public static DescribedAnswer TooLarge(int kilobytes = 16) => Problem(413, $"The body is larger than {kilobytes} KiB.");

    public static DescribedAnswer Problem(int status, string words) => new(status, typeof(PairingProblem), words);

    /// <summary>One of these codes: in a list, each with what it means.</summary>
    public static DescribedAnswer Errors(int status, params (PairingError Error, string Words)[] errors) =>
        Problem(status, string.Join("; ", errors.Select(error => $"`{error.Error.ToWire()}`: {error.Words}")) + ".");
}
