using System.Net;
using System.Text.Json;

namespace DeviceAuthorization.Tests;

/// <summary><c>POST init</c> as RomM's clients call it, by JSON.</summary>
public sealed class JsonStartTests
{
    private const string Scopes = """ "requested_scopes": ["library.read"] """;
    private const string Identity = """ "client_device_identifier": "id-1", "name": "My device", "client": "grout" """;

    [Fact]
    [Trait("RomM", "valid_request_returns_all_fields")]
    public async Task A_start_is_201_with_every_member_and_integers()
    {
        await using var host = await TestHost.StartAsync();
        using var answer = await host.Device().PostRawAsync("init", $$"""{ {{Identity}}, {{Scopes}} }""", "application/json");
        var raw = await answer.Content.ReadAsStringAsync();
        var body = await answer.JsonAsync();

        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
        Assert.Matches("^[A-Za-z0-9_-]{43}$", body.String("device_code"));
        var code = body.String("user_code")!;
        Assert.Matches("^[BCDFGHJKLMNPQRSTVWXZ]{8}$", code);
        Assert.Equal("/pair/device", body.String("verification_path"));
        Assert.Equal($"/pair/device?user_code={code}", body.String("verification_path_complete"));
        Assert.Equal("https://tv.example.com/pair/device", body.String("verification_uri"));
        Assert.Equal($"https://tv.example.com/pair/device?user_code={code}", body.String("verification_uri_complete"));
        Assert.Contains("\"expires_in\":600,", raw, StringComparison.Ordinal);
        Assert.Contains("\"interval\":5,", raw, StringComparison.Ordinal);
        Assert.DoesNotContain(body.EnumerateObject(), member => member.Value.ValueKind == JsonValueKind.Null);
    }

    [Fact]
    [Trait("RomM", "generate_codes_have_expected_shape")]
    public async Task A_host_that_wants_RomMs_codes_gets_RomMs_alphabet()
    {
        await using var host = await TestHost.StartAsync(options => options.UserCode = UserCodeFormat.RomM);
        for (var i = 0; i < 20; i++)
        {
            Assert.Matches("^[ABCDEFGHJKMNPQRSTUVWXYZ23456789]{8}$", (await host.Device().StartJsonAsync()).UserCode);
        }
    }

    [Fact]
    [Trait("RomM", "rate_limit_returns_429")]
    public async Task The_eleventh_start_in_a_minute_from_one_address_is_429_and_bad_shapes_do_not_count()
    {
        await using var host = await TestHost.StartAsync(options => options.RateLimits.Enabled = true);
        var device = host.Device();
        for (var i = 0; i < 20; i++)
        {
            using var bad = await device.PostRawAsync("init", "{}", "application/json");
            Assert.Equal(HttpStatusCode.UnprocessableEntity, bad.StatusCode);
        }

        for (var i = 0; i < 10; i++)
        {
            await device.StartJsonAsync();
        }

        device.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.7"); // row 43: nobody's own word counts
        using var eleventh = await device.PostRawAsync("init", $$"""{ {{Identity}}, {{Scopes}} }""", "application/json");
        Assert.Equal(HttpStatusCode.TooManyRequests, eleventh.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(60), eleventh.Headers.RetryAfter?.Delta);
        Assert.Equal("Too many authorize attempts. Try again later.", await eleventh.DetailAsync());
    }

    [Theory]
    [Trait("RomM", "empty_scopes_rejected")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("\"library.read\"")]
    [InlineData("[null]")]
    [InlineData("[\"\"]")]
    [InlineData("[1]")]
    [InlineData("[\"library read\"]")]
    [InlineData("[\"li\\u0000brary\"]")]
    public async Task Scopes_must_be_a_list_of_names(string scopes) =>
        await RefusesAsync($$"""{ {{Identity}}, "requested_scopes": {{scopes}} }""");

    [Fact]
    [Trait("RomM", "unknown_scope_rejected")]
    public async Task Unknown_scopes_are_named() =>
        Assert.Equal("Unknown scopes: admin, root", await RefusesAsync($$"""{ {{Identity}}, "requested_scopes": ["admin", "library.read", "root"] }"""));

    [Fact]
    [Trait("RomM", "oversized_scope_list_rejected")]
    public async Task As_many_scopes_as_the_host_has_are_accepted_and_one_more_is_not()
    {
        await using var host = await TestHost.StartAsync();
        await host.Device().StartJsonAsync(scopes: ["library.read", "library.read", "profile"]); // repeats are allowed
        await RefusesAsync($$"""{ {{Identity}}, "requested_scopes": ["library.read", "library.read", "profile", "library.write"] }""");
    }

