namespace DeviceAuthorization.BlackBox;

/// <summary>A device starts (rows 1 to 42). What an HTTP client cannot send is in <see cref="SocketTests"/>, registered clients are in <see cref="RegisteredClientTests"/>.</summary>
public abstract class StartTests(Store store)
{
    // The row, the body, the error.
    public static TheoryData<string, string, string> BadForms => new()
    {
        { "4, empty body", "", "invalid_request" },
        { "10, client_id without a value", "client_id=", "invalid_request" },
        { "11, client_id twice", "client_id=tv&client_id=tv", "invalid_request" },
        { "12, client_id twice, once empty", "client_id=tv&client_id=", "invalid_request" },
        { "13, CLIENT_ID", "CLIENT_ID=tv", "invalid_request" },
        { "17, NUL in client_id", "client_id=tv%00", "invalid_request" },
        { "18, invalid UTF-8", "client_id=%FF%FE", "invalid_request" },
        { "18, no hexadecimal digits", "client_id=%zz", "invalid_request" },
        { "18, cut off percent sequence", "client_id=tv%4", "invalid_request" },
        { "18, overlong UTF-8", "client_id=%C0%AF", "invalid_request" },
        { "19, client_id of 10,000 characters", $"client_id={new string('Q', 10_000)}", "invalid_request" },
        { "21, scope twice", "client_id=tv&scope=me.read&scope=me.write", "invalid_request" },
        { "22, tab in scope", "client_id=tv&scope=me.read%09me.write", "invalid_scope" },
        { "22, line feed in scope", "client_id=tv&scope=me.read%0A", "invalid_scope" },
        { "23, scope not in ASCII", "client_id=tv&scope=caf%C3%A9", "invalid_scope" },
        { "23, quotes in scope", "client_id=tv&scope=%22QQ%22", "invalid_scope" },
        { "23, backslash in scope", "client_id=tv&scope=QQ%5C", "invalid_scope" },
        { "24, scope in capitals", "client_id=tv&scope=ME.READ", "invalid_scope" },
        { "25, scope that nobody may have", "client_id=tv&scope=QQadmin", "invalid_scope" },
        { "25, scope that nobody may have beside another", "client_id=tv&scope=me.read+QQadmin", "invalid_scope" },
        { "26, 7,000 scopes", $"client_id=tv&scope={string.Join('+', Enumerable.Repeat("a", 7000))}", "invalid_request" },
        { "26, scopes of 1,025 characters", $"client_id=tv&scope=me.read{new string('+', 1018)}", "invalid_scope" },
        { "29, 1,025 parameters", $"client_id=tv{string.Concat(Enumerable.Repeat("&x=1", 1024))}", "invalid_request" },
        { "41, CR LF in the name", "client_id=tv&name=QQ%0D%0AINFO", "invalid_request" },
        { "41, ESC in the name", "client_id=tv&name=QQ%1B%5B31m", "invalid_request" },
        { "41, NUL in the name", "client_id=tv&name=QQ%00", "invalid_request" },
        { "42, name of 10,000 characters", $"client_id=tv&name={new string('Q', 10_000)}", "invalid_request" },
        { "42, half a surrogate pair in the name", "client_id=tv&name=%ED%A0%80", "invalid_request" },
    };

    public static TheoryData<string, string> GoodForms => new()
    {
        { "14, client_id and Client_Id", "client_id=tv&Client_Id=b" },
        { "20, scope without a value", "client_id=tv&scope=" },
        { "22, surplus spaces, as decided", "client_id=tv&scope=+me.read++me.write+" },
        { "27, a scope repeated inside one value", "client_id=tv&scope=me.read+me.read" },
        { "28, resource and unknown parameters twice", "client_id=tv&resource=x&resource=y&foo=1&foo=2" },
        { "42, name of white space only", "client_id=tv&name=+++" },
    };

    [SkippableTheory]
    [MemberData(nameof(BadForms))]
    public async Task A_bad_form_starts_nothing(string row, string body, string error)
    {
        _ = row;
        var host = await store.MainAsync();
        (await host.Client.CallAsync("POST", Host.Init, body)).Refuses(400, error, "QQ", "INFO", "caf");
    }

    [SkippableTheory]
    [MemberData(nameof(GoodForms))]
    public async Task An_odd_but_good_form_starts_a_pairing_of_the_client(string row, string body)
    {
        _ = row;
        var device = (await store.MainAsync()).Client;
        var started = (await device.CallAsync("POST", Host.Init, body)).Is(200).IsNotCached();
        Assert.Equal("authorization_pending", await device.StateAsync(new Codes(started.Text("device_code")!, started.Text("user_code")!, "tv")));
    }

