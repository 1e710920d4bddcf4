namespace DeviceAuthorization.BlackBox;

/// <summary>What only a raw socket can send (rows 2, 7, 18, 30 and 35), and what is answered after a refusal on the same connection.</summary>
public abstract class SocketTests(Store store)
{
    [SkippableFact]
    [Trait("Row", "2")]
    public async Task HEAD_is_405_without_a_body()
    {
        var answer = await RawHttp.AskAsync(await store.MainAsync(), $"HEAD {Host.Init}?client_id=tv HTTP/1.1");
        Assert.Equal("", answer.Is(405).IsNotCached().Body);
        Assert.Equal("POST", answer.Header("Allow"));
    }

    [SkippableTheory]
    [InlineData("7, no content type", "")]
    [InlineData("7, content type without a value", "\r\nContent-Type:")]
    [InlineData("7, content type that is none", "\r\nContent-Type: ;;;")]
    [InlineData("6, two content types", "\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Type: multipart/form-data; boundary=x")]
    public async Task Without_a_form_s_content_type_nothing_starts(string row, string headers)
    {
        _ = row;
        (await RawHttp.AskAsync(await store.MainAsync(), $"POST {Host.Init} HTTP/1.1{headers}", "client_id=tv")).Refuses(400, "invalid_request");
    }

    [SkippableTheory]
    [InlineData("17, a raw NUL", "client_id=tv\0")]
    [InlineData("18, raw bytes that are no UTF-8", "client_id=\u00FF\u00FE")]
    [InlineData("18, percent at the end", "client_id=tv%")]
    public async Task Bytes_that_are_no_text_start_nothing(string row, string body)
    {
        _ = row;
        (await RawHttp.AskAsync(await store.MainAsync(), $"POST {Host.Init} HTTP/1.1\r\nContent-Type: {Host.Form}", body)).Refuses(400, "invalid_request");
    }

    [SkippableTheory]
    [InlineData("18, path with a malformed percent sequence", "%zz")]
    [InlineData("18, path with invalid UTF-8", "%FF%FE")]
    [InlineData("18, path with NUL", "%00")]
    public async Task A_malformed_path_finds_nothing(string row, string path)
    {
        _ = row;
        Assert.InRange((await RawHttp.AskAsync(await store.MainAsync(), $"GET {Host.Auth}/pending/{path} HTTP/1.1")).Status, 400, 404);
    }

    [SkippableFact]
    [Trait("Row", "37")]
    public async Task A_target_in_absolute_form_goes_into_no_link()
    {
        var answer = await RawHttp.AskAsync(await store.MainAsync(), $"POST http://evil.test{Host.Init} HTTP/1.1\r\nContent-Type: {Host.Form}", "client_id=tv");
        Assert.True(answer.Status is 200 or 400, $"{answer.Status}");
        Assert.DoesNotContain("evil", answer.Body, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("30, INIT", Host.Init)]
    [InlineData("56, TOKEN", Host.Token)]
    public async Task A_chunked_body_without_end_is_cut_off(string row, string path)
    {
        _ = row;
        const long Most = 100 * 1024 * 1024;
        var (answer, sent) = await RawHttp.FloodAsync(await store.MainAsync(), $"POST {path} HTTP/1.1\r\nContent-Type: {Host.Form}", Most);
        answer.Refuses(413, "invalid_request");
        Assert.True(sent < Most / 2, $"{sent} bytes were taken.");
    }

    [SkippableTheory]
    [InlineData("30, broken chunks", "zz\r\n")]
    [InlineData("30, a chunk of another length", "5\r\nclient_id=tv\r\n0\r\n\r\n")]
    public async Task Broken_chunks_are_a_bad_request(string row, string chunks)
    {
        _ = row;
        var answers = await RawHttp.SendAsync(
            await store.MainAsync(), $"POST {Host.Init} HTTP/1.1\r\nHost: {{host}}\r\nConnection: close\r\nContent-Type: {Host.Form}\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}");
        Assert.Single(answers).Refuses(400, "invalid_request");
    }

    [SkippableTheory]
    [InlineData("35, INIT", Host.Init)]
    [InlineData("35, TOKEN", Host.Token)]
    public async Task Two_Authorization_headers_are_refused(string row, string path)
    {
        _ = row;
        const string Basic = "Authorization: Basic dHY6"; // tv:
        var answer = await RawHttp.AskAsync(
            await store.MainAsync(),
            $"POST {path} HTTP/1.1\r\nContent-Type: {Host.Form}\r\n{Basic}\r\n{Basic}",
            $"client_id=tv&grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code={new string('a', 43)}");
        answer.Refuses(400, "invalid_request");
    }

    [SkippableFact]
    [Trait("Row", "4")]
    public async Task What_follows_a_refusal_on_the_same_connection_is_answered_for_itself()
    {
        string Post(string body, string connection) =>
            $"POST {Host.Init} HTTP/1.1\r\nHost: {{host}}\r\nConnection: {connection}\r\nContent-Type: {Host.Form}\r\nContent-Length: {body.Length}\r\n\r\n{body}";
        var answers = await RawHttp.SendAsync(
            await store.MainAsync(), Post("client_id=", "keep-alive") + Post("client_id=tv", "keep-alive") + Post("scope=me.read", "close"));
        Assert.Equal([400, 200, 400], answers.Select(answer => answer.Status));
        answers[0].Refuses(400, "invalid_request");
        answers[2].Refuses(400, "invalid_request");
    }

    [SkippableFact]
    [Trait("Row", "101")]
    public async Task A_token_that_is_not_ASCII_is_refused()
    {
        var answer = await RawHttp.AskAsync(await store.MainAsync(), "GET /api/users/me HTTP/1.1\r\nAuthorization: Bearer da_\u00C3\u00A9\u00FF");
        Assert.True(answer.Status is 400 or 401, $"{answer.Status}");
    }

    [SkippableFact]
    [Trait("Row", "97")]
    public async Task Two_tokens_in_two_headers_are_refused()
    {
        var host = await store.MainAsync();
        var (token, _) = await host.PairAsync("alice");
        foreach (var other in (string[])[token, "x"])
        {
            var answer = await RawHttp.AskAsync(host, $"GET /api/users/me HTTP/1.1\r\nAuthorization: Bearer {token}\r\nAuthorization: Bearer {other}");
            Assert.True(answer.Status is 400 or 401, $"{answer.Status}");
            Assert.StartsWith("Bearer realm=\"", answer.Header("WWW-Authenticate"), StringComparison.Ordinal);
        }
    }
}
