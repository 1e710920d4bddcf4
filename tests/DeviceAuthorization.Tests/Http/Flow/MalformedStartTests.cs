using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace DeviceAuthorization.Tests;

/// <summary>
/// <c>POST init</c> by form, where the request is wrong or odd: bad inputs 1 to 30 and 37 to 42. <see cref="ClientIdentificationTests"/> has
/// 31 to 35, <see cref="ReportedTextTests"/> more of 39 to 42, and <see cref="JsonStartTests"/> what is sent as JSON. The store of each host
/// holds one pairing: if the refused request had made one, the honest start after it would find no room.
/// </summary>
public sealed class MalformedStartTests
{
    public static TheoryData<string, string, string> BadForms => new()
    {
        { "4", "", "invalid_request" },
        { "10", "client_id=", "invalid_request" },
        { "11", "client_id=a&client_id=a", "invalid_request" },
        { "12", "client_id=a&client_id=", "invalid_request" },
        { "13", "CLIENT_ID=a", "invalid_request" },
        { "17", "client_id=a%00", "invalid_request" },
        { "17, raw", "client_id=a\0", "invalid_request" },
        { "17, in the name", "client_id=a&x%00=1", "invalid_request" },
        { "18", "client_id=%FF%FE", "invalid_request" },
        { "18, not hex", "client_id=%zz", "invalid_request" },
        { "18, cut off", "client_id=a%4", "invalid_request" },
        { "18, overlong", "client_id=%C0%AF", "invalid_request" },
        { "18, in an unknown parameter", "client_id=a&x=%FF", "invalid_request" },
        { "19", $"client_id={new string('Q', 10_000)}", "invalid_request" },
        { "19, one too many", $"client_id={new string('Q', 129)}", "invalid_request" },
        { "19, control character", "client_id=QQ%0A", "invalid_request" },
        { "19, not ASCII", "client_id=QQ%C3%A9", "invalid_request" },
        { "21", "client_id=a&scope=library.read&scope=library.write", "invalid_request" },
        { "22, tab", "client_id=a&scope=library.read%09profile", "invalid_scope" },
        { "22, line feed", "client_id=a&scope=library.read%0A", "invalid_scope" },
        { "22, no-break space", "client_id=a&scope=library.read%C2%A0profile", "invalid_scope" },
        { "23", "client_id=a&scope=caf%C3%A9", "invalid_scope" },
        { "23, quotes", "client_id=a&scope=%22x%22", "invalid_scope" },
        { "23, backslash", "client_id=a&scope=x%5C", "invalid_scope" },
        { "24", "client_id=a&scope=LIBRARY.READ", "invalid_scope" },
        { "25", "client_id=a&scope=admin", "invalid_scope" },
        { "25, beside a known one", "client_id=a&scope=library.read+admin", "invalid_scope" },
        { "26", $"client_id=a&scope={string.Join('+', Enumerable.Repeat("a", 7000))}", "invalid_request" },
        { "26, 51 scopes", $"client_id=a&scope={string.Join('+', Enumerable.Repeat("profile", 51))}", "invalid_scope" },
        { "26, a long scope", $"client_id=a&scope={new string('Q', 129)}", "invalid_scope" },
        { "26, 1025 characters", $"client_id=a&scope=profile{new string('+', 1018)}", "invalid_scope" },
        { "29", $"client_id=a{string.Concat(Enumerable.Repeat("&x=1", 1025))}", "invalid_request" },
        { "29, 51 parameters", $"client_id=a{string.Concat(Enumerable.Repeat("&x=1", 50))}", "invalid_request" },
        { "41, CR LF", "client_id=a&name=QQ%0D%0AINFO+fake", "invalid_request" },
        { "41, ESC", "client_id=a&name=QQ%1B%5B31m", "invalid_request" },
        { "41, NUL", "client_id=a&name=QQ%00", "invalid_request" },
        { "42", $"client_id=a&name={new string('Q', 10_000)}", "invalid_request" },
        { "42, one too many", $"client_id=a&name={new string('Q', 256)}", "invalid_request" },
        { "42, lone surrogate", "client_id=a&name=%ED%A0%80", "invalid_request" },
    };

