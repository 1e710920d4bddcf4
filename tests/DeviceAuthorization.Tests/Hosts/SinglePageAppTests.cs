using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace DeviceAuthorization.Tests;

/// <summary>A single-page app on another origin, whose users have bearer tokens of an identity provider; and devices that are web apps.</summary>
public sealed class SinglePageAppTests
{
    private const string App = "https://app.example.com";
    private const int OriginRefused = 46;

    [Fact]
    public async Task People_with_a_JWT_approve_list_and_remove_their_devices_and_tokens()
    {
        await using var host = await StartAsync();
        var alice = FromApp(host.WithJwt());
        var codes = await host.Device().StartJsonAsync();
        using var pending = await alice.GetAsync($"{Wire.Prefix}/pending/{codes.UserCode}");
        Assert.Equal(HttpStatusCode.OK, pending.StatusCode);
        using var approved = await alice.ApproveAsync(codes.UserCode);
        Assert.Equal(HttpStatusCode.OK, approved.StatusCode);
        using var redeemed = await host.Device().PollJsonAsync(codes.DeviceCode);
        var token = (await redeemed.JsonAsync()).String("access_token")!;

        var device = Assert.Single(await alice.IdsAsync());
        Assert.Single(await alice.IdsAsync("/api/client-tokens"));
        Assert.Equal(HttpStatusCode.Created, (await alice.CallAsync("POST", "/api/client-tokens", """{"name": "script", "scopes": ["library.read"]}""")).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await alice.CallAsync("DELETE", $"{DeviceCalls.Devices}/{device}")).Status);
        using var refused = await host.WithToken(token).GetAsync("/api/library");
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    [Theory]
    [InlineData("junk")]
    [InlineData("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.")] // not signed
    public async Task A_bearer_token_of_nobody_is_refused_as_before(string token)
    {
        await using var host = await StartAsync();
        using var answer = await host.WithToken(token).GetAsync(DeviceCalls.Devices);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Contains("error=\"invalid_token\"", answer.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_device_token_counts_as_the_device_and_not_as_its_owner()
    {
        await using var host = await StartAsync();
        var codes = await host.Device().StartJsonAsync();
        (await host.WithJwt().ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        using var redeemed = await host.Device().PollJsonAsync(codes.DeviceCode);
        using var list = await host.WithToken((await redeemed.JsonAsync()).String("access_token")!).GetAsync(DeviceCalls.Devices);
        Assert.Equal(HttpStatusCode.Forbidden, list.StatusCode);
        Assert.Contains("insufficient_scope", list.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("POST", $"{Wire.Prefix}/approve")]
    [InlineData("GET", $"{Wire.Prefix}/pending/BCDF-GHJK")]
    [InlineData("DELETE", "/api/devices/1")]
    [InlineData("PUT", "/api/client-tokens/8a1e1f2c-2f0c-4d5e-9f0a-0a1b2c3d4e5f/regenerate")]
    public async Task A_browser_may_call_the_approvers_API_from_an_allowed_origin_only(string method, string path)
    {
        await using var host = await StartAsync();
        Assert.Equal((App, "true"), await PreflightAsync(host, App, method, path));
        Assert.Equal((null, null), await PreflightAsync(host, "https://evil.example", method, path));
        Assert.Equal((null, null), await PreflightAsync(host, "null", method, path));
    }

    [Fact]
    public async Task No_origin_may_call_before_the_host_allows_one()
    {
        await using var host = await StartAsync(origins: []);
        Assert.Equal((null, null), await PreflightAsync(host, App, "POST", $"{Wire.Prefix}/approve"));
        Assert.Equal((null, null), await PreflightAsync(host, App, "POST", $"{Wire.Prefix}/init"));
    }

    [Fact]
    public async Task An_origin_that_is_not_allowed_is_refused_and_logged_once()
    {
        await using var host = await StartAsync(origins: []);
        for (var device = 0; device < 2; device++)
        {
            var codes = await host.Device().StartJsonAsync($"tv-{device}");
            using var answer = await FromApp(host.WithJwt()).ApproveAsync(codes.UserCode);
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        }

        var entry = Assert.Single(host.Logs.GetSnapshot(), entry => entry.Id.Id == OriginRefused);
        Assert.Equal(LogLevel.Warning, entry.Level);
        Assert.Contains($"'{App}' was refused", entry.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/pair/device")]
    [InlineData("/pair/devices")]
    public async Task No_origin_may_read_a_page(string page)
    {
        await using var host = await StartAsync();
        Assert.Equal((null, null), await PreflightAsync(host, App, "GET", page));
    }

    [Fact]
    public async Task A_device_that_is_a_web_app_pairs_from_an_allowed_origin_without_cookies()
    {
        const string allowed = "https://tv.example.org";
        await using var host = await StartAsync(devices: [allowed]);
        Assert.Equal((allowed, null), await PreflightAsync(host, allowed, "POST", $"{Wire.Prefix}/init"));
        Assert.Equal((null, null), await PreflightAsync(host, "https://other.example.org", "POST", $"{Wire.Prefix}/init"));
        Assert.Equal((null, null), await PreflightAsync(host, allowed, "POST", $"{Wire.Prefix}/approve"));
        var tv = host.Device();
        tv.DefaultRequestHeaders.Add("Origin", allowed);
        using var start = await tv.PostFormAsync("init", ("client_id", "tv"));
        Assert.Equal(allowed, Assert.Single(start.Headers.GetValues("Access-Control-Allow-Origin")));
        using var poll = await tv.PostFormAsync("token", ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("client_id", "tv"), ("device_code", (await start.JsonAsync()).String("device_code")!));
        Assert.Equal("Preference-Applied,Retry-After,WWW-Authenticate", Assert.Single(poll.Headers.GetValues("Access-Control-Expose-Headers")));
    }

    [Theory]
    [InlineData("ApproverOrigins:0", "https://app.example.com/")]
    [InlineData("ApproverOrigins:0", "app.example.com")]
    [InlineData("ApproverOrigins:0", "http://app.example.com")]
    [InlineData("DeviceOrigins:0", "https://tv.example.com:443")]
    public async Task An_origin_that_no_browser_sends_is_refused_at_the_start(string setting, string value)
    {
        var exception = await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(
            () => MinimalHost.StartAsync(MinimalHost.Origin, (setting, value)));
        Assert.Contains($"{setting[..^2]} has '{value}'; each must be https://host[:port]", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ApproverOrigins")]
    [InlineData("DeviceOrigins")]
    public async Task All_origins_at_once_are_refused_at_the_start_with_the_reason(string setting)
    {
        var exception = await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(
            () => MinimalHost.StartAsync(MinimalHost.Origin, ($"{setting}:0", "*")));
        Assert.Contains($"{setting} has '*'; each must be https://host[:port]", exception.Message, StringComparison.Ordinal);
        Assert.Contains("There is no '*': any web page could then use the network or the sign-in", exception.Message, StringComparison.Ordinal);
    }

    private static HttpClient FromApp(HttpClient client)
    {
        client.DefaultRequestHeaders.Add("Origin", App);
        client.DefaultRequestHeaders.Add("Sec-Fetch-Site", "cross-site");
        return client;
    }

    /// <summary>The origin that a browser may send this request from, and whether with cookies.</summary>
    private static async Task<(string? Origin, string? Credentials)> PreflightAsync(TestHost host, string origin, string method, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Options, path);
        request.Headers.Add("Origin", origin);
        request.Headers.Add("Access-Control-Request-Method", method);
        request.Headers.Add("Access-Control-Request-Headers", "authorization,content-type");
        using var answer = await host.Device().SendAsync(request);
        return (Header(answer.Headers, "Access-Control-Allow-Origin"), Header(answer.Headers, "Access-Control-Allow-Credentials"));

        static string? Header(HttpResponseHeaders headers, string name) => headers.TryGetValues(name, out var values) ? Assert.Single(values) : null;
    }

    private static Task<TestHost> StartAsync(string[]? origins = null, string[]? devices = null) => TestHost.StartAsync(
        options =>
        {
            options.ApproverScheme = "Bearer";
            foreach (var origin in origins ?? [App])
            {
                options.ApproverOrigins.Add(origin);
            }

            foreach (var origin in devices ?? [])
            {
                options.DeviceOrigins.Add(origin);
            }
        },
        services => services.AddAuthentication().AddTestBearer(),
        app =>
        {
            app.UseCors();
            app.MapDevices();
            app.MapClientTokens();
            app.MapDevicesPage();
        });
}
