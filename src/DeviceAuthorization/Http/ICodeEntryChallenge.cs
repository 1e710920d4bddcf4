using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization;

/// <summary>
/// What somebody must pass who enters a user code while more codes are entered than <see cref="DeviceRateLimits.CodesInAll"/>: a captcha, say.
/// Register one with <c>services.AddScoped&lt;ICodeEntryChallenge, …&gt;()</c>; without one everybody goes on.
/// </summary>
public interface ICodeEntryChallenge
{
    /// <summary>Asked before the code is looked up, on the page and in the JSON endpoints.</summary>
    /// <param name="context">The request; its caller is signed in.</param>
    /// <returns>
    /// <see langword="null"/> when they have passed. Otherwise the answer to this request, such as a redirect to the challenge, which comes back to
    /// the page; the code is entered again then.
    /// </returns>
    ValueTask<IResult?> ChallengeAsync(HttpContext context);
}
