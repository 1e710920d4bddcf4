using System.Net;
using System.Text.Json;

namespace DeviceAuthorization.Client.Tests;

public sealed class StartTests : IDisposable
{
    private readonly Device _device = new();

    private ScriptedServer Server => _device.Server;

    public void Dispose() => _device.Dispose();

    [Fact]
    public async Task A_start_sends_what_is_set_and_gives_the_codes()
    {
        _device.Options.ClientSecret = "s3cret";
        _device.Options.Scope = "library.read profile";
        _device.Options.CanShowNumber = true;
        _device.Options.Device = new() { Name = "Living room TV", Platform = "tv", Identifier = "id-1", Version = "1.2" };
        _device.Options.Parameters["audience"] = "api";
        _device.Options.Parameters["client_id"] = "another"; // has no effect
        var pairing = await _device.Client.StartAsync();

        Assert.Equal(
            "client_id=tv&client_secret=s3cret&scope=library.read+profile&name=Living+room+TV&platform=tv&client_device_identifier=id-1&client_version=1.2&number_matching=true&audience=api",
            Server.Requests.Single().Body);
        Assert.Equal(
            ("BCDF-GHJK", "https://example.org/pair", "https://example.org/pair?user_code=BCDF-GHJK", TestHost.Epoch.AddMinutes(10)),
            (pairing.UserCode, pairing.VerificationUri.AbsoluteUri, pairing.VerificationUriComplete?.AbsoluteUri, pairing.ExpiresAt));
    }

    [Fact]
    public async Task Nothing_that_is_not_set_is_sent()
    {
        _device.Options.Scope = "";
        await _device.Client.StartAsync();

        Assert.Equal("client_id=tv", Server.Requests.Single().Body);
    }

    [Fact]
    public async Task Later_changes_of_the_options_have_no_effect()
    {
        var client = _device.Client;
        _device.Options.ClientId = "another";
        _device.Options.Device.Name = "another";
        _device.Options.Parameters["a"] = "b";
        await client.StartAsync();

        Assert.Equal("client_id=tv", Server.Requests.Single().Body);
    }

    [Fact]
    public async Task The_verification_url_of_old_servers_is_read()
    {
        Server.Start = """{ "device_code": "dc", "user_code": "uc", "verification_url": "https://old.example.org/device", "expires_in": 600 }""";

        Assert.Equal("https://old.example.org/device", (await _device.Client.StartAsync()).VerificationUri.AbsoluteUri);
    }