    public static TheoryData<string, string> GoodForms => new()
    {
        { "14", "client_id=a&Client_Id=b" },
        { "20", "client_id=a&scope=" },
        { "22, as decided", "client_id=a&scope=+library.read++profile+" },
        { "22, what oidc-agent sends", "client_id=a&scope=library.read+openid+offline_access+" },
        { "27", "client_id=a&scope=profile+profile" },
        { "28", "client_id=a&resource=x&resource=y&foo=1&foo=2" },
        { "29, 50 parameters", $"client_id=a{string.Concat(Enumerable.Repeat("&x=1", 49))}" },
        { "19, just short enough", $"client_id={new string('Q', 128)}" },
        { "26, 50 scopes", $"client_id=a&scope={string.Join('+', Enumerable.Repeat("profile", 50))}" },
        { "26, 1024 characters", $"client_id=a&scope=profile{new string('+', 1017)}" },
        { "39", "client_id=a&name=%3Cscript%3Ealert(1)%3C/script%3E" },
        { "40", "client_id=a&name=TV%E2%80%AE%E2%81%A6%E2%80%8Bx" },
        { "42, blank", "client_id=a&name=+++" },
        { "42, just short enough", $"client_id=a&name={new string('Q', 255)}" },
        { "mutt", "client_id=a&client_secret=" },
    };

    [Theory]
    [MemberData(nameof(BadForms))]
    public async Task A_bad_form_starts_nothing(string row, string body, string error)
    {
        _ = row;
        await using var host = await RoomForOneAsync();
        using var response = await host.Device().PostRawAsync("init", body);
        await OAuthAssert.ErrorAsync(response, 400, error, "QQ", "fake", "caf", "admin");
        await host.Device().StartAsync();
    }

