using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization.Tests;

/// <summary>A form that asks for name and password, and a browser that fills it in.</summary>
internal static partial class SignInForm
{
    public const string Password = "Correct-h0rse";

    private const int MostSteps = 12;

    /// <summary>The page with the form, which sends these fields, too.</summary>
    public static IResult Show(string action, IEnumerable<(string Name, string? Value)> hidden)
    {
        var fields = string.Concat(hidden.Select(field => $"""<input type="hidden" name="{WebUtility.HtmlEncode(field.Name)}" value="{WebUtility.HtmlEncode(field.Value)}">"""));
        return Results.Content($"""<form method="post" action="{action}">{fields}<input name="user"><input type="password" name="password"><button>Sign in</button></form>""", "text/html");
    }

    /// <summary>Maps a sign-in page of the host's own, which always shows its form and leads back to <c>ReturnUrl</c>.</summary>
    public static void Map(WebApplication app, string path, Func<HttpContext, string, Task> signIn)
    {
        app.MapGet(path, (string? returnUrl) => Show(path, [("ReturnUrl", returnUrl)]));
        app.MapPost(path, async (HttpContext context) =>
        {
            var form = await context.Request.ReadFormAsync();
            if (form["password"] != Password)
            {
                return Results.StatusCode(StatusCodes.Status403Forbidden);
            }

            await signIn(context, form["user"].ToString());
            return Results.LocalRedirect(form["ReturnUrl"].ToString());
        });
    }

    /// <summary>
    /// Follows an answer as a browser with JavaScript does, through redirects and forms that send themselves, and fills in each form that asks for the password.
    /// </summary>
    /// <returns>The page at the end, and how often the password was asked for.</returns>
    public static async Task<(HttpResponseMessage Page, int Passwords)> FollowAsync(this HttpClient browser, HttpResponseMessage answer, string user)
    {
        var passwords = 0;
        for (var step = 0; step < MostSteps; step++)
        {
            var html = await answer.Content.ReadAsStringAsync();
            var asksForPassword = html.Contains("name=\"password\"", StringComparison.Ordinal);
            if ((answer.Headers.Location?.OriginalString ?? Refresh(answer)) is { } next)
            {
                answer = await browser.GetAsync(new Uri(answer.RequestMessage!.RequestUri!, next));
            }
            else if (asksForPassword || html.Contains("document.form.submit()", StringComparison.Ordinal))
            {
                passwords += asksForPassword ? 1 : 0;
                (string, string)[] typed = asksForPassword ? [("user", user), ("password", Password)] : [];
                var action = new Uri(answer.RequestMessage!.RequestUri!, WebUtility.HtmlDecode(Action().Match(html).Groups[1].Value));
                answer = await browser.PostOnlyAsync(
                    action.AbsoluteUri, [.. Hidden().Matches(html).Select(field => (Decoded(field, 1), Decoded(field, 2))), .. typed]);
            }
            else
            {
                return (answer, passwords);
            }
        }

        throw new InvalidOperationException($"The browser is still on its way after {MostSteps} steps, at {answer.RequestMessage!.RequestUri}.");
    }

    private static string? Refresh(HttpResponseMessage answer) =>
        answer.Headers.TryGetValues("Refresh", out var values) ? Assert.Single(values)["0; url=".Length..] : null;

    private static string Decoded(Match field, int group) => WebUtility.HtmlDecode(field.Groups[group].Value);

    [GeneratedRegex("<form [^>]*action=\"([^\"]+)\"")]
    private static partial Regex Action();

    [GeneratedRegex("<input type=\"hidden\" name=\"([^\"]+)\" value=\"([^\"]*)\"")]
    private static partial Regex Hidden();
}
