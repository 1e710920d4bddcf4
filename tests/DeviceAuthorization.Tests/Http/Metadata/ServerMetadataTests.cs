using System.Net;
using System.Text.Json;
using DeviceAuthorization.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using static DeviceAuthorization.TestKit.Verifier;

namespace DeviceAuthorization.Tests;

/// <summary>RFC 8414: a client that knows the issuer knows the endpoints.</summary>
public sealed class ServerMetadataTests
{
    private const int PathBaseDiffers = 25; // in Log.cs

    private const string WellKnown = "/.well-known/oauth-authorization-server";

    [Fact]
    public async Task The_document()
    {
        await using var host = await TestHost.StartAsync(map: app => app.MapDeviceAuthorizationMetadata());
        using var response = await host.Device().GetAsync(WellKnown);
        await Verify(response);
    }

    [Fact]
    public async Task Below_a_path_base_it_is_between_host_and_path_and_below_it_with_the_same_bytes()
    {
        await using var host = await TestHost.StartAsync(options => options.PathBase = "/app", map: app => app.MapDeviceAuthorizationMetadata(), pathBase: "/app");
        var document = await host.Device().GetStringAsync($"{WellKnown}/app");
        using var json = JsonDocument.Parse(document);
        Assert.Equal("https://tv.example.com/app", json.RootElement.GetProperty("issuer").GetString());
        Assert.Equal("https://tv.example.com/app/api/auth/device/init", json.RootElement.GetProperty("device_authorization_endpoint").GetString());
        Assert.Equal("https://tv.example.com/app/api/auth/device/token", json.RootElement.GetProperty("token_endpoint").GetString());
        Assert.Equal(document, await host.Device().GetStringAsync($"/app{WellKnown}"));
        Assert.Equal(document, await host.Device().GetStringAsync($"/App{WellKnown}")); // the issuer is as configured, not as typed
        Assert.Equal(document, await host.Device().GetStringAsync($"/app{WellKnown}/app")); // where a host sets its path base for every request

        using var noIssuer = await host.Device().GetAsync(WellKnown); // https://tv.example.com is none
        Assert.Equal(HttpStatusCode.NotFound, noIssuer.StatusCode);
        Assert.Equal("no-store", noIssuer.Headers.CacheControl?.ToString());
        Assert.DoesNotContain(host.Logs.GetSnapshot(), record => record.Id.Id == PathBaseDiffers);
    }

    [Fact]
    public async Task The_issuer_is_the_address_that_the_links_of_a_pairing_have()
    {
        await using var host = await TestHost.StartAsync(options => options.PathBase = "/app", map: app => app.MapDeviceAuthorizationMetadata(), pathBase: "/app");
        var document = await (await host.Device().GetAsync($"{WellKnown}/app")).JsonAsync();
        using var form = new FormUrlEncodedContent([new("client_id", "tv")]);
        using var started = await host.Device().PostAsync(document.GetProperty("device_authorization_endpoint").GetString(), form);
        Assert.Equal($"{document.GetProperty("issuer").GetString()}/pair/device", (await started.JsonAsync()).GetProperty("verification_uri").GetString());
    }

    [Fact]
    public async Task A_path_base_that_the_settings_do_not_know_gets_no_document_and_is_logged_once()
    {
        await using var host = await TestHost.StartAsync(map: app => app.MapDeviceAuthorizationMetadata(), pathBase: "/app");
        using var metadata = await host.Device().GetAsync($"/app{WellKnown}");
        Assert.Equal(HttpStatusCode.NotFound, metadata.StatusCode);
        await host.Device().GetAsync($"/app{WellKnown}");
        Assert.Equal(
            "A request came below the path base '/app', but DeviceAuthorization:PathBase is '': the links that devices show and the metadata differ. Set it to the path base that users see, as in UsePathBase.",
            Assert.Single(host.Logs.GetSnapshot(), record => record.Id.Id == PathBaseDiffers).Message);
    }

    [Theory]
    [InlineData("", "/app", 1)]
    [InlineData("/app", "", 1)]
    [InlineData("/app", "/app", 0)]
    [InlineData("", "", 0)]
    public async Task A_start_below_another_path_base_than_the_metadata_says_is_logged_once(string setting, string pathBase, int warnings)
    {
        await using var host = await TestHost.StartAsync(options => options.PathBase = setting, map: app => app.MapDeviceAuthorizationMetadata(), pathBase: "/app");
        for (var i = 0; i < 2; i++)
        {
            using var form = new FormUrlEncodedContent([new("client_id", "tv")]);
            (await host.Device().PostAsync($"{pathBase}{Wire.Prefix}/init", form)).EnsureSuccessStatusCode();
        }

        Assert.Equal(warnings, host.Logs.GetSnapshot().Count(record => record.Id.Id == PathBaseDiffers));
    }

    [Fact]
    public async Task Without_metadata_any_path_base_is_the_hosts_own_affair()
    {
        await using var host = await TestHost.StartAsync(pathBase: "/app");
        using var form = new FormUrlEncodedContent([new("client_id", "tv")]);
        (await host.Device().PostAsync($"/app{Wire.Prefix}/init", form)).EnsureSuccessStatusCode();
        Assert.DoesNotContain(host.Logs.GetSnapshot(), record => record.Id.Id == PathBaseDiffers);
    }

