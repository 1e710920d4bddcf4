using DeviceAuthorization.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Http;

/// <summary>
/// Where the host is for its users. The metadata has it from the settings, for it is asked for outside the path base; links have the path
/// base of their request. Where the two differ one of them is wrong: the host says so in its log, once.
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
            Agrees(request); // metadata is published, with which links must agree
        }

        return VerificationLinks.Of(request, _options, mapped.PairingPage ?? _options.PagePath);
    }

    /// <summary>Whether a request comes below the path base of the settings. A case that a person typed is not a difference.</summary>
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