    [SkippableTheory]
    [InlineData("1, GET", "GET")]
    [InlineData("2, PUT", "PUT")]
    [InlineData("2, DELETE", "DELETE")]
    [InlineData("2, PATCH", "PATCH")]
    public async Task Another_method_is_405(string row, string method)
    {
        _ = row;
        var host = await store.MainAsync();
        var answer = await host.Client.CallAsync(method, Host.Init + "?client_id=tv", method == "GET" ? null : "client_id=tv");
        answer.Refuses(405, "invalid_request");
        Assert.Equal("POST", answer.Header("Allow"));
    }

    [SkippableFact]
    [Trait("Row", "3")]
    public async Task No_other_origin_is_let_in()
    {
        var host = await store.MainAsync();
        foreach (var (method, body) in new (string, string?)[] { ("OPTIONS", null), ("POST", "client_id=tv") })
        {
            var answer = await host.Client.CallAsync(
                method, Host.Init, body, headers: [("Origin", "https://evil.test"), ("Access-Control-Request-Method", "POST")]);
            Assert.DoesNotContain(answer.Headers, header => header.Name.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
        }
    }

    [SkippableTheory]
    [InlineData("5, JSON of another shape", """{"client_id":"tv"}""")]
    [InlineData("5, JSON that is no object", "[]")]
    [InlineData("5, no JSON", "client_id=tv")]
    [InlineData("5, a member twice", """{"name":"QQ","client_device_identifier":"i","name":"n","client":"c","requested_scopes":["me.read"]}""")]
    [InlineData("24, JSON, scope in capitals", """{"client_device_identifier":"i","name":"n","client":"c","requested_scopes":["ME.READ"]}""")]
    [InlineData("41, JSON, CR LF in the name", """{"client_device_identifier":"i","name":"Q\r\nQ","client":"c","requested_scopes":["me.read"]}""")]
    [InlineData("42, JSON, half a surrogate pair in the name", """{"client_device_identifier":"i","name":"\ud800","client":"c","requested_scopes":["me.read"]}""")]
    public async Task JSON_of_another_shape_than_RomM_s_is_422(string row, string json)
    {
        _ = row;
        var answer = await (await store.MainAsync()).Client.PostJsonAsync(Host.Init, json);
        Assert.NotEmpty(answer.Refuses(422, null, "QQ").Text("detail")!);
    }

    [SkippableTheory]
    [InlineData("6, multipart", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"client_id\"\r\n\r\ntv\r\n--x--\r\n", 400)]
    [InlineData("8, UTF-16", Host.Form + "; charset=utf-16", "client_id=tv", 400)]
    [InlineData("8, UTF-7", Host.Form + "; charset=utf-7", "client_id=tv", 400)]
    [InlineData("9, UTF-8", Host.Form + "; charset=UTF-8", "client_id=tv", 200)]
    [InlineData("9, odd casing", "Application/X-WWW-Form-urlencoded", "client_id=tv", 200)]
    public async Task Only_forms_in_UTF_8_are_read(string row, string type, string body, int status)
    {
        _ = row;
        var answer = await (await store.MainAsync()).Client.CallAsync("POST", Host.Init, body, type);
        _ = status == 200 ? answer.Is(200) : answer.Refuses(status, "invalid_request");
    }

    [SkippableFact]
    [Trait("Row", "16")]
    public async Task The_query_is_not_read() =>
        (await (await store.MainAsync()).Client.CallAsync("POST", Host.Init + "?client_id=tv", "scope=me.read")).Refuses(400, "invalid_request");

    [SkippableFact]
    [Trait("Row", "30")]
    public async Task A_body_of_a_megabyte_is_too_large() =>
        (await (await store.MainAsync()).Client.CallAsync("POST", Host.Init, "client_id=tv&x=" + new string('Q', 1 << 20))).Refuses(413, "invalid_request", "QQ");

    [SkippableFact]
    [Trait("Row", "37")]
    public async Task The_Host_header_goes_into_no_link()
    {
        var host = await store.MainAsync();
        var started = (await host.Client.CallAsync("POST", Host.Init, "client_id=tv", headers: [("Host", "evil.test"), ("X-Forwarded-Host", "evil.test")])).Is(200);
        Assert.DoesNotContain("evil", started.Body, StringComparison.Ordinal);
        Assert.StartsWith(Store.External is null ? Store.Origin + "/" : "http", started.Text("verification_uri"), StringComparison.Ordinal);
    }

    [SkippableFact]
    [Trait("Row", "38")]
    public async Task Plain_HTTP_from_elsewhere_gets_no_codes()
    {
        var host = await store.RegisteredAsync();
        (await host.Client.CallAsync("POST", Host.Init, "client_id=handheld", headers: ("X-Forwarded-For", "203.0.113.9"))).Refuses(400, "invalid_request");
        (await host.Client.CallAsync("POST", Host.Init, "client_id=handheld")).Is(200); // loopback is exempt
    }
}
