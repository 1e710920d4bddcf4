using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DeviceAuthorization.Http;

/// <summary>The answers to requests that fail. RFC 8628 clients send forms and read OAuth's errors; RomM's clients send JSON and read <c>detail</c>.</summary>
internal static class Problems
{
    /// <summary>An error of OAuth (RFC 6749 §5.2).</summary>
    public static IResult OAuth(
        PairingError error, string? description = null, int status = StatusCodes.Status400BadRequest, int? interval = null, int? number = null) =>
        Answer(new PairingProblem(Error: error, Description: description, Interval: interval, MatchNumber: number), status);

    /// <summary>RomM's <c>{"detail": …}</c>.</summary>
    public static IResult Detail(int status, string detail) => Answer(new PairingProblem(detail), status);

    /// <summary>RomM's <c>{"detail": …}</c> with OAuth's error in it. Its clients search the body for the error's word.</summary>
    public static IResult Detail(PairingError error, int? interval = null, int? number = null) =>
        Answer(new PairingProblem(error.ToWire(), error, Interval: interval, MatchNumber: number), StatusCodes.Status400BadRequest);

    /// <summary>The error in the format that the sender of the request reads.</summary>
    public static IResult Of(HttpRequest request, int status, string description) =>
        RequestBody.IsJson(request) ? Detail(status, description) : OAuth(PairingError.InvalidRequest, description, status);

    /// <summary>A limit was reached. This is the only error of OAuth that means "later".</summary>
    public static IResult TooMany() => OAuth(PairingError.SlowDown, "Too many requests.", StatusCodes.Status429TooManyRequests);

    /// <summary>The JSON has the wrong shape, or an invalid value.</summary>
    public static IResult Unprocessable(string detail) => Detail(StatusCodes.Status422UnprocessableEntity, detail);

    /// <summary>Nobody is signed in. A 401 must name a scheme; RomM names this one.</summary>
    public static IResult NotSignedIn(HttpContext context)
    {
        context.Response.Headers.WWWAuthenticate = "Bearer realm=\"DeviceAuthorization\"";
        return Detail(StatusCodes.Status401Unauthorized, "Not authenticated");
    }

    public static IResult Forbidden() => Detail(StatusCodes.Status403Forbidden, "Forbidden");

    /// <summary>The account has the scopes, but the sign-in is limited to others.</summary>
    public static IResult SignInLacksScopes() => Detail(StatusCodes.Status403Forbidden, "Your sign-in lacks the scopes for this.");

    private static JsonHttpResult<PairingProblem> Answer(PairingProblem problem, int status) =>
        TypedResults.Json(problem, OAuthJson.Default.PairingProblem, statusCode: status);
}
