using System.Net;

namespace DeviceAuthorization.Tests;

/// <summary>
/// <c>POST token</c> by form, where the request itself is wrong: bad inputs 45 to 60, 74 and 75, and the parameters of P-32 to P-34, P-67
/// and P-70. A row of <see cref="BadForms"/> is sent while the pairing is pending and again when it is approved; an honest poll after it
/// must find everything unchanged.
/// </summary>
public sealed class MalformedPollTests
{
    private const string Grant = $"grant_type={Wire.GrantType}";

    // {code} the device code, {cut} without its last character, {flipped} in the other case, {user} the user code
    public static TheoryData<string, string, int, string> BadForms => new()
    {
        { "46", "device_code={code}&client_id=tv", 400, "invalid_request" },
        { "46, empty", "grant_type=&device_code={code}&client_id=tv", 400, "invalid_request" },
        { "46, other case", "Grant_Type=" + Wire.GrantType + "&device_code={code}&client_id=tv", 400, "invalid_request" },
        { "47", "grant_type=device_code&device_code={code}&client_id=tv", 400, "unsupported_grant_type" },
        { "47, password", "grant_type=password&device_code={code}&client_id=tv", 400, "unsupported_grant_type" },
        { "47, code", "grant_type=authorization_code&device_code={code}&client_id=tv", 400, "unsupported_grant_type" },
        { "47, echo", "grant_type=QQ%22%5C%0A&device_code={code}&client_id=tv", 400, "unsupported_grant_type" },
        { "48", "grant_type=URN:IETF:params:oauth:grant-type:device_code&device_code={code}&client_id=tv", 400, "unsupported_grant_type" },
        { "50", Grant + "&" + Grant + "&device_code={code}&client_id=tv", 400, "invalid_request" },
        { "51", Grant + "&client_id=tv", 400, "invalid_request" },
        { "51, empty", Grant + "&device_code=&client_id=tv", 400, "invalid_request" },
        { "51, other case", Grant + "&Device_Code={code}&client_id=tv", 400, "invalid_request" },
        { "52", Grant + "&device_code={code}&device_code=x&client_id=tv", 400, "invalid_request" },
        { "52, equal", Grant + "&device_code={code}&device_code={code}&client_id=tv", 400, "invalid_request" },
        { "53", Grant + "&device_code=QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ&client_id=tv", 400, "invalid_grant" },
        { "54", Grant + "&device_code={cut}&client_id=tv", 400, "invalid_grant" },
        { "54, one more", Grant + "&device_code={code}A&client_id=tv", 400, "invalid_grant" },
        { "54, other case", Grant + "&device_code={flipped}&client_id=tv", 400, "invalid_grant" },
        { "54, space", Grant + "&device_code={code}+&client_id=tv", 400, "invalid_grant" },
        { "54, line feed", Grant + "&device_code={code}%0A&client_id=tv", 400, "invalid_grant" },
        { "54, NUL", Grant + "&device_code={code}%00&client_id=tv", 400, "invalid_request" },
        { "55", Grant + "&device_code={user}&client_id=tv", 400, "invalid_grant" },
        { "56, 5,000", Grant + "&device_code=" + new string('Q', 5000) + "&client_id=tv", 400, "invalid_request" },
        { "56, 4,096", Grant + "&device_code=" + new string('Q', 4096) + "&client_id=tv", 400, "invalid_grant" },
        { "56, 1 MB", Grant + "&device_code=" + new string('Q', 1 << 20) + "&client_id=tv", 413, "invalid_request" },
        { "ADV-04, 50,000", Grant + "&device_code={code}&client_id=tv&scope=" + new string('Q', 50_000), 413, "invalid_request" },
        { "ADV-04, 7,000 scopes", Grant + "&device_code={code}&client_id=tv&scope=" + string.Join('+', Enumerable.Repeat("a", 7000)), 400, "invalid_request" },
        { "57", Grant + "&device_code={code}&client_id=QQ", 400, "invalid_grant" },
        { "58", Grant + "&device_code={code}", 400, "invalid_request" },
        { "58, empty", Grant + "&device_code={code}&client_id=", 400, "invalid_request" },
        { "P-64, the order of checks", "grant_type=x&client_id=tv&client_id=tv", 400, "invalid_request" },
        { "P-64, the grant before the client", "grant_type=x", 400, "unsupported_grant_type" },
        { "P-64, the client before the code", Grant, 400, "invalid_request" },
    };

