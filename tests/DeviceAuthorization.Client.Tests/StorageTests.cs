using System.Net;
using System.Net.Http.Headers;

namespace DeviceAuthorization.Client.Tests;

public sealed class StorageTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("client-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_secret_is_written_read_replaced_and_removed()
    {
        var path = Path.Combine(_folder.FullName, "deep", "er", "token.json");
        var store = new FileSecretStore(path);
        Assert.Null(await store.ReadAsync());
        await store.WriteAsync("one");
        await store.WriteAsync("two ✓");
        Assert.Equal("two ✓", await new FileSecretStore(path).ReadAsync());
        Assert.Equal([path], Directory.GetFiles(Path.GetDirectoryName(path)!)); // and nothing unfinished beside it
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
            Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(path)!));
        }

        await store.DeleteAsync();
        await store.DeleteAsync();
        Assert.Null(await store.ReadAsync());
    }

    [Fact]
    public async Task A_secret_that_cannot_be_written_leaves_the_old_one()
    {
        var path = Path.Combine(_folder.FullName, "token.json");
        Directory.CreateDirectory(path); // where the file should be
        await Assert.ThrowsAnyAsync<Exception>(() => new FileSecretStore(path).WriteAsync("new"));

        Assert.Empty(Directory.GetFiles(_folder.FullName));
    }

    [Theory]
    [InlineData("https://example.org/api/items", true)]
    [InlineData("https://example.org/api", true)]
    [InlineData("https://EXAMPLE.org:443/api/items?x=y", true)]
    [InlineData("https://example.org/apis", false)]
    [InlineData("https://example.org/api/../login", false)]
    [InlineData("https://example.org/api/%2e%2e/login", false)]
    [InlineData("https://example.org/", false)]
    [InlineData("https://example.org:8443/api/items", false)]
    [InlineData("http://example.org/api/items", false)]
    [InlineData("https://api.example.org/api/items", false)]
    [InlineData("https://example.org@evil.example.com/api/items", false)]
    public async Task The_token_is_added_only_below_its_address(string address, bool isAdded)
    {
        AuthenticationHeaderValue? sent = null;
        using var http = Http("https://example.org/api/", request =>
        {
            sent = request.Headers.Authorization;
            return HttpStatusCode.OK;
        });
        await http.GetAsync(address);

        Assert.Equal(isAdded ? "Bearer the-token" : null, sent?.ToString());
    }

    [Fact]
    public async Task A_redirect_does_not_carry_the_token_to_another_host()
    {
        await using var other = await TestHost.StartAsync(kestrel: true);
        await using var host = await TestHost.StartAsync(
            kestrel: true,
            map: app => Microsoft.AspNetCore.Builder.EndpointRouteBuilderExtensions.MapGet(app, "/api/moved", () => Microsoft.AspNetCore.Http.Results.Redirect(new Uri(other.Address, "/api/library").ToString())));
        var rejected = 0;
        using var http = new HttpClient(new BearerTokenHandler(host.Address, Token(), (_, _) => Task.FromResult(rejected++)) { InnerHandler = new SocketsHttpHandler() });

        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync(new Uri(host.Address, "/api/moved"))).StatusCode);
        Assert.Equal(0, rejected); // that 401 says nothing about the token
    }

    [Fact]
    public async Task A_message_that_is_sent_again_does_not_take_the_token_to_another_host()
    {
        var sent = new List<string?>();
        using var invoker = new HttpMessageInvoker(new BearerTokenHandler(new("https://example.org"), Token())
        {
            InnerHandler = new Handler((request, _) =>
            {
                sent.Add(request.Headers.Authorization?.ToString());
                return Task.FromResult(new HttpResponseMessage());
            }),
        });
        using var request = new HttpRequestMessage(HttpMethod.Get, "https://example.org/");
        await invoker.SendAsync(request, default);
        request.RequestUri = new("https://example.com/");
        await invoker.SendAsync(request, default);

        Assert.Equal(["Bearer the-token", null], sent);
    }

    [Fact]
    public void A_token_that_the_app_refreshed_is_kept_like_one_that_a_pairing_gave()
    {
        var token = new IssuedToken("new") { RefreshToken = "next", Scope = "a b", ExpiresAt = TestHost.Epoch, DeviceId = "d1", Server = new("https://example.org"), TokenType = "bearer" };
        var kept = IssuedToken.Parse(token.Save());

        Assert.Equal(
            ("new", "next", "a b", TestHost.Epoch, "d1", new Uri("https://example.org"), "bearer"),
            (kept.AccessToken, kept.RefreshToken, kept.Scope, kept.ExpiresAt, kept.DeviceId, kept.Server, kept.TokenType));
        Assert.DoesNotContain("new", $"{kept}", StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new IssuedToken(""));
    }

    [Fact]
    public async Task An_authorization_of_the_app_stays()
    {
        AuthenticationHeaderValue? sent = null;
        using var http = Http("https://example.org", request =>
        {
            sent = request.Headers.Authorization;
            return HttpStatusCode.OK;
        });
        http.DefaultRequestHeaders.Authorization = new("Basic", "eDp5");
        await http.GetAsync("https://example.org/");

        Assert.Equal("Basic eDp5", sent?.ToString());
    }

    [Fact]
    public async Task A_rejected_token_is_reported_once_and_a_403_never()
    {
        var status = HttpStatusCode.Forbidden;
        var rejected = new List<IssuedToken>();
        var requests = 0;
        var token = Token();
        using var http = Http(
            "https://example.org",
            _ =>
            {
                requests++;
                return status;
            },
            token,
            (gone, _) =>
            {
                rejected.Add(gone);
                return Task.CompletedTask;
            });
        await http.GetAsync("https://example.org/");
        Assert.Empty(rejected);
        status = HttpStatusCode.Unauthorized;
        Assert.Equal(status, (await http.GetAsync("https://example.org/")).StatusCode);
        await http.GetAsync("https://example.org/");

        Assert.Same(token, Assert.Single(rejected));
        Assert.Equal(3, requests); // none is repeated
    }

    [Fact]
    public async Task A_token_does_not_travel_over_plain_HTTP_unless_the_app_allows_it()
    {
        using var http = Http("http://192.168.1.20", _ => HttpStatusCode.OK);
        await Assert.ThrowsAsync<InvalidOperationException>(() => http.GetAsync("http://192.168.1.20/"));

        using var allowed = new HttpClient(new BearerTokenHandler(new("http://192.168.1.20"), Token())
        {
            AllowHttp = true,
            InnerHandler = new Handler((_, _) => Task.FromResult(new HttpResponseMessage())),
        });
        Assert.Equal(HttpStatusCode.OK, (await allowed.GetAsync("http://192.168.1.20/")).StatusCode);
    }

    [Fact]
    public void A_handler_needs_an_absolute_address_and_a_bearer_token()
    {
        Assert.Throws<ArgumentException>(() => new BearerTokenHandler(new("/api", UriKind.Relative), Token()));
        Assert.Throws<ArgumentException>(() => new BearerTokenHandler(new("https://example.org"), IssuedToken.Parse("""{ "access_token": "x", "token_type": "DPoP" }""")));
        Assert.Throws<ArgumentException>(() => new BearerTokenHandler(new("https://example.org"), IssuedToken.Parse("""{ "access_token": "x\r\ny" }""")));
    }

    [Fact]
    public void A_QR_code_is_a_square_of_half_blocks_with_a_quiet_zone()
    {
        var lines = TerminalQrCode.Draw("https://example.org/pair?user_code=BCDF-GHJK").Split('\n');

        Assert.All(lines, line => Assert.Equal(lines[0].Length, line.Length));
        Assert.InRange(lines[0].Length, 2 * lines.Length - 2, 2 * lines.Length);
        Assert.Equal([' ', '▀', '▄', '█'], lines.SelectMany(line => line).Distinct().Order());
        Assert.All(lines[..^1], line => Assert.Equal(("████", "████"), (line[..4], line[^4..])));
        Assert.All(lines[..2], line => Assert.Equal(new string('█', line.Length), line));
    }

    private static IssuedToken Token() => IssuedToken.Parse("""{ "access_token": "the-token" }""");

    private static HttpClient Http(
        string address, Func<HttpRequestMessage, HttpStatusCode> answer, IssuedToken? token = null, Func<IssuedToken, CancellationToken, Task>? rejected = null) =>
        new(new BearerTokenHandler(new(address), token ?? Token(), rejected)
        {
            InnerHandler = new Handler((request, _) => Task.FromResult(new HttpResponseMessage(answer(request)) { RequestMessage = request })),
        });
}
