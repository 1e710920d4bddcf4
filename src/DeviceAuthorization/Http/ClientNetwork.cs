using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Limits;
using DeviceAuthorization.Rules;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace DeviceAuthorization.Http;

/// <summary>
/// The network that a request comes from. The address is the connection's own; no header of the request is believed, and requests without an
/// address are of one network. Notices once when somebody seems to expect otherwise.
/// </summary>
internal sealed class ClientNetwork(ILogger<ClientNetwork> logger)
{
    private int _ignored;
    private int _refused;

    /// <summary>The address itself, as people know it; null when there is none.</summary>
    public static string? AddressOf(HttpContext context) => context.Connection.RemoteIpAddress is { IsIPv4MappedToIPv6: true } mapped
        ? mapped.MapToIPv4().ToString()
        : context.Connection.RemoteIpAddress?.ToString();

    /// <summary>
    /// The address of a person. Null if the host ignores a forwarded header: the address is then the proxy's. Devices always report the
    /// connection's address, so a forged header hides nothing.
    /// </summary>
    public static string? PersonsAddressOf(HttpContext context) => IgnoredAddress(context.Request.Headers) is null ? AddressOf(context) : null;

    /// <summary>The name of the network.</summary>
    public string Of(HttpContext context)
    {
        if (IgnoredAddress(context.Request.Headers) is { } header && Interlocked.Exchange(ref _ignored, 1) == 0)
        {
            logger.ForwardedHeaderIgnored(header);
        }

        return Network.Of(context.Connection.RemoteIpAddress);
    }

    /// <summary>A request over plain HTTP is refused: if a proxy ended HTTPS, its operator must learn what to configure.</summary>
    public void PlainHttpRefused(HttpContext context)
    {
        if (Interlocked.Exchange(ref _refused, 1) == 0)
        {
            var headers = context.Request.Headers;
            logger.PlainHttpRefused(Ignored(headers, "X-Forwarded-Proto", "X-Original-Proto") ?? IgnoredAddress(headers) ?? "none");
        }
    }

    private static string? IgnoredAddress(IHeaderDictionary headers) =>
        Ignored(headers, "X-Forwarded-For", "X-Original-For") ?? Ignored(headers, "Forwarded", "X-Original-For");

    /// <summary>The header, if it is there and was not taken over: then ASP.NET Core's middleware leaves the original value in another one.</summary>
    private static string? Ignored(IHeaderDictionary headers, string header, string original) =>
        headers.ContainsKey(header) && !headers.ContainsKey(original) ? header : null;
}
