namespace DeviceAuthorization.BlackBox;

/// <summary>
/// Bad polls (rows 45 to 57, 60 and 75). Each is sent while the pairing is pending, and again when it is approved. The next good poll must find
/// the pairing unchanged.
/// </summary>
public abstract class BadPollTests(Store store)
{
    private const string Grant = "grant_type=urn:ietf:params:oauth:grant-type:device_code";

    // {code} the device code, {cut} without its last character, {flipped} in the other case, {user} the user code
    public static TheoryData<string, string, int, string> BadForms => new()
    {
        { "46, no grant_type", "device_code={code}&client_id=tv", 400, "invalid_request" },
        { "46, empty grant_type", "grant_type=&device_code={code}&client_id=tv", 400, "invalid_request" },
        { "47, device_code", "grant_type=device_code&device_code={code}&client_id=tv", 400, "unsupported_grant_type" },
        { "47, password", "grant_type=password&device_code={code}&client_id=tv", 400, "unsupported_grant_type" },
        { "47, authorization_code", "grant_type=authorization_code&device_code={code}&client_id=tv", 400, "unsupported_grant_type" },
        { "47, a hostile one", "grant_type=QQ%22%5C%0A&device_code={code}&client_id=tv", 400, "unsupported_grant_type" },
        { "48, in capitals", "grant_type=URN:IETF:params:oauth:grant-type:device_code&device_code={code}&client_id=tv", 400, "unsupported_grant_type" },
        { "50, grant_type twice", Grant + "&" + Grant + "&device_code={code}&client_id=tv", 400, "invalid_request" },
        { "51, no device_code", Grant + "&client_id=tv", 400, "invalid_request" },
        { "51, empty device_code", Grant + "&device_code=&client_id=tv", 400, "invalid_request" },
        { "52, device_code twice", Grant + "&device_code={code}&device_code=x&client_id=tv", 400, "invalid_request" },
        { "52, device_code twice, equal", Grant + "&device_code={code}&device_code={code}&client_id=tv", 400, "invalid_request" },
        { "53, 43 characters that are no code", Grant + "&device_code=QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ&client_id=tv", 400, "invalid_grant" },
        { "54, without the last character", Grant + "&device_code={cut}&client_id=tv", 400, "invalid_grant" },
        { "54, with one more", Grant + "&device_code={code}A&client_id=tv", 400, "invalid_grant" },
        { "54, in the other case", Grant + "&device_code={flipped}&client_id=tv", 400, "invalid_grant" },
        { "54, with a space", Grant + "&device_code={code}+&client_id=tv", 400, "invalid_grant" },
        { "54, with a line feed", Grant + "&device_code={code}%0A&client_id=tv", 400, "invalid_grant" },
        { "55, the user code", Grant + "&device_code={user}&client_id=tv", 400, "invalid_grant" },
        { "56, device_code of a megabyte", Grant + "&device_code=" + new string('Q', 1 << 20) + "&client_id=tv", 413, "invalid_request" },
        { "57, another client", Grant + "&device_code={code}&client_id=QQ", 400, "invalid_grant" },
        { "58, no client", Grant + "&device_code={code}", 400, "invalid_request" },
    };

    [SkippableTheory]
    [MemberData(nameof(BadForms))]
    public async Task A_bad_poll_neither_consumes_nor_paces(string row, string body, int status, string error)
    {
        _ = row;
        var host = await store.MainAsync();
        var codes = await host.Client.StartAsync();
        body = body
            .Replace("{code}", codes.DeviceCode, StringComparison.Ordinal)
            .Replace("{cut}", codes.DeviceCode[..^1], StringComparison.Ordinal)
            .Replace("{flipped}", Flip(codes.DeviceCode), StringComparison.Ordinal)
            .Replace("{user}", codes.UserCode, StringComparison.Ordinal);
        await RefusedAsync();
        Assert.Equal("authorization_pending", await host.Client.StateAsync(codes));

        (await (await host.SignInAsync("alice")).ApproveAsync(codes)).Is(200);
        await RefusedAsync();
        (await host.Client.PollAsync(codes)).Is(200);

        async Task RefusedAsync() => (await host.Client.CallAsync("POST", Host.Token, body)).Refuses(status, error, codes.DeviceCode, codes.DeviceCode[..^1], "QQ");
    }

    [SkippableFact]
    [Trait("Row", "45")]
    public async Task A_GET_with_everything_in_the_query_is_405()
    {
        var device = (await store.MainAsync()).Client;
        var codes = await device.StartAsync();
        var answer = await device.CallAsync("GET", $"{Host.Token}?{Grant}&device_code={codes.DeviceCode}&client_id=tv");
        Assert.Equal("POST", answer.Refuses(405, "invalid_request", codes.DeviceCode).Header("Allow"));
        Assert.Equal("authorization_pending", await device.StateAsync(codes));
    }

    [SkippableTheory]
    [InlineData("49, raw colons", "urn:ietf:params:oauth:grant-type:device_code")]
    [InlineData("49, encoded colons", "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code")]
    [InlineData("49, encoded in small letters", "urn%3aietf%3aparams%3aoauth%3agrant-type%3adevice_code")]
    public async Task Colons_may_be_encoded_or_not(string row, string grant)
    {
        _ = row;
        var device = (await store.MainAsync()).Client;
        var codes = await device.StartAsync();
        (await device.CallAsync("POST", Host.Token, $"grant_type={grant}&device_code={codes.DeviceCode}&client_id=tv")).Refuses(400, "authorization_pending");
    }

    [SkippableFact]
    [Trait("Row", "60")]
    public async Task A_scope_in_a_poll_grants_nothing()
    {
        var host = await store.MainAsync();
        var codes = await host.Client.StartAsync();
        (await (await host.SignInAsync("alice")).ApproveAsync(codes)).Is(200);
        var paired = await host.Client.CallAsync("POST", Host.Token, $"{Grant}&device_code={codes.DeviceCode}&client_id=tv&scope=admin+me.write");
        Assert.Equal("me.read", paired.Is(200).IsNotCached().Text("scope"));
    }

    [SkippableTheory]
    [InlineData("51, JSON without device_code", "{}")]
    [InlineData("52, JSON with two", """{"device_code":"{code}","device_code":"{code}"}""")]
    [InlineData("54, JSON, in a list", """{"device_code":["{code}"]}""")]
    public async Task JSON_of_another_shape_is_422_and_consumes_nothing(string row, string json)
    {
        _ = row;
        var device = (await store.MainAsync()).Client;
        var codes = await device.StartAsync();
        (await device.PostJsonAsync(Host.Token, json.Replace("{code}", codes.DeviceCode, StringComparison.Ordinal))).Refuses(422, null, codes.DeviceCode);
        Assert.Equal("authorization_pending", await device.StateAsync(codes));
    }

    [SkippableFact]
    [Trait("Row", "75")]
    public async Task Whatever_a_device_accepts_the_answer_is_JSON()
    {
        var device = (await store.MainAsync()).Client;
        var answer = await device.PollAsync(
            await device.StartAsync(),
            ("Accept", "text/html;q=nonsense, image/*"),
            ("Accept-Encoding", "br;q=1.0, gzip, *;q=0"),
            ("Accept-Language", "xx-KLINGON, ;;;"));
        answer.Refuses(400, "authorization_pending");
    }

    private static string Flip(string code) => new([.. code.Select(c => char.IsUpper(c) ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c))]);
}
