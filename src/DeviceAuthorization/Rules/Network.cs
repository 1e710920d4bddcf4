using System.Net;
using System.Net.Sockets;

namespace DeviceAuthorization.Rules;

/// <summary>Which network an address belongs to, as far as the address shows.</summary>
internal static class Network
{
    private const int BytesOf24 = 3;
    private const int BytesOf48 = 6;
    private const int BytesOf64 = 8;

    /// <summary>IPv4 addresses as IPv6-only hosts see them (RFC 6052 §2.1, RFC 7755).</summary>
    private static readonly IPNetwork Translated = IPNetwork.Parse("64:ff9b::/96");

    /// <summary>Private networks: many sites use the same addresses (RFC 1918, 3927, 4193, 4291).</summary>
    private static readonly IPNetwork[] Private = Parse("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10");

    /// <summary>
    /// Addresses that do not show who is in one network. Everybody behind a proxy on this machine has a loopback address. Carriers and overlay
    /// networks (RFC 6598), tunnels and translators share their prefixes.
    /// </summary>
    private static readonly IPNetwork[] Vague =
        Parse("127.0.0.0/8", "::1/128", "100.64.0.0/10", "2001::/32", "2002::/16", "64:ff9b:1::/48", "0.0.0.0/8", "::/128");

    /// <summary>The network that has its own limit: an IPv4 address, or an IPv6 /64, which is what one home has; <c>none</c> without an address.</summary>
    public static string Of(IPAddress? address) => NameOf(address, BytesOf64);

    /// <summary>As <see cref="Of"/>, but an IPv6 /48: the most that one customer gets, who can use any /64 in it.</summary>
    public static string SiteOf(IPAddress? address) => NameOf(address, BytesOf48);

    /// <summary>
    /// The site of a stored address; <see langword="null"/> if sites cannot be distinguished: without an address, and for loopback, which everybody
    /// behind a proxy on this machine has.
    /// </summary>
    public static string? ParseSite(string? address) => Read(address) is { } read && !IPAddress.IsLoopback(read) ? SiteOf(read) : null;

    /// <summary>The network of a stored address, for people: an IPv4 /24 or an IPv6 /48, which names no person; <c>unknown</c> without an address.</summary>
    public static string Name(string? address)
    {
        if (Read(address) is not { } read)
        {
            return "unknown";
        }

        var (bytes, kept) = (read.GetAddressBytes(), read.AddressFamily == AddressFamily.InterNetwork ? BytesOf24 : BytesOf48);
        bytes.AsSpan(kept).Clear();
        return $"{new IPAddress(bytes)}/{kept * 8}";
    }

    /// <summary>As <see cref="Name"/>, of what <see cref="SiteOf"/> gives.</summary>
    public static string NameOfSite(string site) => site.Length == 2 * BytesOf48 && site.All(char.IsAsciiHexDigit)
        ? $"{new IPAddress(Convert.FromHexString(site.PadRight(32, '0')))}/{BytesOf48 * 8}"
        : Name(site);

    /// <summary>
    /// Whether two addresses are in one network. Unknown if they do not show it, for example with one address of each family: most homes have
    /// both. Never relax a check because of <see cref="NetworkComparison.Same"/>: carriers, offices and VPNs share addresses.
    /// </summary>
    public static NetworkComparison Compare(string? a, string? b)
    {
        if (Read(a) is not { } one
            || Read(b) is not { } other
            || one.AddressFamily != other.AddressFamily
            || IsIn(Vague, one)
            || IsIn(Vague, other)
            || IsIn(Private, one) != IsIn(Private, other))
        {
            return NetworkComparison.Unknown;
        }

        var (isIPv4, isPrivate) = (one.AddressFamily == AddressFamily.InterNetwork, IsIn(Private, one));
        var equal = one.GetAddressBytes().AsSpan().CommonPrefixLength(other.GetAddressBytes());
        if (equal >= (isIPv4 ? isPrivate ? BytesOf24 : sizeof(uint) : BytesOf64))
        {
            return NetworkComparison.Same;
        }

        // A carrier's addresses change within a /24, and one site may have several /64. Two private networks may be close, or a world apart.
        return isPrivate || equal >= (isIPv4 ? BytesOf24 : BytesOf48) ? NetworkComparison.Unknown : NetworkComparison.Other;
    }

    /// <summary>Whether a stored address is in a network. An address that is unknown is in none.</summary>
    public static bool IsIn(IPNetwork network, string? address) => Read(address) is { } read && network.Contains(read);

    private static IPNetwork[] Parse(params string[] networks) => [.. networks.Select(IPNetwork.Parse)];

    private static bool IsIn(IPNetwork[] networks, IPAddress address) => networks.Any(network => network.Contains(address));

    private static IPAddress? Read(string? address) => IPAddress.TryParse(address, out var parsed) ? Plain(parsed) : null;

    private static IPAddress Plain(IPAddress address) => address switch
    {
        { IsIPv4MappedToIPv6: true } => address.MapToIPv4(),
        _ when Translated.Contains(address) => new IPAddress(address.GetAddressBytes().AsSpan(12)),
        _ => address,
    };

    private static string NameOf(IPAddress? address, int bytes) => address is null ? "none" : Plain(address) switch
    {
        { AddressFamily: AddressFamily.InterNetworkV6 } ipv6 => Convert.ToHexString(ipv6.GetAddressBytes().AsSpan(0, bytes)),
        var ipv4 => ipv4.ToString(),
    };
}

/// <summary>What two addresses show about the networks of their owners.</summary>
internal enum NetworkComparison
{
    /// <summary>Nothing.</summary>
    Unknown,

    /// <summary>They are in one network, or share its address.</summary>
    Same,

    /// <summary>They are in different networks.</summary>
    Other,
}
