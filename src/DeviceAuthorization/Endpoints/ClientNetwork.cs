using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace DeviceAuthorization;

/// <summary>
/// The network that a request comes from. The address is the connection's own; no header of the request is believed, and requests without an
/// address are of one network. Notices once when somebody seems to expect otherwise.
/// </summary>
internal sealed class ClientNetwork(ILogger<PairingService> logger)
{
    private int _noticed;

    /// <summary>The address itself, as people know it; null when there is none.</summary>
    public static string? AddressOf(HttpContext context) => context.Connection.RemoteIpAddress is { IsIPv4MappedToIPv6: true } mapped
        ? mapped.MapToIPv4().ToString()
        : context.Connection.RemoteIpAddress?.ToString();

    public string Of(HttpContext context)
    {
        var headers = context.Request.Headers;
        var header = headers.ContainsKey("X-Forwarded-For") ? "X-Forwarded-For" : headers.ContainsKey("Forwarded") ? "Forwarded" : null;
        if (header is not null
            && !headers.ContainsKey("X-Original-For") // what ASP.NET Core's middleware leaves where it took the header over
            && Interlocked.Exchange(ref _noticed, 1) == 0)
        {
            logger.ForwardedHeaderIgnored(header);
        }

        return Network.Of(context.Connection.RemoteIpAddress);
    }
}
