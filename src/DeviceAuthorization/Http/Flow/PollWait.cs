using System.Globalization;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization.Http.Flow;

/// <summary>The preference <c>wait</c> of RFC 7240 §4.3: how many seconds a device lets the answer to its poll wait for the decision.</summary>
internal static class PollWait
{
    /// <summary>What the device asks for, and no more than <paramref name="most"/>; zero if it asks for nothing, or in a form that nobody knows (§2).</summary>
    public static TimeSpan AskedBy(HttpRequest request, TimeSpan most)
    {
        if (request.Headers["Prefer"].Count == 0) // most polls
        {
            return TimeSpan.Zero;
        }

        foreach (var preference in request.Headers.GetCommaSeparatedValues("Prefer"))
        {
            if (NameValueWithParametersHeaderValue.TryParse(preference, out var parsed) && parsed.Name.Equals("wait", StringComparison.OrdinalIgnoreCase))
            {
                // The first one counts.
                return uint.TryParse(parsed.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds < most.TotalSeconds
                    ? TimeSpan.FromSeconds(seconds)
                    : parsed.Value is { Length: > 0 } digits && digits.All(char.IsAsciiDigit) ? most : TimeSpan.Zero;
            }
        }

        return TimeSpan.Zero;
    }

    /// <summary>Says that the answer waited (§3), and that the device may poll again at once.</summary>
    public static void Applied(HttpResponse response, TimeSpan wait) =>
        response.Headers["Preference-Applied"] = string.Create(CultureInfo.InvariantCulture, $"wait={wait.TotalSeconds:0}");
}
