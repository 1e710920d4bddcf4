namespace DeviceAuthorization.Http;

/// <summary>Answers that several endpoints share.</summary>
internal static class DescribedAnswers
{
    public static readonly DescribedAnswer Https = Problem(400, "HTTPS is required.");

    public static readonly DescribedAnswer BadRequest = Problem(400, "HTTPS is required, or the Authorization header is malformed.");

    public static readonly DescribedAnswer NotSignedIn = Problem(401, "Nobody is signed in.");

    /// <summary>For endpoints that people and devices call.</summary>
    public static readonly DescribedAnswer[] Caller =
    [
        Problem(401, "Nobody is signed in, or the token is not valid. WWW-Authenticate says which."),
        Problem(403, "The account or the token lacks a scope, a token calls an endpoint for people, or the request comes from another site."),
    ];

    public static readonly DescribedAnswer UnknownCode = Problem(404, "The code is unknown or expired, or another user entered it.");

    public static readonly DescribedAnswer Decided = Problem(410, "The caller has already decided.");

    public static readonly DescribedAnswer Unprocessable = Problem(422, "The JSON has the wrong shape or an invalid value. `detail` says which.");

    public static readonly DescribedAnswer WrongBasic =
        Errors(401, (PairingError.InvalidClient, "HTTP Basic authentication failed (WWW-Authenticate names the scheme)"));

    public static readonly DescribedAnswer FormTooLarge = Errors(413, (PairingError.InvalidRequest, "the body is larger than 16 KiB"));

    public static readonly DescribedAnswer TooManyRequests =
        Errors(429, (PairingError.SlowDown, "too many requests from this address (Retry-After says when to try again)"));

    public static readonly DescribedAnswer TooManyCodes = Problem(429, "This account or address entered too many user codes. Retry-After says when to try again.");

    public static readonly DescribedAnswer[] Failed =
    [
        Problem(500, "The server has a fault that waiting does not end, with no error code. Its log says which."),
        Problem(503, "Temporarily unavailable, with no error code. Retry-After says when to try again."),
    ];

    /// <summary>The error of every form that cannot be read.</summary>
    public static (PairingError Error, string Words) InvalidRequest =>
        (PairingError.InvalidRequest, "a parameter is missing, repeated or malformed, the media type is wrong, or HTTPS is required");

    /// <summary>The error of every form whose client is unknown.</summary>
    public static (PairingError Error, string Words) InvalidClient =>
        (PairingError.InvalidClient, "the client is not registered, or did not authenticate itself");

    public static DescribedAnswer TooLarge(int kilobytes = 16) => Problem(413, $"The body is larger than {kilobytes} KiB.");

    public static DescribedAnswer Problem(int status, string words) => new(status, typeof(PairingProblem), words);

    /// <summary>An answer with one of several error codes, and what each means.</summary>
    public static DescribedAnswer Errors(int status, params (PairingError Error, string Words)[] errors) =>
        Problem(status, string.Join("; ", errors.Select(error => $"`{error.Error.ToWire()}`: {error.Words}")) + ".");
}
