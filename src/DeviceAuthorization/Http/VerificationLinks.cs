using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization.Http;

/// <summary>Where people enter a code: the page's address, and the address that brings the code along.</summary>
internal sealed record VerificationLinks(string Path, string Uri)
{
    /// <summary>
    /// From the configured origin. Only the Development environment does without one, and only there the request's own
    /// <c>Host</c> is believed. <see cref="Path"/> lacks the path base: devices append it to the address that they were given, which has it.
    /// </summary>
    public static VerificationLinks Of(HttpRequest request, DeviceAuthorizationOptions options, string page)
    {
        var path = new PathString(page);
        return new(path.ToUriComponent(), Origin(request, options) + (request.PathBase + path).ToUriComponent());
    }

    /// <summary>Without a slash at its end.</summary>
    public static string Origin(HttpRequest request, DeviceAuthorizationOptions options) =>
        options.PublicOrigin?.GetLeftPart(UriPartial.Authority) ?? $"{request.Scheme}://{request.Host}";

    /// <summary>A user code needs no escaping: capital letters, digits and dashes.</summary>
    public static string Complete(string address, string userCode) => $"{address}?user_code={userCode}";
}
