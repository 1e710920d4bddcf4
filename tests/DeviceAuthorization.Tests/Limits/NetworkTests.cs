using System.Net;
using DeviceAuthorization.Limits;
using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Tests;

/// <summary>Which addresses share a limit (threat T-15).</summary>
public sealed class NetworkTests
{
    [Theory]
    [InlineData("1.2.3.4", "1.2.3.4", true)]
    [InlineData("1.2.3.4", "::ffff:1.2.3.4", true)]
    [InlineData("1.2.3.4", "1.2.3.5", false)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    [InlineData("fe80::1%1", "fe80::1%2", true)] // which of its own interfaces does not count
    [InlineData("::1", "127.0.0.1", false)]
    public void Addresses_of_one_network_share_a_limit_in_every_spelling(string one, string other, bool shared) =>
        Assert.Equal(shared, Network.Of(IPAddress.Parse(one)) == Network.Of(IPAddress.Parse(other)));

    [Theory]
    [InlineData("64:ff9b::192.0.2.1", "192.0.2.1", true)] // IPv4, as a host with IPv6 only sees it
    [InlineData("64:ff9b::192.0.2.1", "64:ff9b::192.0.2.2", false)]
    public void Addresses_that_a_translator_wrote_are_those_of_IPv4(string one, string other, bool shared) =>
        Addresses_of_one_network_share_a_limit_in_every_spelling(one, other, shared);

    [Theory]
    [InlineData("1.2.3.4", "1.2.3.4", true)]
    [InlineData("1.2.3.4", "1.2.3.5", false)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:ffff::1", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:2:2::1", false)]
    public void A_site_is_an_IPv4_address_or_an_IPv6_48(string one, string other, bool shared) =>
        Assert.Equal(shared, Network.ParseSite(one) == Network.ParseSite(other));

    [Theory]
    [InlineData("203.0.113.7", "203.0.113.0/24")]
    [InlineData("::ffff:203.0.113.7", "203.0.113.0/24")]
    [InlineData("64:ff9b::203.0.113.7", "203.0.113.0/24")]
    [InlineData("2001:db8:1:2::1", "2001:db8:1::/48")]
    [InlineData("fe80::1%3", "fe80::/48")]
    [InlineData("TV", "unknown")]
    [InlineData(null, "unknown")]
    public void People_see_a_network_and_never_an_address(string? address, string network) => Assert.Equal(network, Network.Name(address));

    [Theory]
    [InlineData("203.0.113.7", "203.0.113.0/24")]
    [InlineData("198.51.100.1", "198.51.100.0/24")] // as many characters as a site of IPv6 has
    [InlineData("2001:db8:1:2::1", "2001:db8:1::/48")]
    [InlineData(null, "unknown")]
    public void People_see_the_network_of_a_site(string? address, string network) =>
        Assert.Equal(network, Network.NameOfSite(Network.SiteOf(address is null ? null : IPAddress.Parse(address))));

    [Theory]
    [InlineData(null)]
    [InlineData("TV")]
    [InlineData("127.0.0.1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::1")]
    public void There_is_no_site_without_an_address_nor_on_loopback(string? address) => Assert.Null(Network.ParseSite(address));

    [Theory]
    // One family, both reached over the internet.
    [InlineData("203.0.113.7", "203.0.113.7", "Same")]
    [InlineData("203.0.113.7", "::ffff:203.0.113.7", "Same")]
    [InlineData("203.0.113.7", "64:ff9b::203.0.113.7", "Same")]
    [InlineData("203.0.113.7", "203.0.113.8", "Unknown")] // a carrier's addresses change
    [InlineData("203.0.113.7", "203.0.114.7", "Other")]
    [InlineData("203.0.113.7", "198.51.100.1", "Other")]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "Same")]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", "Unknown")] // the guests' network of the same home
    [InlineData("2001:db8:1:2::1", "2001:db8:2:2::1", "Other")]

    // One home has both families.
    [InlineData("203.0.113.7", "2001:db8:1:2::1", "Unknown")]
    [InlineData("64:ff9b::203.0.113.7", "2001:db8:1:2::1", "Unknown")]
    [InlineData("192.168.1.5", "fe80::1", "Unknown")]
    [InlineData("127.0.0.1", "::1", "Unknown")]

    // Behind a proxy on this machine everybody is on loopback.
    [InlineData("127.0.0.1", "127.0.0.1", "Unknown")]
    [InlineData("::1", "::1", "Unknown")]

    // Private networks.
    [InlineData("192.168.1.5", "192.168.1.9", "Same")]
    [InlineData("192.168.1.5", "192.168.2.5", "Unknown")]
    [InlineData("10.0.0.5", "192.168.1.5", "Unknown")]
    [InlineData("172.16.0.1", "172.31.255.1", "Unknown")]
    [InlineData("169.254.7.1", "169.254.7.2", "Same")]
    [InlineData("fd00:1:2:3::1", "fd00:1:2:3::2", "Same")]
    [InlineData("fd00:1:2:3::1", "fd00:1:2:4::1", "Unknown")]
    [InlineData("fd00:1:2:3::1", "fd00:ffff:2:3::1", "Unknown")]
    [InlineData("fe80::1%1", "fe80::2%1", "Same")]

    // One side inside, one outside.
    [InlineData("192.168.1.5", "203.0.113.7", "Unknown")]
    [InlineData("10.0.0.2", "203.0.113.7", "Unknown")]
    [InlineData("172.20.0.1", "203.0.113.7", "Unknown")]
    [InlineData("172.32.0.1", "203.0.113.7", "Other")] // that is not private any more
    [InlineData("169.254.7.1", "203.0.113.7", "Unknown")]
    [InlineData("127.0.0.1", "203.0.113.7", "Unknown")]
    [InlineData("::1", "2001:db8:1:2::1", "Unknown")]
    [InlineData("fe80::1", "2001:db8:1:2::1", "Unknown")]
    [InlineData("fd00:1:2:3::1", "2001:db8:1:2::1", "Unknown")]

    // Prefixes that strangers share.
    [InlineData("100.64.1.1", "100.64.1.1", "Unknown")]
    [InlineData("100.64.1.1", "203.0.113.7", "Unknown")]
    [InlineData("100.128.0.1", "203.0.113.7", "Other")] // that is no longer a carrier's
    [InlineData("2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:0:4136:e378:8000:63bf:3fff:fdd3", "Unknown")] // Teredo, one server
    [InlineData("2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8:1:2::1", "Unknown")]
    [InlineData("2002:c000:204::1", "2001:db8:1:2::1", "Unknown")] // 6to4
    [InlineData("64:ff9b:1::1", "2001:db8:1:2::1", "Unknown")]

    // No address.
    [InlineData(null, "203.0.113.7", "Unknown")]
    [InlineData(null, null, "Unknown")]
    [InlineData("", "203.0.113.7", "Unknown")]
    [InlineData("TV", "TV", "Unknown")]
    [InlineData("0.0.0.0", "203.0.113.7", "Unknown")]
    public void Two_addresses_are_of_one_network_of_two_or_nobody_knows(string? one, string? other, string expected)
    {
        Assert.Equal(expected, Network.Compare(one, other).ToString());
        Assert.Equal(expected, Network.Compare(other, one).ToString());
    }

    [Fact]
    public void Without_an_address_there_is_one_limit_for_all() => Assert.Equal("none", Network.Of(null));
}
