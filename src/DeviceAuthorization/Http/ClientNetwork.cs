using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Rules;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace DeviceAuthorization.Http;

/// <summary>
/// Finds the network that a request comes from, by the address of the connection. Trusts no header. Requests without an address share one network.
/// Logs once if a request has a forwarded header that no middleware applied.
/// </summary>
internal sealed class ClientNetwork(ILogger<ClientNetwork> logger)
{
    private int _ignored;
    private int _refused;

    /// <summary>The address of the connection, as people know it; null if there is none.</summary>
    public static string? AddressOf(HttpContext context) => context.Connection.RemoteIpAddress is { IsIPv4MappedToIPv6: true } mapped
        ? mapped.MapToIPv4().ToString()
        : context.Connection.RemoteIpAddress?.ToString();

    /// <summary>
    /// The address of a person; null if no middleware applied a forwarded header, because the address is then the proxy's. A device's address is
    /// always that of the connection, so a forged header hides nothing.
    /// </summary>
    public static string? PersonsAddressOf(HttpContext context) => IgnoredAddress(context.Request.Headers) is null ? AddressOf(context) : null;

    /// <summary>The name of the network, as limits count it.</summary>
    public string Of(HttpContext context)
    {
        if (IgnoredAddress(context.Request.Headers) is { } header && Interlocked.Exchange(ref _ignored, 1) == 0)
        {
            logger.ForwardedHeaderIgnored(header);
        }

        return Network.Of(context.Connection.RemoteIpAddress);
    }

    /// <summary>Logs the first refusal of plain HTTP, so that the operator of a proxy that ends HTTPS learns what to configure.</summary>
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

    /// <summary>
    /// The header, if it was sent but not applied. ASP.NET Core's middleware keeps the value that it replaces in <paramref name="original"/>.
    /// </summary>
    private static string? Ignored(IHeaderDictionary headers, string header, string original) =>
        headers.ContainsKey(header) && !headers.ContainsKey(original) ? header : null;
}
