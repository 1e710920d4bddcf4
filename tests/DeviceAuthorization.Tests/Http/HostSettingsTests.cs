using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using DeviceAuthorization.Pages;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;

namespace DeviceAuthorization.Tests;

/// <summary>Settings of the host for its other endpoints do not change the wire.</summary>
public sealed class HostSettingsTests
{
    [Fact]
    public async Task Without_CORS_a_preflight_is_refused()
    {
        await using var host = await TestHost.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Options, $"{Wire.Prefix}/init");
        request.Headers.Add("Origin", "https://evil.example");
        request.Headers.Add("Access-Control-Request-Method", "POST");
        using var preflight = await host.Device().SendAsync(request);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, preflight.StatusCode);
        Assert.False(preflight.Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task A_host_that_locks_everything_still_serves_devices_and_its_own_endpoints_stay_locked()
    {
        await using var host = await TestHost.StartAsync(
            services: services => services.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAssertion(_ => false).Build()),
            map: app => app.MapGet("/test/locked", () => "open"));
        using var locked = await host.Device().GetAsync("/test/locked");
        Assert.Equal(HttpStatusCode.Redirect, locked.StatusCode); // the cookie scheme's challenge

        var codes = await host.Device().StartAsync();
        Assert.Equal("authorization_pending", await (await host.Device().PollAsync(codes.DeviceCode)).ErrorAsync());
        using var look = await host.Device().GetAsync($"{Wire.Prefix}/pending/{codes.UserCode}");
        Assert.Equal(HttpStatusCode.Unauthorized, look.StatusCode); // ours, not the host's redirect
        using var wrongMethod = await host.Device().GetAsync($"{Wire.Prefix}/init");
        Assert.Equal(HttpStatusCode.MethodNotAllowed, wrongMethod.StatusCode);
    }

    [Fact]
    public async Task A_path_base_goes_into_absolute_addresses_and_not_into_RomMs_paths()
    {
        await using var host = await TestHost.StartAsync(pathBase: "/app");
        using var answer = await host.Device().PostAsync("/app/api/auth/device/init", new FormUrlEncodedContent([KeyValuePair.Create("client_id", "tv")]));
        var body = await answer.JsonAsync();
        Assert.Equal("https://tv.example.com/app/pair/device", body.String("verification_uri"));
        Assert.Equal($"https://tv.example.com/app/pair/device?user_code={body.String("user_code")}", body.String("verification_uri_complete"));
        Assert.Equal("/pair/device", body.String("verification_path")); // clients join it to the address they were given
    }

    [Theory]
    [InlineData("https://tv.example.com/app", "{0}{1}")] // grout, the Playnite plugin
    [InlineData("https://tv.example.com/app/", "{0}{1}")] // argosy-launcher, skiff, rommsync-nx
    public async Task A_verification_path_leads_to_the_page_from_the_address_that_a_device_was_given(string given, string join)
    {
        await using var host = await TestHost.StartAsync(pathBase: "/app");
        var address = given.TrimEnd('/');
        using var start = new StringContent(
            """{ "client_device_identifier": "i", "name": "n", "client": "c", "requested_scopes": ["profile"] }""", new MediaTypeHeaderValue("application/json"));
        using var answer = await host.Device().PostAsync($"{address}{Wire.Prefix}/init", start);
        var path = (await answer.JsonAsync()).String("verification_path_complete");
        using var page = await (await host.SignInAsync("alice")).GetAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, join, address, path));
        Assert.Equal((HttpStatusCode.SeeOther, "/app/pair/device"), (page.StatusCode, page.Headers.Location?.OriginalString));
    }

    [Fact]
    public async Task A_hosts_JSON_options_do_not_change_the_wire()
    {
        await using var plain = await TestHost.StartAsync();
        await using var odd = await TestHost.StartAsync(services: services => services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.KebabCaseUpper;
            json.SerializerOptions.NumberHandling = JsonNumberHandling.WriteAsString;
            json.SerializerOptions.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
            json.SerializerOptions.WriteIndented = true;
            json.SerializerOptions.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseUpper));
        }));
        Assert.Equal(await StoryAsync(plain), await StoryAsync(odd));

        static async Task<string> StoryAsync(TestHost host)
        {
            var (device, alice) = (host.Device(), await host.SignInAsync("alice"));
            using var start = await device.PostRawAsync(
                "init", """{ "client_device_identifier": "i", "name": "n", "client": "c", "requested_scopes": ["profile"] }""", "application/json");
            var codes = StartedCodes.From(await start.JsonAsync());
            var answers = new List<HttpResponseMessage>
            {
                start,
                await alice.GetAsync($"{Wire.Prefix}/pending/{codes.UserCode}"),
                await device.PollJsonAsync(codes.DeviceCode),
                await device.PollJsonAsync(codes.DeviceCode),
                await alice.PostJsonAsync("approve", new { user_code = codes.UserCode, approved_scopes = new List<string> { "profile" }, expires_in = "never" }),
                await device.PollJsonAsync(codes.DeviceCode),
                await device.PollAsync(codes.DeviceCode),
            };
            var story = string.Join('\n', await Task.WhenAll(answers.Select(answer => answer.Content.ReadAsStringAsync())));
            return Regex.Replace(
                story.Replace(codes.DeviceCode, "{code}", StringComparison.Ordinal).Replace(codes.UserCode, "{user}", StringComparison.Ordinal),
                "da_[0-9A-Za-z]{49}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "{id}");
        }
    }

    [Fact]
    public async Task Links_come_from_the_configured_origin_whatever_the_Host_header_says()
    {
        await using var host = await TestHost.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Wire.Prefix}/init") { Content = new FormUrlEncodedContent([KeyValuePair.Create("client_id", "tv")]) };
        request.Headers.Host = "evil.example";
        using var answer = await host.Device().SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.DoesNotContain("evil", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_Development_without_an_origin_the_requests_own_serves()
    {
        await using var host = await TestHost.StartAsync(options => options.PublicOrigin = null, environment: "Development");
        Assert.Equal("https://tv.example.com/pair/device", (await host.Device().StartAsync()).Body.String("verification_uri"));
    }

    [Theory]
    [InlineData("Production", true, HttpStatusCode.BadRequest)]
    [InlineData("Production", false, HttpStatusCode.OK)]
    [InlineData("Development", true, HttpStatusCode.OK)]
    public async Task Plain_HTTP_is_refused_where_HTTPS_is_required(string environment, bool requireHttps, HttpStatusCode status)
    {
        await using var host = await TestHost.StartAsync(options => options.RequireHttps = requireHttps, environment: environment);
        using var form = await host.Device().PostAsync($"http://tv.example.com{Wire.Prefix}/init", new FormUrlEncodedContent([KeyValuePair.Create("client_id", "tv")]));
        Assert.Equal(status, form.StatusCode);
        Assert.Equal(status == HttpStatusCode.OK, (await form.JsonAsync()).TryGetProperty("device_code", out _));
        using var json = await host.Device().PostAsync($"http://tv.example.com{Wire.Prefix}/token", new StringContent("{}", new MediaTypeHeaderValue("application/json")));
        Assert.Equal(status == HttpStatusCode.OK ? HttpStatusCode.UnprocessableEntity : HttpStatusCode.BadRequest, json.StatusCode);
    }

    [Fact]
    public async Task A_service_of_the_host_that_cannot_be_made_is_a_mistake_of_the_host()
    {
        await using var host = await TestHost.StartAsync(
            services: services => services.AddScoped<IPairingPolicy>(_ => throw new InvalidOperationException("the host's secret")), map: EveryEndpoint.Map);
        var alice = await host.SignInAsync("alice");
        foreach (var answer in new[]
        {
            await host.Device().PostFormAsync("init", ("client_id", "tv")),
            await host.Device().PostFormAsync("introspect", ("client_id", "tv")),
            await alice.GetAsync("/api/devices"),
            await alice.GetAsync(Browser.Page),
            await alice.GetAsync(DevicesBrowser.Devices),
        })
        {
            Assert.Equal((HttpStatusCode.InternalServerError, "no-store"), (answer.StatusCode, answer.Headers.CacheControl?.ToString()));
            Assert.Null(answer.Headers.RetryAfter);
            Assert.DoesNotContain("secret", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        Assert.Equal((1, 4), (host.Logs.GetSnapshot().Count(record => record.Id.Id == 90), host.Logs.GetSnapshot().Count(record => record.Id.Id == 91)));
    }

    [Fact]
    [Trait("Outside", "socket")]
    public async Task Loopback_needs_no_HTTPS()
    {
        await using var host = await TestHost.StartAsync(kestrel: true);
        Assert.Equal("http", host.Address.Scheme);
        Assert.NotEmpty((await host.Device().StartAsync()).UserCode);
    }
}
