using DeviceAuthorization.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Http;

/// <summary>
/// Finds the public address of the host. The metadata uses the path base of the settings, because clients request it outside the path base. Links use
/// the path base of their request. If the two differ, one of them is wrong, and the host logs it once.
/// </summary>
internal sealed class PublicAddress(MappedEndpoints mapped, IOptions<DeviceAuthorizationOptions> options, ILogger<PublicAddress> logger)
{
    private readonly DeviceAuthorizationOptions _options = options.Value;
    private int _warned;

    /// <summary>The issuer (RFC 8414 §2): an origin and the path base, without a slash at its end.</summary>
    public string Issuer(HttpRequest request) => VerificationLinks.Origin(request, _options) + _options.PathBase;

    /// <summary>The address of the page that the host mapped, or of its own page at <see cref="DeviceAuthorizationOptions.PagePath"/>.</summary>
    public VerificationLinks Links(HttpRequest request)
    {
        if (mapped.HasMetadata)
        {
            Agrees(request); // links must agree with the published metadata
        }

        return VerificationLinks.Of(request, _options, mapped.PairingPage ?? _options.PagePath);
    }

    /// <summary>Whether a request has the path base of the settings. Upper and lower case count as equal.</summary>
    public bool Agrees(HttpRequest request)
    {
        var agrees = request.PathBase == new PathString(_options.PathBase);
        if (!agrees && Interlocked.Exchange(ref _warned, 1) == 0)
        {
            logger.PathBaseDiffers(request.PathBase.Value ?? "", _options.PathBase);
        }

        return agrees;
    }
}

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
