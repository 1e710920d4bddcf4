using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization.Http;

/// <summary>The path and the address of the page where people enter a code.</summary>
internal sealed record VerificationLinks(string Path, string Uri)
{
    /// <summary>
    /// Builds them from the configured origin. Only Development may run without one; it uses the request's own <c>Host</c> instead. <see
    /// cref="Path"/> lacks the path base: devices append it to the host's address that they were given, which includes it.
    /// </summary>
    public static VerificationLinks Of(HttpRequest request, DeviceAuthorizationOptions options, string page)
    {
        var path = new PathString(page);
        return new(path.ToUriComponent(), Origin(request, options) + (request.PathBase + path).ToUriComponent());
    }

    /// <summary>The origin, without a slash at its end.</summary>
    public static string Origin(HttpRequest request, DeviceAuthorizationOptions options) =>
        options.PublicOrigin?.GetLeftPart(UriPartial.Authority) ?? $"{request.Scheme}://{request.Host}";

    /// <summary>An address that includes the user code. The code needs no escaping: it has only capital letters, digits and dashes.</summary>
    public static string Complete(string address, string userCode) => $"{address}?user_code={userCode}";
}