    [Theory]
    [MemberData(nameof(BadForms))]
    public async Task A_bad_poll_neither_consumes_nor_paces(string row, string body, int status, string error)
    {
        _ = row;
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartAsync();
        body = body
            .Replace("{code}", codes.DeviceCode, StringComparison.Ordinal)
            .Replace("{cut}", codes.DeviceCode[..^1], StringComparison.Ordinal)
            .Replace("{flipped}", new string([.. codes.DeviceCode.Select(c => char.IsUpper(c) ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c))]), StringComparison.Ordinal)
            .Replace("{user}", codes.UserCode, StringComparison.Ordinal);
        await RefusedAsync();
        await RefusedAsync();
        Assert.Equal("authorization_pending", await (await device.PollAsync(codes.DeviceCode)).ErrorAsync());

        (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        await RefusedAsync();
        Assert.Equal(HttpStatusCode.OK, (await device.PollAsync(codes.DeviceCode)).StatusCode);

        async Task RefusedAsync()
        {
            using var response = await device.PostRawAsync("token", body);
            await OAuthAssert.ErrorAsync(response, status, error, codes.DeviceCode, codes.DeviceCode[..^1], "QQ");
        }
    }

    [Fact]
    [Trait("Row", "45"), Trait("Row", "P-70")]
    public async Task A_GET_with_everything_in_the_query_is_405()
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartAsync();
        var query = $"{Wire.Prefix}/token?{Grant}&device_code={codes.DeviceCode}&client_id=tv";
        using var get = await device.GetAsync(query);
        Assert.Equal("POST", Assert.Single(get.Content.Headers.Allow));
        await OAuthAssert.ErrorAsync(get, 405, "invalid_request", codes.DeviceCode);

