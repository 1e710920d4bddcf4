using System.Globalization;
using System.Net;
using System.Text;
using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Tests;

/// <summary>Request bodies that have no type, are too large or are not HTTP (bad inputs 7, 30 and 56), most of them over a real port.</summary>
public sealed class RequestBodyTests
{
    private const string Form = "application/x-www-form-urlencoded";

    [Theory]
    [Trait("Outside", "socket")]
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
    [Trait("Outside", "socket")]
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
    [Trait("Outside", "socket")]
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

    private static ByteArrayContent Body(string text, string type)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(text));
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        return content;
    }
}