    [Theory]
    [MemberData(nameof(GoodForms))]
    public async Task An_odd_but_good_form_starts_a_pairing(string row, string body)
    {
        _ = row;
        await using var host = await RoomForOneAsync();
        using var response = await host.Device().PostRawAsync("init", body);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    [Trait("Row", "14")]
    public async Task Of_two_spellings_of_a_name_only_the_right_one_counts()
    {
        await using var host = await RoomForOneAsync();
        using var response = await host.Device().PostRawAsync("init", "Client_Id=b&client_id=a&CLIENT_ID=c");
        var codes = StartedCodes.From(await response.JsonAsync());
        Assert.Equal("invalid_grant", await (await host.Device().PollAsync(codes.DeviceCode, "b")).ErrorAsync());
        Assert.Equal("authorization_pending", await (await host.Device().PollAsync(codes.DeviceCode, "a")).ErrorAsync());
    }

    [Theory]
    [Trait("Outside", "socket")]
    [InlineData("1", "GET")]
    [InlineData("2", "HEAD")]
    [InlineData("2", "PUT")]
    [InlineData("2", "DELETE")]
    [InlineData("2", "PATCH")]
    public async Task Another_method_is_405_on_the_wire(string row, string method)
    {
        _ = row;
        await using var host = await RoomForOneAsync(kestrel: true);
        using var response = await RawHttp.SendAsync(host, $"""
            {method} {Wire.Prefix}/init?client_id=a HTTP/1.1
            Content-Type: application/x-www-form-urlencoded
            Content-Length: 11
            """, "client_id=a");
        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.Equal("POST", Assert.Single(response.Content.Headers.Allow));
        OAuthAssert.NotCached(response);
        Assert.Equal(method == "HEAD", (await response.Content.ReadAsStringAsync()).Length == 0);
        await host.Device().StartAsync();
    }

    [Theory]
    [Trait("Row", "3"), Trait("Row", "P-97")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_other_origin_is_let_in(bool hostAllowsAll)
    {
        await using var host = await TestHost.StartAsync(
            services: services =>
            {
                if (hostAllowsAll)
                {
                    services.AddCors(cors => cors.AddDefaultPolicy(policy => policy.AllowAnyOrigin().AllowAnyHeader().AllowAnyMethod()));
                }
            },
            map: app =>
            {
                if (hostAllowsAll)
                {
                    Microsoft.AspNetCore.Builder.CorsMiddlewareExtensions.UseCors(app);
                }
            });
        foreach (var method in (HttpMethod[])[HttpMethod.Options, HttpMethod.Post])
        {
            using var request = new HttpRequestMessage(method, $"{Wire.Prefix}/init");
            request.Headers.Add("Origin", "https://evil.test");
            request.Headers.Add("Access-Control-Request-Method", "POST");
            using var response = await host.Device().SendAsync(request);
            Assert.DoesNotContain(response.Headers, header => header.Key.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
        }
    }

    [Fact]
    [Trait("Row", "6")]
    public async Task A_multipart_form_is_refused()
    {
        await using var host = await RoomForOneAsync();
        using var form = new MultipartFormDataContent { { new StringContent("a"), "client_id" } };
        using var response = await host.Device().PostAsync($"{Wire.Prefix}/init", form);
        await OAuthAssert.ErrorAsync(response, 400, "invalid_request");
        await host.Device().StartAsync();
    }

    [Theory]
    [InlineData("8", "application/x-www-form-urlencoded; charset=utf-16", false)]
    [InlineData("8", "application/x-www-form-urlencoded; charset=utf-7", false)]
    [InlineData("8", "application/x-www-form-urlencoded; charset=nonsense", false)]
    [InlineData("9", "application/x-www-form-urlencoded; charset=UTF-8", true)]
    [InlineData("9", "Application/X-WWW-Form-urlencoded", true)]
    public async Task Only_UTF_8_is_read(string row, string contentType, bool good)
    {
        _ = row;
        await using var host = await RoomForOneAsync();
        using var response = await host.Device().PostRawAsync("init", "client_id=a", contentType);
        if (good)
        {
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            return;
        }

        await OAuthAssert.ErrorAsync(response, 400, "invalid_request");
        await host.Device().StartAsync();
    }

    [Fact]
    [Trait("Row", "16"), Trait("Row", "P-70")]
    public async Task The_query_is_not_read()
    {
        await using var host = await RoomForOneAsync();
        using var response = await host.Device().PostRawAsync("init?client_id=a", "scope=profile");
        await OAuthAssert.ErrorAsync(response, 400, "invalid_request");
        await host.Device().StartAsync();
    }

    [Fact]
    [Trait("Row", "37"), Trait("Row", "T-24")]
    public async Task The_Host_header_goes_into_no_link()
    {
        await using var host = await RoomForOneAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Wire.Prefix}/init")
        {
            Content = new FormUrlEncodedContent([KeyValuePair.Create("client_id", "a")]),
        };
        request.Headers.Host = "evil.test";
        request.Headers.Add("X-Forwarded-Host", "evil.test");
        using var response = await host.Device().SendAsync(request);
        Assert.Equal("https://tv.example.com/pair/device", (await response.JsonAsync()).GetProperty("verification_uri").GetString());
        Assert.DoesNotContain("evil", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Row", "38"), Trait("Row", "P-05")]
    public async Task Plain_HTTP_gets_no_codes()
    {
        await using var host = await RoomForOneAsync();
        using var content = new ByteArrayContent(Encoding.ASCII.GetBytes("client_id=a"));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/x-www-form-urlencoded");
        using var response = await host.Device().PostAsync($"http://tv.example.com{Wire.Prefix}/init", content);
        await OAuthAssert.ErrorAsync(response, 400, "invalid_request");
        await host.Device().StartAsync();
    }

    private static Task<TestHost> RoomForOneAsync(bool kestrel = false) => TestHost.StartAsync(options => options.MaxLivePairings = 1, kestrel: kestrel);
}
