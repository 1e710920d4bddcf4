using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization;

/// <summary>
/// A challenge, such as a captcha, for people who enter user codes once <see cref="DeviceRateLimits.CodesInAll"/> is exceeded. Register one with
/// <c>services.AddScoped&lt;ICodeEntryChallenge, …&gt;()</c>. Without one, people can still enter codes.
/// </summary>
public interface ICodeEntryChallenge
{
    /// <summary>Called before the code is checked, on the page and in the JSON endpoints.</summary>
    /// <param name="context">The request of a person who is signed in.</param>
    /// <returns>
    /// <see langword="null"/> if the person has passed. Otherwise the answer to this request, such as a redirect to the challenge. The challenge must
    /// lead back to the page, where the person enters the code again.
    /// </returns>
    ValueTask<IResult?> ChallengeAsync(HttpContext context);
}