        using var post = await device.PostAsync(query, new FormUrlEncodedContent([]));
        await OAuthAssert.ErrorAsync(post, 400, "invalid_request");
    }

    [Fact]
    [Trait("Row", "49")]
    public async Task Colons_may_be_encoded_or_not()
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        foreach (var grant in (string[])[Wire.GrantType, Uri.EscapeDataString(Wire.GrantType), Wire.GrantType.Replace(":", "%3a", StringComparison.Ordinal)])
        {
            var codes = await device.StartAsync();
            using var response = await device.PostRawAsync("token", $"grant_type={grant}&device_code={codes.DeviceCode}&client_id=tv");
            Assert.Equal("authorization_pending", await response.ErrorAsync());
        }
    }

    [Fact]
    [Trait("Row", "53"), Trait("Row", "54")]
    public async Task What_cannot_be_a_device_code_asks_no_store()
    {
        var store = new ProbingPairingStore();
        await using var host = await TestHost.StartAsync(services: store.Use);
        foreach (var code in (string[])["x", new string('a', 42), new string('a', 44), new string('+', 43), new string('a', 4096)])
        {
            Assert.Equal("invalid_grant", await (await host.Device().PollAsync(code)).ErrorAsync());
        }

        Assert.Equal(0, store.Calls);
        Assert.Equal("invalid_grant", await (await host.Device().PollAsync(new string('a', 43))).ErrorAsync());
        Assert.Equal(1, store.Calls);
    }

    [Fact]
    [Trait("Row", "60")]
    public async Task A_scope_in_a_poll_grants_nothing()
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartAsync();
        (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        using var response = await device.PostFormAsync(
            "token", ("grant_type", Wire.GrantType), ("device_code", codes.DeviceCode), ("client_id", "tv"), ("scope", "library.write admin"));
        Assert.Equal("library.read", (await response.JsonAsync()).GetProperty("scope").GetString());
    }

    [Fact]
    [Trait("Row", "75")]
    public async Task Whatever_a_device_says_it_accepts_the_answer_is_JSON()
    {
        await using var host = await TestHost.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Wire.Prefix}/token")
        {
            Content = new FormUrlEncodedContent(
                [KeyValuePair.Create("grant_type", Wire.GrantType), KeyValuePair.Create("client_id", "tv"), KeyValuePair.Create("device_code", new string('a', 43))]),
        };
        request.Headers.TryAddWithoutValidation("Accept", "text/html;q=nonsense, image/*");
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "br;q=1.0, gzip, *;q=0");
        request.Headers.TryAddWithoutValidation("Accept-Language", "xx-KLINGON, \u0001, ;;;");
        using var response = await host.Device().SendAsync(request);
        await OAuthAssert.ErrorAsync(response, 400, "invalid_grant");
    }

    [Theory]
    [InlineData("é")]
    [InlineData("one", "two")]
    public async Task An_unfit_Idempotency_Key_is_refused_in_both_dialects(params string[] keys)
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartAsync();
        device.DefaultRequestHeaders.TryAddWithoutValidation("Idempotency-Key", keys);
        await OAuthAssert.ErrorAsync(await device.PollAsync(codes.DeviceCode), 400, "invalid_request");
        await OAuthAssert.DetailAsync(await device.PollJsonAsync(codes.DeviceCode), 422);
        Assert.Equal("authorization_pending", await (await host.Device().PollAsync(codes.DeviceCode)).ErrorAsync());
    }

    [Theory]
    [InlineData(128, "authorization_pending")]
    [InlineData(129, "invalid_request")]
    public async Task An_Idempotency_Key_has_up_to_128_characters(int length, string error)
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartAsync();
        device.DefaultRequestHeaders.Add("Idempotency-Key", new string('k', length));
        await OAuthAssert.ErrorAsync(await device.PollAsync(codes.DeviceCode), 400, error);
    }

    [Theory]
    [Trait("Row", "P-32")]
    [InlineData("urn:ietf:params:oauth:grant-type:device_code", "authorization_pending")]
    [InlineData("urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code", "authorization_pending")]
    [InlineData("URN:IETF:PARAMS:OAUTH:GRANT-TYPE:DEVICE_CODE", "unsupported_grant_type")]
    [InlineData("urn:ietf:params:oauth:grant-type:device_code%20", "unsupported_grant_type")]
    [InlineData("device_code", "unsupported_grant_type")]
    [InlineData("refresh_token", "unsupported_grant_type")]
    [InlineData("", "invalid_request")]
    public async Task The_grant_type_is_compared_by_case(string grantType, string error)
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartAsync();
        using var response = await device.PostRawAsync("token", $"grant_type={grantType}&device_code={codes.DeviceCode}&client_id=tv");
        await OAuthAssert.ErrorAsync(response, 400, error);
    }

    [Theory]
    [Trait("Row", "P-33"), Trait("Row", "P-34")]
    [InlineData("device_code=&client_id=tv", "invalid_request")]
    [InlineData("client_id=tv", "invalid_request")]
    [InlineData("device_code={code}", "invalid_request")]
    [InlineData("device_code={code}&client_id=", "invalid_request")]
    [InlineData("device_code={code}&client_id=other", "invalid_grant")]
    [InlineData("device_code={code}&client_id=TV", "invalid_grant")]
    public async Task Code_and_client_are_required_and_belong_together(string rest, string error)
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartAsync();
        using var response = await device.PostRawAsync(
            "token", $"grant_type={Wire.GrantType}&{rest.Replace("{code}", codes.DeviceCode, StringComparison.Ordinal)}");
        await OAuthAssert.ErrorAsync(response, 400, error);
    }

    [Theory]
    [Trait("Row", "P-67")]
    [InlineData("init", "CLIENT_ID=tv")]
    [InlineData("init", "Client_Id=tv&scope=profile")]
    [InlineData("token", "GRANT_TYPE=urn:ietf:params:oauth:grant-type:device_code&device_code=x&client_id=tv")]
    [InlineData("token", "grant_type=urn:ietf:params:oauth:grant-type:device_code&DEVICE_CODE=x&client_id=tv")]
    public async Task Names_are_compared_by_case(string endpoint, string body)
    {
        await using var host = await TestHost.StartAsync();
        using var response = await host.Device().PostRawAsync(endpoint, body);
        await OAuthAssert.ErrorAsync(response, 400, "invalid_request");
    }

    [Theory]
    [Trait("Row", "P-70"), Trait("Row", "P-06"), Trait("Row", "P-07"), Trait("Row", "P-08")]
    [InlineData("&foo=1&foo=2&scope=", "authorization_pending")]
    [InlineData("&client_secret=", "authorization_pending")]
    [InlineData("&grant_type=x", "invalid_request")]
    [InlineData("&grant_type=", "invalid_request")]
    [InlineData("&client_id=tv", "invalid_request")]
    [InlineData("&device_code=", "invalid_request")]
    public async Task The_token_endpoint_has_the_same_rules_for_parameters(string rest, string error)
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        using var response = await host.Device().PostRawAsync(
            "token", $"grant_type={Wire.GrantType}&device_code={codes.DeviceCode}&client_id=tv{rest}");
        await OAuthAssert.ErrorAsync(response, 400, error);
    }
}