    [Fact]
    public async Task It_follows_the_endpoints_to_where_the_host_mapped_them()
    {
        await using var app = await MinimalHost.StartAsync(
            services => services.AddDeviceAuthorization(),
            app =>
            {
                app.MapGroup("/v2/").MapDeviceAuthorization("pair");
                app.MapDeviceAuthorization("/second");
                app.MapDeviceAuthorizationMetadata();
                app.MapTokenIntrospection("/v2/introspect");
            },
            settings: MinimalHost.Origin);
        var document = await DocumentAsync(app);
        Assert.Equal("https://tv.example.com/v2/pair/init", document.GetProperty("device_authorization_endpoint").GetString());
        Assert.Equal("https://tv.example.com/v2/pair/token", document.GetProperty("token_endpoint").GetString());
        Assert.Equal("https://tv.example.com/v2/pair/revoke", document.GetProperty("revocation_endpoint").GetString());
        Assert.Equal("https://tv.example.com/v2/introspect", document.GetProperty("introspection_endpoint").GetString());
        Assert.Equal(["none"], document.Strings("revocation_endpoint_auth_methods_supported"));
        Assert.Equal(["client_secret_basic", "client_secret_post"], document.Strings("introspection_endpoint_auth_methods_supported"));
        Assert.False(document.TryGetProperty("scopes_supported", out _)); // there are none: an empty array must not be there (RFC 8414 §3.2)
    }

    [Fact]
    public async Task It_is_the_same_whatever_Host_and_forwarded_headers_say()
    {
        await using var host = await TestHost.StartAsync(map: app => app.MapDeviceAuthorizationMetadata());
        var expected = await host.Device().GetStringAsync(WellKnown);
        using var request = new HttpRequestMessage(HttpMethod.Get, WellKnown);
        request.Headers.Host = "evil.test";
        request.Headers.Add("X-Forwarded-Host", "evil.test");
        request.Headers.Add("X-Forwarded-Prefix", "/evil");
        using var response = await host.Device().SendAsync(request);
        Assert.Equal(expected, await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task In_Development_without_an_origin_the_requests_own_serves()
    {
        await using var app = await MinimalHost.StartAsync(
            services => services.AddDeviceAuthorization(), MapBoth, environment: "Development");
        Assert.Equal("https://tv.example.com", (await DocumentAsync(app)).GetProperty("issuer").GetString());
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("OPTIONS")]
    public async Task Other_methods_are_refused(string method)
    {
        await using var host = await TestHost.StartAsync(map: app => app.MapDeviceAuthorizationMetadata());
        using var response = await host.Device().SendAsync(new HttpRequestMessage(new HttpMethod(method), WellKnown));
        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.Equal(["GET", "HEAD"], response.Content.Headers.Allow);
        Assert.Equal("no-store", response.Headers.CacheControl?.ToString());
    }

    [Fact]
    public async Task The_hosts_CORS_policy_may_let_clients_in_browsers_read_it()
    {
        await using var host = await TestHost.StartAsync(
            services: services => services.AddCors(cors => cors.AddDefaultPolicy(policy => policy.AllowAnyOrigin())),
            map: app => app.UseCors().UseEndpoints(_ => app.MapDeviceAuthorizationMetadata()));
        using var request = new HttpRequestMessage(HttpMethod.Get, WellKnown);
        request.Headers.Add("Origin", "https://app.example");
        using var response = await host.Device().SendAsync(request);
        Assert.Equal("*", Assert.Single(response.Headers.GetValues("Access-Control-Allow-Origin")));
    }

    [Fact]
    public async Task Without_the_flow_there_is_nothing_to_publish() =>
        Assert.Equal("Call MapDeviceAuthorization(), too: MapDeviceAuthorizationMetadata() says where it is.", await ProblemAsync(app => app.MapDeviceAuthorizationMetadata()));

    [Fact]
    public async Task A_flow_whose_path_has_a_parameter_cannot_be_named() => Assert.StartsWith(
        "The metadata cannot name '/{tenant}/api/auth/device/init', which has a parameter in its path.",
        await ProblemAsync(app =>
        {
            app.MapGroup("/{tenant}").MapDeviceAuthorization();
            app.MapDeviceAuthorizationMetadata();
        }));

    [Fact]
    public async Task In_a_group_nobody_would_find_it() => Assert.StartsWith("Call MapDeviceAuthorizationMetadata() on the app, not on a group", await ProblemAsync(app =>
    {
        app.MapDeviceAuthorization();
        app.MapGroup("/v2").MapDeviceAuthorizationMetadata();
    }));

    [Fact]
    public async Task It_never_names_http_addresses_in_Production() => Assert.StartsWith(
        "PublicOrigin is 'http://tv.example.com/'; an issuer must be https",
        await ProblemAsync(MapBoth, ("PublicOrigin", "http://tv.example.com"), ("RequireHttps", "false")));

    [Fact]
    public async Task Loopback_may_be_http()
    {
        await using var app = await MinimalHost.StartAsync(
            services => services.AddDeviceAuthorization(), MapBoth, settings: ("PublicOrigin", "http://localhost:5000"));
        Assert.Equal("http://localhost:5000/api/auth/device/token", (await DocumentAsync(app)).GetProperty("token_endpoint").GetString());
    }

    private static void MapBoth(WebApplication app)
    {
        app.MapDeviceAuthorization();
        app.MapDeviceAuthorizationMetadata();
    }

    private static async Task<string> ProblemAsync(Action<WebApplication> map, params (string, string)[] settings) =>
        (await Assert.ThrowsAsync<InvalidOperationException>(() => MinimalHost.StartAsync(
            services => services.AddDeviceAuthorization(), map, settings: settings is [] ? [MinimalHost.Origin] : settings))).Message;

    private static async Task<JsonElement> DocumentAsync(WebApplication app) =>
        await (await Microsoft.AspNetCore.TestHost.HostBuilderTestServerExtensions.GetTestClient(app).GetAsync(WellKnown)).JsonAsync();

}