    [Theory]
    [InlineData("ftp://example.org")]
    [InlineData("javascript:alert(1)")]
    [InlineData("/pair")]
    [InlineData("")]
    [InlineData("https://example.org/%E2%80%AEgro.live")]
    public async Task A_link_that_an_app_must_not_show_is_refused(string link)
    {
        Server.Start = JsonSerializer.Serialize(new { device_code = "dc", user_code = "uc", verification_uri = link, expires_in = 600 });

        var thrown = await Assert.ThrowsAsync<PairingException>(() => _device.Client.StartAsync());
        Assert.False(thrown.IsTransient);
        Assert.Contains("verification_uri", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Such_a_complete_link_is_left_out()
    {
        Server.Start = """{ "device_code": "dc", "user_code": "uc", "verification_uri": "https://example.org", "verification_uri_complete": "data:text/html,x" }""";

        Assert.Null((await _device.Client.StartAsync()).VerificationUriComplete);
    }

    [Fact]
    public async Task The_user_code_loses_its_control_characters()
    {
        Server.Start = JsonSerializer.Serialize(new { device_code = "dc", user_code = "AB\u001b[2J\u202eCD\n", verification_uri = "https://example.org" });

        Assert.Equal("AB[2JCD", (await _device.Client.StartAsync()).UserCode);
    }

    [Theory]
    [InlineData(400, """{ "error": "invalid_client", "error_description": "Who?" }""", "invalid_client", "Who?", false)]
    [InlineData(400, """{ "error": "temporarily_unavailable" }""", "temporarily_unavailable", null, true)]
    [InlineData(404, "<html>", null, null, false)]
    [InlineData(429, "", null, null, true)]
    [InlineData(503, """{ "error": "slow_down" }""", "slow_down", null, true)]
    [InlineData(200, "<html>", null, null, false)]
    [InlineData(200, "[]", null, null, false)]
    [InlineData(302, "", null, null, false)]
    public async Task A_start_that_fails_says_whether_another_may_succeed(int status, string body, string? error, string? description, bool isTransient)
    {
        (Server.StartStatus, Server.Start) = ((HttpStatusCode)status, body);

        var thrown = await Assert.ThrowsAsync<PairingException>(() => _device.Client.StartAsync());
        Assert.Equal((error, description, isTransient), (thrown.Error, thrown.Description, thrown.IsTransient));
    }

    [Fact]
    public async Task A_start_is_transient_without_a_network_and_without_an_answer_in_time()
    {
        using var http = new HttpClient(new Handler((_, _) => throw new HttpRequestException("Connection refused.")));
        var thrown = await Assert.ThrowsAsync<PairingException>(() => new PairingClient(http, _device.Options).StartAsync());
        Assert.True(thrown.IsTransient);
        Assert.Contains("Connection refused", thrown.Message, StringComparison.Ordinal);

        using var silent = new HttpClient(new Handler((_, cancellationToken) => Never(cancellationToken)));
        var starting = new PairingClient(silent, _device.Options, _device.Clock).StartAsync();
        _device.Advance(15);
        Assert.True((await Assert.ThrowsAsync<PairingException>(() => starting)).IsTransient);

        using var stop = new CancellationTokenSource();
        starting = new PairingClient(silent, _device.Options, _device.Clock).StartAsync(stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting);
    }

    [Fact]
    public async Task A_start_passes_on_how_long_to_wait()
    {
        using var http = new HttpClient(new Handler((_, _) => Task.FromResult(ScriptedServer.Answer(429, "", ("Retry-After", "30")))));

        var thrown = await Assert.ThrowsAsync<PairingException>(() => new PairingClient(http, _device.Options).StartAsync());
        Assert.Equal(TimeSpan.FromSeconds(30), thrown.RetryAfter);
    }

    [Theory]
    [InlineData("https://example.org", "https://example.org/.well-known/oauth-authorization-server", "https://example.org")]
    [InlineData("https://example.org/", "https://example.org/.well-known/oauth-authorization-server", "https://example.org")]
    [InlineData("https://example.org/media", "https://example.org/.well-known/oauth-authorization-server/media", "https://example.org/media")]
    [InlineData("https://example.org", "https://example.org/.well-known/openid-configuration", "https://example.org/")]
    [InlineData("https://example.org/media", "https://example.org/media/.well-known/openid-configuration", "https://example.org/media")]
    public async Task The_endpoints_come_from_the_metadata_of_the_server(string server, string document, string issuer)
    {
        Discover(server);
        Server.Documents[document] = Metadata(issuer);
        Server.ThenToken();
        var client = _device.Client;
        var pairing = await client.StartAsync();
        await client.StartAsync();
        await pairing.WithdrawAsync();

        Assert.Equal(document, Server.Requests[^4].Uri.AbsoluteUri); // and read once
        Assert.Equal("/start /start /revoke", string.Join(' ', Server.Requests[^3..].Select(request => request.Uri.AbsolutePath)));
    }

    [Theory]
    [InlineData("""{ "issuer": "https://evil.example.com", "device_authorization_endpoint": "https://evil.example.com/start", "token_endpoint": "https://evil.example.com/token" }""", "evil.example.com")]
    [InlineData("""{ "device_authorization_endpoint": "https://example.org/start", "token_endpoint": "https://example.org/token" }""", "issuer")]
    [InlineData("""{ "issuer": "https://example.org", "token_endpoint": "https://example.org/token" }""", "device_authorization_endpoint")]
    [InlineData("""{ "issuer": "https://example.org", "device_authorization_endpoint": "http://example.org/start", "token_endpoint": "https://example.org/token" }""", "device_authorization_endpoint")]
    [InlineData("<html>", "status 200")]
    public async Task Metadata_that_cannot_be_used_is_refused(string metadata, string reason)
    {
        Discover("https://example.org");
        Server.Documents["https://example.org/.well-known/oauth-authorization-server"] = metadata;

        var thrown = await Assert.ThrowsAsync<PairingException>(() => _device.Client.StartAsync());
        Assert.False(thrown.IsTransient);
        Assert.Contains(reason, thrown.Message, StringComparison.Ordinal);
        Assert.All(Server.Requests, request => Assert.Equal("", request.Body));
    }

    [Fact]
    public async Task Metadata_that_cannot_be_read_now_is_transient()
    {
        Discover("https://example.org");
        using var http = new HttpClient(new Handler((_, _) => Task.FromResult(ScriptedServer.Answer(503, ""))));

        Assert.True((await Assert.ThrowsAsync<PairingException>(() => new PairingClient(http, _device.Options).StartAsync())).IsTransient);
    }

    public static TheoryData<string, Action<PairingClientOptions>> Wrong => new()
    {
        { "ClientId", options => options.ClientId = "" },
        { "Set Server", options => (options.TokenEndpoint, options.DeviceAuthorizationEndpoint) = (null, null) },
        { "or neither", options => options.TokenEndpoint = null },
        { "or neither", options => options.DeviceAuthorizationEndpoint = null },
        { "must be absolute", options => options.TokenEndpoint = new("/token", UriKind.Relative) },
        { "must be absolute", options => options.Server = new("example.org", UriKind.Relative) },
        { "plain HTTP", options => options.TokenEndpoint = new("http://example.org/token") },
        { "plain HTTP", options => options.Server = new("http://192.168.1.20:8080") },
        { "plain HTTP", options => options.RevocationEndpoint = new("http://example.org/token") },
        { "must use https", options => options.Server = new("ftp://example.org") },
        { "no query", options => options.Server = new("https://example.org?a=b") },
        { "MaxWait", options => options.MaxWait = TimeSpan.FromSeconds(-1) },
        { "MaxWait", options => options.MaxWait = TimeSpan.FromMinutes(6) },
        { "MaxWait", options => options.MaxWait = TimeSpan.FromSeconds(1.5) },
        { "Dialect", options => options.Dialect = (PairingDialect)9 },
        { "RomM requires", options => options.Dialect = PairingDialect.RomM },
        { "Device", options => options.Device = null! },
        { "Parameters", options => options.Parameters = null! },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_wrong_setting_is_named(string words, Action<PairingClientOptions> change)
    {
        change(_device.Options);

        Assert.Contains(words, Assert.Throws<ArgumentException>(() => _device.Client).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://localhost:5080", false)]
    [InlineData("http://127.0.0.1:5080", false)]
    [InlineData("http://[::1]:5080", false)]
    [InlineData("http://192.168.1.20", true)]
    public void Plain_HTTP_is_for_this_machine_unless_the_app_allows_it(string server, bool allowHttp)
    {
        _device.Options.Server = new(server);
        _device.Options.AllowHttp = allowHttp;

        Assert.NotNull(_device.Client);
    }

    [Fact]
    [Trait("Outside", "socket")]
    public async Task The_client_that_it_makes_follows_no_redirect()
    {
        await using var host = await TestHost.StartAsync(
            kestrel: true,
            map: app => Microsoft.AspNetCore.Builder.EndpointRouteBuilderExtensions.MapPost(app, "/moved", () => Microsoft.AspNetCore.Http.Results.Redirect("/elsewhere", preserveMethod: true)));
        using var http = PairingClient.CreateHttpClient();
        _device.Options.DeviceAuthorizationEndpoint = new(host.Address, "/moved");

        var thrown = await Assert.ThrowsAsync<PairingException>(() => new PairingClient(http, _device.Options).StartAsync());
        Assert.Contains("redirect to /elsewhere", thrown.Message, StringComparison.Ordinal);
        Assert.False(thrown.IsTransient);
    }

    private static Task<HttpResponseMessage> Never(CancellationToken cancellationToken)
    {
        var never = new TaskCompletionSource<HttpResponseMessage>();
        cancellationToken.Register(() => never.TrySetCanceled(cancellationToken));
        return never.Task;
    }

    private static string Metadata(string issuer) => JsonSerializer.Serialize(new
    {
        issuer,
        device_authorization_endpoint = "https://example.org/start",
        token_endpoint = "https://example.org/token",
        revocation_endpoint = "https://example.org/revoke",
    });

    private void Discover(string server) =>
        (_device.Options.Server, _device.Options.DeviceAuthorizationEndpoint, _device.Options.TokenEndpoint, _device.Options.RevocationEndpoint) = (new(server), null, null, null);
}

/// <summary>A server as one function.</summary>
internal sealed class Handler(Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> answer) : HttpMessageHandler
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => answer(request, cancellationToken);
}
