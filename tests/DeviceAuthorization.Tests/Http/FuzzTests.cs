using System.Text;
using CsCheck;

namespace DeviceAuthorization.Tests;

/// <summary>Random requests make no endpoint fail. A 5xx is a bug here, because nothing behind the endpoints is down.</summary>
public sealed class FuzzTests
{
    private const string Json = """{"client_device_identifier":"i","name":"n","client":"c","requested_scopes":["profile"]}""";

    private static readonly Gen<string> Methods = Gen.Frequency(
        (8, Gen.Const("POST")), (2, Gen.Const("GET")), (1, Gen.OneOf("PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "X")));

    private static readonly Gen<string> Paths = Gen.Select(
        Gen.OneOf("init", "token", "approve", "deny", "pending/", "pending/WDJB-MJHT", "page", "page/decision", "page?user_code=", "pending/%2F", "pending/%0A", "init/", ""),
        Gen.Frequency((3, Gen.Const("")), (1, Gen.String[Gen.Char[' ', '\uFFFF'], 0, 20].Select(EscapeLoosely))),
        (path, rest) => path.StartsWith("page", StringComparison.Ordinal) ? Browser.Page + path[4..] + rest : $"{Wire.Prefix}/{path}{rest}");

    private static readonly Gen<string> Types = Gen.Frequency(
        (5, Gen.Const("application/x-www-form-urlencoded")),
        (5, Gen.Const("application/json")),
        (1, Gen.OneOf("", "text/html", "multipart/form-data; boundary=x", "application/json; charset=utf-16", ";;;", "application/x-www-form-urlencoded; charset=", "é")),
        (1, Gen.String[Gen.Char[' ', '~'], 0, 30]));

    private static readonly Gen<byte[]> Bodies = Gen.OneOf(
        Gen.Byte.Array[0, 300],
        Words("client_id", "=", "&", "tv", "scope", "device_code", "grant_type", Wire.GrantType, "%", "%00", "%ED%A0%80", "+", "user_code", "decision", "scope0", "name", "\u202E", "a", new string('a', 43)),
        Words("{", "}", "[", "]", "\"", ":", ",", "null", "1e999", "\"name\"", "\"client\"", "\"\\ud800\"", "\"user_code\"", "\"approved_scopes\"", "\"device_code\"", "\"expires_in\"", "true", "-1", "\"\\u0000\"", "\uFEFF"),
        Gen.Select(Gen.Int[0, Json.Length - 1], Gen.Char['\0', '\u00FF'], (at, c) => Encoding.UTF8.GetBytes(string.Concat(Json.AsSpan(0, at), c.ToString(), Json.AsSpan(at + 1)))),
        Gen.Select(Gen.OneOf("user_code", "device_code", "approved_scopes", "device_name", "expires_in", "client_id"), Gen.OneOf("null", "1", "\"\"", "[]", "{}", "[null]", "\"a\"", "[\"profile\"]", "[[[[[[[[["), (name, value) =>
            Encoding.UTF8.GetBytes($$"""{"user_code":"WDJBMJHT","approved_scopes":["profile"],"{{name}}":{{value}}}""")));

    private static readonly Gen<(string Name, string Value)[]> Headers = Gen.Select(
        Gen.OneOf("Authorization", "Cookie", "Origin", "Sec-Fetch-Site", "Idempotency-Key", "Accept", "X-Forwarded-For", "Prefer", "If-None-Match", "Content-Encoding", "RequestVerificationToken", "Range"),
        Gen.OneOf(
            Gen.OneOf("Basic ", "Basic Og==", "Basic dHY6", "Basic JTAwOg==", "Basic /////w==", "Bearer", "Bearer x", "null", "https://evil.test", "cross-site", "wait=5", "gzip", ".AspNetCore.Cookies=x; .AspNetCore.Antiforgery.x=y"),
            Gen.String[Gen.Char[' ', '\u00FF'], 0, 60]),
        (name, value) => (name, value)).Array[0, 3];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Nothing_that_is_sent_is_a_server_error(bool signedIn)
    {
        await using var host = await TestHost.StartAsync(options => options.MaxLivePairings = 100_000);
        var client = signedIn ? await host.SignInAsync("alice") : host.Device();
        await Gen.Select(Methods, Paths, Types, Bodies, Headers).SampleAsync(
            async (method, path, type, body, headers) =>
            {
                if (!Uri.TryCreate(client.BaseAddress, path, out var uri) || uri.Host != client.BaseAddress!.Host
                    || uri.AbsolutePath.Contains("%00", StringComparison.Ordinal)) // Kestrel refuses it, the test server throws
                {
                    return;
                }

                using var request = new HttpRequestMessage(new HttpMethod(method), uri);
                if (method is not ("GET" or "HEAD"))
                {
                    request.Content = new ByteArrayContent(body);
                    request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
                }

                foreach (var (name, value) in headers)
                {
                    _ = request.Headers.TryAddWithoutValidation(name, value) || request.Content?.Headers.TryAddWithoutValidation(name, value) == true;
                }

                using var response = await client.SendAsync(request);
                Assert.True((int)response.StatusCode < 500, $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
            },
            iter: 4_000,
            threads: 2,
            print: input => $"{input.Item1} {input.Item2}\n{input.Item3}\n{Convert.ToBase64String(input.Item4)}\n{string.Join('\n', input.Item5)}");
    }

    private static Gen<byte[]> Words(params string[] words) =>
        Gen.OneOf(words).Array[0, 40].Select(parts => Encoding.UTF8.GetBytes(string.Concat(parts)));

    private static string EscapeLoosely(string text) => text.Length % 2 == 0 && IsWellFormed(text) ? Uri.EscapeDataString(text) : text.Replace('#', '%');

    private static bool IsWellFormed(string text) => text.EnumerateRunes().All(rune => rune != Rune.ReplacementChar);
}
