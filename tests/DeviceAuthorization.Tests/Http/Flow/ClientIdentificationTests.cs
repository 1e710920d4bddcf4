using System.Net;
using System.Text;

namespace DeviceAuthorization.Tests;

/// <summary>
/// Client identification at both endpoints: bad inputs 31 to 35, 58 and 74, the rows P-63, P-64, P-68 and P-69. No client is
/// registered here, so no secret is right.
/// </summary>
public sealed class ClientIdentificationTests
{
    public static TheoryData<string, string?, string, int, string?> Cases => new()
    {
        { "31", Basic("tv:wrong"), "", 401, "invalid_client" },
        { "32, no colon", Basic("tv"), "", 401, "invalid_client" },
        { "32, no client", Basic(":"), "", 401, "invalid_client" },
        { "32, bad base64", "Basic !!!", "", 401, "invalid_client" },
        { "32, nothing", "Basic", "", 401, "invalid_client" },
        { "32, nothing but a space", "Basic ", "", 401, "invalid_client" },
        { "32, very long", "Basic " + new string('A', 8000), "", 401, "invalid_client" },
        { "33", Basic("tv:"), "client_secret=x", 400, "invalid_request" },
        { "33, both wrong", Basic("tv:x"), "client_secret=x", 400, "invalid_request" },
        { "34", Basic("tv:"), "client_id=b", 400, "invalid_request" },
        { "34, other case", Basic("tv:"), "client_id=TV", 400, "invalid_request" },
        { "58", null, "", 400, "invalid_request" },
        { "74", "Bearer x", "client_id=tv", 401, "invalid_client" },
        { "74, a scheme nobody has", "Negotiate abc", "client_id=tv", 401, "invalid_client" },
        { "P-68", null, "client_id=tv&client_secret=x", 400, "invalid_client" },
        { "P-69, control character", Basic("tv%00:"), "", 400, "invalid_request" },
        { "P-69, too long", Basic(new string('a', 129) + ":"), "", 400, "invalid_request" },
        { "blank password", Basic("tv:"), "", 200, null },
        { "blank password, and the body agrees", Basic("tv:"), "client_id=tv", 200, null },
        { "blank password, and an empty client_id", Basic("tv:"), "client_id=", 200, null },
        { "scheme in another case", "bAsIC " + Basic("tv:")[6..], "", 200, null },
        { "mutt", null, "client_id=tv&client_secret=", 200, null },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_client_names_itself_in_one_way(string row, string? authorization, string body, int status, string? error)
    {
        _ = row;
        await using var host = await TestHost.StartAsync(options => options.MaxLivePairings = 2);
        var codes = await host.Device().StartAsync();
        using var start = await SendAsync(host, "init", body, authorization);
        using var poll = await SendAsync(host, "token", $"grant_type={Wire.GrantType}&device_code={codes.DeviceCode}&{body}", authorization);
        if (error is null)
        {
            Assert.Equal(status, (int)start.StatusCode);
            await OAuthAssert.ErrorAsync(poll, 400, "authorization_pending");
            return;
        }

        foreach (var response in (HttpResponseMessage[])[start, poll])
        {
            await OAuthAssert.ErrorAsync(response, status, error, codes.DeviceCode);
            if (status == 401)
            {
                Assert.StartsWith("Basic realm=\"", response.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
            }
        }

        Assert.Equal("authorization_pending", await (await host.Device().PollAsync(codes.DeviceCode)).ErrorAsync()); // the first one counted
        await host.Device().StartAsync(); // there was still room
    }

    [Fact]
    [Trait("Outside", "socket")]
    [Trait("Row", "35"), Trait("Row", "T-35")]
    public async Task Two_Authorization_headers_are_refused()
    {
        await using var host = await TestHost.StartAsync(kestrel: true);
        foreach (var endpoint in (string[])["init", "token"])
        {
            var body = $"client_id=tv&grant_type={Wire.GrantType}&device_code={new string('a', 43)}";
            using var response = await RawHttp.SendAsync(host, $"""
                POST {Wire.Prefix}/{endpoint} HTTP/1.1
                Content-Type: application/x-www-form-urlencoded
                Content-Length: {body.Length}
                Authorization: {Basic("tv:")}
                Authorization: {Basic("tv:")}
                """, body);
            await OAuthAssert.ErrorAsync(response, 400, "invalid_request");
        }
    }

    [Theory]
    [Trait("Outside", "socket")]
    [InlineData("Authorization", 401, "invalid_client")]
    [InlineData("Idempotency-Key", 400, "invalid_request")]
    public async Task A_header_without_a_value_was_sent_all_the_same(string header, int status, string error)
    {
        await using var host = await TestHost.StartAsync(kestrel: true); // the test server drops such headers
        var body = $"client_id=tv&grant_type={Wire.GrantType}&device_code={new string('a', 43)}";
        using var response = await RawHttp.SendAsync(host, $"""
            POST {Wire.Prefix}/token HTTP/1.1
            Content-Type: application/x-www-form-urlencoded
            Content-Length: {body.Length}
            {header}:
            """, body);
        await OAuthAssert.ErrorAsync(response, status, error);
    }

    [Theory]
    [Trait("Row", "P-69")]
    [InlineData("a:b%", "a%3Ab%25")]
    [InlineData("a b+c", "a+b%2Bc")]
    [InlineData("app.example", "app.example")]
    public async Task A_client_id_is_form_encoded_inside_Basic(string clientId, string encoded)
    {
        await using var host = await TestHost.StartAsync();
        using var start = await SendAsync(host, "init", "", Basic($"{encoded}:"));
        var codes = StartedCodes.From(await start.JsonAsync());
        Assert.Equal("authorization_pending", await (await host.Device().PollAsync(codes.DeviceCode, clientId)).ErrorAsync());
        using var poll = await SendAsync(host, "token", $"grant_type={Wire.GrantType}&device_code={codes.DeviceCode}", Basic($"{encoded}:"));
        Assert.Equal("slow_down", await poll.ErrorAsync());
    }

    [Theory]
    [Trait("Row", "P-69")]
    [InlineData("client_secret=x", HttpStatusCode.OK)]
    [InlineData("client_id=other", HttpStatusCode.OK)]
    public async Task Credentials_in_the_query_are_not_read(string query, HttpStatusCode status)
    {
        await using var host = await TestHost.StartAsync();
        using var response = await host.Device().PostRawAsync($"init?{query}", "client_id=tv");
        Assert.Equal(status, response.StatusCode);
        var codes = StartedCodes.From(await response.JsonAsync());
        Assert.Equal("authorization_pending", await (await host.Device().PollAsync(codes.DeviceCode)).ErrorAsync());
    }

    private static string Basic(string credentials) => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials));

    private static async Task<HttpResponseMessage> SendAsync(TestHost host, string endpoint, string body, string? authorization)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.TryAddWithoutValidation("Content-Type", "application/x-www-form-urlencoded");
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Wire.Prefix}/{endpoint}") { Content = content };
        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        return await host.Device().SendAsync(request);
    }
}
