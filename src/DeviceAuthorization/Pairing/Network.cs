using System.Net;
using System.Net.Sockets;

namespace DeviceAuthorization;

/// <summary>Which network an address belongs to, as far as an address tells: IPv4 by itself, IPv6 by its /64, which is what one home has.</summary>
internal static class Network
{
    /// <summary>A name for the network; <c>none</c> for no address.</summary>
    public static string Of(IPAddress? address) => address switch
    {
        null => "none",
        { IsIPv4MappedToIPv6: true } => address.MapToIPv4().ToString(),
        { AddressFamily: AddressFamily.InterNetworkV6 } => Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8)),
        _ => address.ToString(),
    };

    /// <summary>The same of an address that was written down.</summary>
    public static string Parse(string? address) => Of(IPAddress.TryParse(address, out var parsed) ? parsed : null);
}
