namespace DeviceAuthorization.Tests;

/// <summary>Every endpoint that answers GET answers HEAD (RFC 9110 §9.1).</summary>
public sealed class HeadTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task HEAD_is_answered_as_GET_wherever_there_is_GET(bool signedIn)
    {
        await using var host = await TestHost.StartAsync(map: EveryEndpoint.Map);
        var codes = await host.Device().StartAsync();
        var (_, device) = await host.PairNamedAsync();
        foreach (var address in EveryEndpoint.Gets(host, device, codes.UserCode).Append($"{Browser.Page}?user_code={codes.UserCode}"))
        {
            var client = signedIn ? await host.SignInAsync("alice") : host.Browser();
            using var get = await client.GetAsync(address);
            using var request = new HttpRequestMessage(HttpMethod.Head, address);
            using var head = await client.SendAsync(request);
            Assert.Equal((address, get.StatusCode, get.Headers.Location), (address, head.StatusCode, head.Headers.Location));
            Assert.Equal(get.Content.Headers.ContentType, head.Content.Headers.ContentType);
            Assert.Equal(get.Headers.CacheControl, head.Headers.CacheControl);
        }
    }

    [Fact]
    public async Task Another_sites_HEAD_is_as_its_GET()
    {
        await using var host = await TestHost.StartAsync(map: EveryEndpoint.Map);
        var codes = await host.Device().StartAsync();
        var alice = await host.SignInAsync("alice");
        alice.DefaultRequestHeaders.Add("Sec-Fetch-Site", "cross-site");
        foreach (var (address, status) in new[] { ($"{Wire.Prefix}/pending/{codes.UserCode}", 403), (RegistryHost.Devices, 200) })
        {
            foreach (var method in new[] { HttpMethod.Get, HttpMethod.Head })
            {
                using var request = new HttpRequestMessage(method, address);
                using var answer = await alice.SendAsync(request);
                Assert.Equal((address, method, status), (address, method, (int)answer.StatusCode));
            }
        }
    }
}
