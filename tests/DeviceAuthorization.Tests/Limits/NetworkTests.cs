using System.Net;

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

    [Fact]
    public void Without_an_address_there_is_one_limit_for_all() => Assert.Equal("none", Network.Of(null));
}
