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