    [Theory]
    [Trait("RomM", "missing_required_fields_rejected")]
    [InlineData("""{ "name": "n", "client": "c", "requested_scopes": ["library.read"] }""")]
    [InlineData("""{ "client_device_identifier": "i", "client": "c", "requested_scopes": ["library.read"] }""")]
    [InlineData("""{ "client_device_identifier": "i", "name": "n", "requested_scopes": ["library.read"] }""")]
    [InlineData("""{ "client_device_identifier": "i", "name": "n", "client": "c" }""")]
    [InlineData("""{ "client_device_identifier": "", "name": "n", "client": "c", "requested_scopes": ["library.read"] }""")]
    [InlineData("""{ "client_device_identifier": "i", "name": "", "client": "c", "requested_scopes": ["library.read"] }""")]
    [InlineData("""{ "client_device_identifier": "i", "name": "n", "client": " ", "requested_scopes": ["library.read"] }""")]
    [InlineData("""{ "Client_Device_Identifier": "i", "NAME": "n", "client": "c", "requested_scopes": ["library.read"] }""")]
    public async Task Identifier_name_client_and_scopes_are_required(string body) => await RefusesAsync(body);

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("42")]
    [InlineData("{")]
    [InlineData("{} {}")]
    [InlineData("""{ "client_device_identifier": 7, "name": "n", "client": "c", "requested_scopes": ["library.read"] }""")]
    [InlineData("""{ "client_device_identifier": "i", "name": {}, "client": "c", "requested_scopes": ["library.read"] }""")]
    [InlineData("""{ "client_device_identifier": "i", "name": "a", "name": "b", "client": "c", "requested_scopes": ["library.read"] }""")]
    [InlineData("""{ "client_device_identifier": "i", "name": "a", "n\u0061me": "b", "client": "c", "requested_scopes": ["library.read"] }""")]
    [InlineData("""{ "client_device_identifier": "i", "name": "a\ud800", "client": "c", "requested_scopes": ["library.read"] }""")]
    [InlineData("""{ "client_device_identifier": "i", "name": "a\nb", "client": "c", "requested_scopes": ["library.read"] }""")]
    [InlineData("""{ "client_device_identifier": "i\u200b", "name": "n", "client": "c", "requested_scopes": ["library.read"] }""")]
    [InlineData("""{ "client_device_identifier": "i", "name": "n", "client": "c", "requested_scopes": ["library.read"], "x": [[[[[[[[1]]]]]]]] }""")]
    public async Task A_body_of_another_shape_is_422(string body) => await RefusesAsync(body);

    [Fact]
    public async Task Bytes_that_are_not_UTF8_are_422()
    {
        await using var host = await TestHost.StartAsync();
        using var content = new ByteArrayContent([.. "{\"name\":\""u8, 0xff, 0xfe, .. "\"}"u8]);
        content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        using var answer = await host.Device().PostAsync($"{Wire.Prefix}/init", content);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
    }

    [Theory]
    [InlineData("application/json; charset=utf-16", HttpStatusCode.UnprocessableEntity)]
    [InlineData("application/json; charset=UTF-8", HttpStatusCode.Created)]
    [InlineData("application/json; charset=\"utf-8\"", HttpStatusCode.Created)]
    [InlineData("APPLICATION/JSON", HttpStatusCode.Created)]
    [InlineData("application/vnd.api+json", HttpStatusCode.BadRequest)] // neither dialect: answered as RFC 8628 wants it
    public async Task The_media_type_picks_the_dialect(string contentType, HttpStatusCode status)
    {
        await using var host = await TestHost.StartAsync();
        using var answer = await host.Device().PostRawAsync("init", $$"""{ {{Identity}}, {{Scopes}} }""", contentType);
        Assert.Equal(status, answer.StatusCode);
    }

    [Theory]
    [InlineData("client_device_identifier", 255)]
    [InlineData("name", 255)]
    [InlineData("client", 50)]
    [InlineData("platform", 50)]
    [InlineData("client_version", 50)]
    public async Task A_text_may_be_as_long_as_RomM_allows_and_no_longer(string member, int longest)
    {
        await using var host = await TestHost.StartAsync();
        Assert.Equal(HttpStatusCode.Created, await StatusAsync(longest));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, await StatusAsync(longest + 1));

        async Task<HttpStatusCode> StatusAsync(int length)
        {
            var body = new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                ["client_device_identifier"] = "i",
                ["name"] = "n",
                ["client"] = "c",
                ["platform"] = null,
                ["client_version"] = null,
                ["requested_scopes"] = new[] { "library.read" },
            };
            body[member] = new string('x', length);
            using var answer = await host.Device().PostJsonAsync("init", body);
            return answer.StatusCode;
        }
    }

    [Theory]
    [InlineData(16 * 1024, HttpStatusCode.Created)]
    [InlineData((16 * 1024) + 1, HttpStatusCode.RequestEntityTooLarge)]
    public async Task A_body_may_have_16_KiB(int length, HttpStatusCode status)
    {
        await using var host = await TestHost.StartAsync();
        var body = $$"""{ {{Identity}}, {{Scopes}} }""".PadRight(length);
        using var announced = await host.Device().PostRawAsync("init", body, "application/json");
        Assert.Equal(status, announced.StatusCode);

        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Wire.Prefix}/init") { Content = new StreamContent(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(body))) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        request.Headers.TransferEncodingChunked = true;
        using var chunked = await host.Device().SendAsync(request);
        Assert.Equal(status, chunked.StatusCode);
    }

    [Fact]
    public async Task Members_that_are_not_known_are_ignored()
    {
        await using var host = await TestHost.StartAsync();
        using var answer = await host.Device().PostRawAsync("init", $$"""{ {{Identity}}, {{Scopes}}, "callback": "javascript:alert(1)", "x": { "y": [1] } }""", "application/json");
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
    }

    [Fact]
    [Trait("RomM", "verification_path_is_relative")]
    public async Task Nothing_a_device_sends_gets_into_the_answer()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartJsonAsync(identifier: "https://evil.example", name: "//evil.example/<script>");
        Assert.Equal("/pair/device", codes.Body.String("verification_path"));
        Assert.DoesNotContain("evil", codes.Body.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_store_is_503_and_says_when_to_come_back()
    {
        await using var host = await TestHost.StartAsync(options => options.MaxLivePairings = 1);
        var first = await host.Device().StartJsonAsync();
        using var second = await host.Device().PostRawAsync("init", $$"""{ {{Identity}}, {{Scopes}} }""", "application/json");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, second.StatusCode);
        Assert.NotNull(second.Headers.RetryAfter);
        using var poll = await host.Device().PollJsonAsync(first.DeviceCode);
        Assert.Equal("authorization_pending", await poll.DetailAsync());
    }

    [Theory]
    [InlineData("5", """{"client_id":"a"}""")]
    [InlineData("5, not an object", "[]")]
    [InlineData("5, null", "null")]
    [InlineData("5, not JSON", "client_id=a")]
    [InlineData("5, nothing", "")]
    [InlineData("5, wrong types", """{"client_device_identifier":1,"name":"n","client":"c","requested_scopes":["profile"]}""")]
    [InlineData("5, a member twice", """{"name":"a","client_device_identifier":"i","name":"n","client":"c","requested_scopes":["profile"]}""")]
    [InlineData("5, half a surrogate pair", """{"client_device_identifier":"i","name":"\ud800","client":"c","requested_scopes":["profile"]}""")]
    [InlineData("24", """{"client_device_identifier":"i","name":"n","client":"c","requested_scopes":["PROFILE"]}""")]
    [InlineData("25", """{"client_device_identifier":"i","name":"n","client":"c","requested_scopes":["admin"]}""")]
    [InlineData("41", """{"client_device_identifier":"i","name":"a\r\nb","client":"c","requested_scopes":["profile"]}""")]
    public async Task JSON_of_another_shape_than_RomM_s_is_422(string row, string body)
    {
        _ = row;
        await using var host = await TestHost.StartAsync(options => options.MaxLivePairings = 1);
        using var response = await host.Device().PostRawAsync("init", body, "application/json");
        await OAuthAssert.DetailAsync(response, 422);
        await host.Device().StartAsync();
    }

    [Fact]
    [Trait("Row", "5")]
    public async Task JSON_nested_without_end_is_422()
    {
        await using var host = await TestHost.StartAsync(options => options.MaxLivePairings = 1);
        using var response = await host.Device().PostRawAsync("init", $$"""{"name":{{new string('[', 10_000)}}""", "application/json");
        await OAuthAssert.DetailAsync(response, 422);
    }

    private static async Task<string?> RefusesAsync(string body)
    {
        await using var host = await TestHost.StartAsync();
        using var answer = await host.Device().PostRawAsync("init", body, "application/json");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        return await answer.DetailAsync();
    }
}
