using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization.Tests;

/// <summary>A host that lets every site read everything, with credentials, in each of the ways that ASP.NET Core has for it.</summary>
public sealed class HostCorsTests
{
    private static readonly Action<CorsPolicyBuilder> Everybody = policy => policy.SetIsOriginAllowed(_ => true).AllowCredentials().AllowAnyHeader().AllowAnyMethod();

    [Theory]
    [InlineData("default", false)]
    [InlineData("named", false)]
    [InlineData("inline", false)]
    [InlineData("on the endpoints", false)]
    [InlineData("default", true)]
    [InlineData("named", true)]
    [InlineData("inline", true)]
    public async Task No_CORS_policy_reaches_pages_devices_and_tokens(string way, bool beforeRouting)
    {
        void Use(IApplicationBuilder app) => _ = way switch
        {
            "named" => app.UseCors("all"),
            "inline" => app.UseCors(Everybody),
            _ => app.UseCors(),
        };
        await using var host = await TestHost.StartAsync(
            services: services =>
            {
                services.AddCors(cors =>
                {
                    if (way == "default")
                    {
                        cors.AddDefaultPolicy(Everybody);
                    }

                    cors.AddPolicy("all", Everybody);
                });
                if (beforeRouting)
                {
                    services.AddSingleton<IStartupFilter>(new BeforeRouting(Use));
                }
            },
            map: app =>
            {
                if (!beforeRouting)
                {
                    Use(app);
                }

                if (way == "on the endpoints")
                {
                    var group = app.MapGroup("").RequireCors("all");
                    group.MapDevices();
                    group.MapClientTokens();
                    group.MapDevicesPage();
                    group.MapGet("/test/cors", () => "own");
                }
                else
                {
                    app.MapDevices();
                    app.MapClientTokens();
                    app.MapDevicesPage();
                    app.MapGet("/test/cors", () => "own");
                }
            });
        var codes = await host.Device().StartJsonAsync();
        var (_, device) = await host.PairNamedAsync();
        var alice = await host.SignInAsync("alice");
        alice.DefaultRequestHeaders.Add("Origin", "https://evil.example");
        using var own = await alice.GetAsync("/test/cors");
        Assert.Equal("https://evil.example", Assert.Single(own.Headers.GetValues("Access-Control-Allow-Origin")));

        foreach (var address in EveryEndpoint.Gets(host, device, codes.UserCode))
        {
            using var answer = await alice.GetAsync(address);
            AssertClosed(answer);
        }

        using var init = await alice.PostFormAsync("init", ("client_id", "tv"));
        AssertClosed(init);
        using var ownRequest = new HttpRequestMessage(HttpMethod.Options, "/test/cors");
        ownRequest.Headers.Add("Access-Control-Request-Method", "GET");
        using var ownPreflight = await alice.SendAsync(ownRequest);
        Assert.Equal("https://evil.example", Assert.Single(ownPreflight.Headers.GetValues("Access-Control-Allow-Origin")));
        foreach (var (address, method) in new[] { ($"{Wire.Prefix}/approve", "POST"), ($"{RegistryHost.Devices}/{device}", "DELETE"), ($"{DevicesBrowser.Devices}/token", "POST") })
        {
            using var request = new HttpRequestMessage(HttpMethod.Options, address);
            request.Headers.Add("Access-Control-Request-Method", method);
            using var preflight = await alice.SendAsync(request);
            AssertClosed(preflight);
        }
    }

    [Fact]
    public async Task A_host_that_adds_its_policies_after_the_library_is_the_same()
    {
        await using var app = await MinimalHost.StartAsync(
            services =>
            {
                services.AddDeviceAuthorization();
                services.AddCors(cors => cors.AddDefaultPolicy(Everybody));
            },
            app =>
            {
                app.UseCors();
                app.MapDeviceAuthorization();
                app.MapGet("/own", () => "own");
            },
            settings: MinimalHost.Origin);
        using var client = Microsoft.AspNetCore.TestHost.HostBuilderTestServerExtensions.GetTestClient(app);
        client.DefaultRequestHeaders.Add("Origin", "https://evil.example");
        using var own = await client.GetAsync("/own");
        Assert.True(own.Headers.Contains("Access-Control-Allow-Origin"));
        using var init = await client.PostFormAsync("init", ("client_id", "tv"));
        AssertClosed(init);
    }

    [Fact]
    public async Task The_hosts_own_CORS_service_is_asked_for_its_own_endpoints_and_not_for_ours()
    {
        await using var host = await TestHost.StartAsync(
            services: services => services.AddSingleton<ICorsService, OwnCors>().AddCors(cors => cors.AddDefaultPolicy(Everybody)),
            map: app => app.UseCors());
        var alice = await host.SignInAsync("alice");
        alice.DefaultRequestHeaders.Add("Origin", "https://evil.example");
        using var own = await alice.GetAsync("/test/sign-in/alice");
        Assert.Equal("own", Assert.Single(own.Headers.GetValues("Access-Control-Allow-Origin")));
        using var page = await alice.GetAsync(Browser.Page);
        AssertClosed(page);
    }

    [Fact]
    public async Task A_CORS_service_that_would_displace_ours_is_refused_at_the_start()
    {
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => MinimalHost.StartAsync(
            services => services.AddDeviceAuthorization().Services.AddSingleton<ICorsService, OwnCors>(), settings: MinimalHost.Origin));
        Assert.Equal(
            $"Register {typeof(OwnCors)} as ICorsService before AddDeviceAuthorization(), which then keeps it from the endpoints of approvers.", exception.Message);
    }

    private static void AssertClosed(HttpResponseMessage answer)
    {
        Assert.DoesNotContain(answer.Headers, header => header.Key.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
        Assert.NotEqual(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.NotEqual(HttpStatusCode.InternalServerError, answer.StatusCode);
    }

    private sealed class OwnCors : ICorsService
    {
        public CorsResult EvaluatePolicy(HttpContext context, CorsPolicy policy) => new() { IsOriginAllowed = true };

        public void ApplyResult(CorsResult result, HttpResponse response) => response.Headers.AccessControlAllowOrigin = "own";
    }

    [Theory]
    [InlineData("path base")]
    [InlineData("fallback")]
    public async Task A_preflight_for_our_paths_is_not_allowed_before_the_path_base_is_split_off_nor_by_a_fallback_of_the_host(string way)
    {
        await using var host = await TestHost.StartAsync(
            services: services =>
            {
                services.AddCors(cors => cors.AddDefaultPolicy(Everybody));
                if (way == "path base")
                {
                    services.AddSingleton<IStartupFilter>(new BeforeRouting(app => app.UseCors().UsePathBase("/tools")));
                }
            },
            map: app =>
            {
                app.MapDevices();
                if (way == "fallback")
                {
                    app.UseCors();
                    app.MapFallback(() => "the host's own");
                }
            });
        var browser = host.Browser();
        browser.DefaultRequestHeaders.Add("Origin", "https://evil.example");
        Assert.True(await IsAllowedAsync("/not/ours"));
        Assert.False(await IsAllowedAsync((way == "path base" ? "/tools" : "") + "/api/devices/1"));

        async Task<bool> IsAllowedAsync(string path)
        {
            using var preflight = new HttpRequestMessage(HttpMethod.Options, path) { Headers = { { "Access-Control-Request-Method", "DELETE" } } };
            using var answer = await browser.SendAsync(preflight);
            return answer.Headers.Contains("Access-Control-Allow-Origin");
        }
    }
}
