using System.Globalization;
using System.Net;
using System.Text;
using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Tests;

/// <summary>Bodies that are too large, too many or not HTTP (bad inputs 7, 30, 43, 44 and 56), most of them over a real port.</summary>
public sealed class BadBodiesTests
{
    private const string Form = "application/x-www-form-urlencoded";

    [Theory]
    [Trait("Row", "7")]
    [InlineData("init", "client_id=a")]
    [InlineData("token", "client_id=a&grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code=x")]
    public async Task A_body_without_a_type_is_refused(string endpoint, string body)
    {
        await using var host = await TestHost.StartAsync(kestrel: true);
        using var response = await RawHttp.SendAsync(host, $"""
            POST {Wire.Prefix}/{endpoint} HTTP/1.1
            Content-Length: {body.Length}
            """, body);
        await OAuthAssert.ErrorAsync(response, 400, "invalid_request");
    }

    [Theory]
    [Trait("Row", "30"), Trait("Row", "56")]
    [InlineData("init", Form, 1024 * 1024)]
    [InlineData("token", Form, 1024 * 1024)]
    [InlineData("init", Form, (16 * 1024) + 1)]
    [InlineData("token", Form, (16 * 1024) + 1)]
    [InlineData("init", "application/json", (16 * 1024) + 1)]
    [InlineData("token", "application/json", (16 * 1024) + 1)]
    public async Task A_body_over_16_KiB_is_413(string endpoint, string type, int length)
    {
        await using var host = await TestHost.StartAsync();
        foreach (var announced in (bool[])[true, false])
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"{Wire.Prefix}/{endpoint}") { Content = Body(new string('a', length), type) };
            request.Headers.TransferEncodingChunked = announced ? null : true;
            using var response = await host.Device().SendAsync(request);
            await OAuthAssert.ErrorAsync(response, 413, type == Form ? "invalid_request" : null);
        }
    }

    [Theory]
    [Trait("Row", "30")]
    [InlineData(-1)]
    [InlineData(0)]
    public async Task A_body_of_16_KiB_is_read(int more)
    {
        await using var host = await TestHost.StartAsync();
        var fillers = string.Concat(Enumerable.Repeat($"&x={new string('a', 4000)}", 4));
        var body = $"client_id=a{fillers}".PadRight((16 * 1024) + more, '&');
        foreach (var announced in (bool[])[true, false])
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"{Wire.Prefix}/init") { Content = Body(body, Form) };
            request.Headers.TransferEncodingChunked = announced ? null : true;
            using var response = await host.Device().SendAsync(request);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
    }

    [Theory]
    [Trait("Row", "30")]
    [InlineData("init")]
    [InlineData("token")]
    public async Task A_chunked_body_without_end_is_cut_off(string endpoint)
    {
        await using var host = await TestHost.StartAsync(kestrel: true);
        const long Most = 100 * 1024 * 1024;
        var (response, sent) = await RawHttp.FloodAsync(host, $"POST {Wire.Prefix}/{endpoint} HTTP/1.1\r\nContent-Type: {Form}", Most);
        using (response)
        {
            await OAuthAssert.ErrorAsync(response, 413, "invalid_request");
        }

        Assert.True(sent < Most, "All of it was taken.");
        await host.Device().StartAsync();
    }

    [Theory]
    [Trait("Row", "30")]
    [InlineData("init", Form, "zz\r\n", "invalid_request")]
    [InlineData("token", Form, "5\r\nclient_id=a\r\n", "invalid_request")]
    [InlineData("init", "application/json", "zz\r\n", null)]
    public async Task Broken_chunks_are_a_bad_request(string endpoint, string type, string chunks, string? error)
    {
        await using var host = await TestHost.StartAsync(kestrel: true);
        using var response = await RawHttp.SendAsync(host, $"""
            POST {Wire.Prefix}/{endpoint} HTTP/1.1
            Content-Type: {type}
            Transfer-Encoding: chunked
            """, chunks);
        await OAuthAssert.ErrorAsync(response, 400, error);
        await host.Device().StartAsync();
    }

    [Theory]
    [Trait("Row", "43"), Trait("Row", "T-15")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_eleventh_start_in_a_minute_of_one_address_is_429(bool kestrel)
    {
        await using var host = await TestHost.StartAsync(options => options.RateLimits.Enabled = true, kestrel: kestrel);
        var codes = await host.Device().StartAsync();
        for (var i = 2; i <= 12; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"{Wire.Prefix}/init") { Content = Body("client_id=a", Form) };
            foreach (var header in (string[])["X-Forwarded-For", "X-Real-IP", "CF-Connecting-IP"])
            {
                request.Headers.Add(header, string.Create(CultureInfo.InvariantCulture, $"203.0.113.{i}"));
            }

            request.Headers.Add("Forwarded", string.Create(CultureInfo.InvariantCulture, $"for=203.0.113.{i}"));
            using var response = await host.Device().SendAsync(request);
            if (i <= 10)
            {
                Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            }
            else
            {
                await OAuthAssert.ErrorAsync(response, 429, "slow_down");
                Assert.Equal("60", Assert.Single(response.Headers.GetValues("Retry-After")));
            }
        }

        using var json = await host.Device().PostJsonAsync(
            "init", new { client_device_identifier = "i", name = "n", client = "c", requested_scopes = (string[])["profile"] });
        await OAuthAssert.DetailAsync(json, 429);
        Assert.Equal("authorization_pending", await (await host.Device().PollAsync(codes.DeviceCode)).ErrorAsync()); // polls are not throttled by it
    }

    [Fact]
    [Trait("Row", "44"), Trait("Row", "T-17")]
    public async Task A_full_store_refuses_new_pairings_and_keeps_the_old()
    {
        await using var host = await TestHost.StartAsync(options => options.MaxLivePairings = 2);
        var device = host.Device();
        var (first, second) = (await device.StartAsync(), await device.StartAsync());
        for (var i = 0; i < 3; i++)
        {
            using var response = await device.PostFormAsync("init", ("client_id", "tv"));
            await OAuthAssert.ErrorAsync(response, 503, null);
            Assert.Equal("5", Assert.Single(response.Headers.GetValues("Retry-After")));
        }

        var alice = await host.SignInAsync("alice");
        foreach (var codes in (StartedCodes[])[first, second])
        {
            (await alice.ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
            (await device.PollAsync(codes.DeviceCode)).EnsureSuccessStatusCode();
        }

        host.Clock.Advance(TimeSpan.FromSeconds(1)); // redeemed ones make room
        await device.StartAsync();
    }

    private static ByteArrayContent Body(string text, string type)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(text));
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        return content;
    }
}
