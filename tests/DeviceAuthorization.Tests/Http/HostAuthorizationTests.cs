using System.Net;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Hosting;

namespace DeviceAuthorization.Tests;

/// <summary>What a host requires of callers, by RequireAuthorization() on what it maps, on a group around it, or as its fallback.</summary>
public sealed class HostAuthorizationTests
{
    private static readonly AuthorizationPolicy Nobody = new AuthorizationPolicyBuilder().RequireAssertion(_ => false).Build();

    private static readonly Dictionary<string, Func<IEndpointRouteBuilder, IEndpointConventionBuilder>> People = new(StringComparer.Ordinal)
    {
        ["/api/devices"] = endpoints => endpoints.MapDevices(),
        ["/api/client-tokens"] = endpoints => endpoints.MapClientTokens(),
        ["/pair/device"] = endpoints => endpoints.MapDevicePairingPage(),
        ["/pair/devices"] = endpoints => endpoints.MapDevicesPage(),
    };

    private static readonly Dictionary<string, Func<IEndpointRouteBuilder, IEndpointConventionBuilder>> Devices = new(StringComparer.Ordinal)
    {
        ["/api/auth/device/init"] = endpoints => endpoints.MapDeviceAuthorization(),
        ["/api/auth/device/introspect"] = endpoints => endpoints.MapTokenIntrospection(),
        ["/.well-known/oauth-authorization-server"] = endpoints =>
        {
            endpoints.MapDeviceAuthorization();
            return endpoints.MapDeviceAuthorizationMetadata();
        },
    };

    public static TheoryData<string, bool> PeopleAndWays => Ways(People.Keys, _ => true);

    /// <summary>The metadata is in no group.</summary>
    public static TheoryData<string, bool> DevicesAndWays => Ways(Devices.Keys, path => !path.StartsWith("/.well-known", StringComparison.Ordinal));

    [Theory, MemberData(nameof(PeopleAndWays))]
    public async Task A_policy_of_the_host_is_honoured(string path, bool grouped)
    {
        await using var host = await StartAsync(app => Map(app, People[path], grouped, builder => builder.RequireAuthorization(Nobody)));
        using var answer = await (await host.SignInAsync("alice")).GetAsync("/internal" + path);
        Assert.Equal((HttpStatusCode.Redirect, "/Account/AccessDenied"), (answer.StatusCode, answer.Headers.Location?.AbsolutePath)); // the cookie scheme's 403
    }

    [Theory, MemberData(nameof(PeopleAndWays))]
    public async Task RequireAuthorization_without_a_policy_is_the_hosts_default_policy(string path, bool grouped)
    {
        await using var host = await StartAsync(
            app => Map(app, People[path], grouped, builder => builder.RequireAuthorization()),
            services => services.AddAuthorizationBuilder().SetDefaultPolicy(new AuthorizationPolicyBuilder().RequireUserName("alice").Build()));
        using var alices = await (await host.SignInAsync("alice")).GetAsync("/internal" + path);
        Assert.Equal(HttpStatusCode.OK, alices.StatusCode);
        using var bobs = await (await host.SignInAsync("bob")).GetAsync("/internal" + path);
        Assert.Equal("/Account/AccessDenied", bobs.Headers.Location?.AbsolutePath, StringComparer.Ordinal);
        using var nobodys = await host.Browser().GetAsync("/internal" + path);
        Assert.Equal((HttpStatusCode.Redirect, "/login"), (nobodys.StatusCode, nobodys.Headers.Location?.AbsolutePath));
    }

    [Fact]
    public async Task The_hosts_fallback_policy_stays_out()
    {
        await using var host = await TestHost.StartAsync(services: services => services.AddAuthorizationBuilder().SetFallbackPolicy(Nobody), map: EveryEndpoint.Map);
        var codes = await host.Device().StartAsync();
        var (_, device) = await host.PairNamedAsync();
        var alice = await host.SignInAsync("alice");
        foreach (var address in EveryEndpoint.Gets(host, device, codes.UserCode))
        {
            using var answer = await alice.GetAsync(address);
            Assert.NotEqual("/Account/AccessDenied", answer.Headers.Location is { IsAbsoluteUri: true } location ? location.AbsolutePath : null, StringComparer.Ordinal);
        }
    }

    [Theory, MemberData(nameof(DevicesAndWays))]
    public async Task Where_devices_call_the_host_does_not_start_with_authorization(string path, bool grouped)
    {
        foreach (var require in new Action<IEndpointConventionBuilder>[] { builder => builder.RequireAuthorization(), builder => builder.RequireAuthorization(Nobody) })
        {
            var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => MinimalHost.StartAsync(
                services => services.AddDeviceAuthorization(), app => Map(app, Devices[path], grouped, require, grouped ? "/internal" : ""), settings: MinimalHost.Origin));
            Assert.StartsWith($"'{(grouped ? "/internal" : "")}{path}' requires authorization", exception.Message, StringComparison.Ordinal);
            Assert.Contains("Map it outside that group, or call AllowAnonymous() on what its Map method returns", exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_Startup_class_does_not_start_with_authorization_either()
    {
        using var host = new HostBuilder().ConfigureWebHost(web => web.UseTestServer().UseSetting("DeviceAuthorization:PublicOrigin", "https://tv.example.com")
            .ConfigureServices(services =>
            {
                services.AddRouting().AddAuthentication().AddCookie();
                services.AddDeviceAuthorization();
            })
            .Configure(app => app.UseRouting().UseAuthorization().UseEndpoints(endpoints => endpoints.MapDeviceAuthorization().RequireAuthorization()))).Build();
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => host.StartAsync());
        Assert.StartsWith("'/api/auth/device/init' requires authorization", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_a_group_with_authorization_AllowAnonymous_lets_devices_in_and_approvers_sign_in()
    {
        await using var host = await TestHost.StartAsync(map: app => app.MapGroup("/internal").RequireAuthorization(Nobody).MapDeviceAuthorization().AllowAnonymous());
        using var form = new FormUrlEncodedContent([new("client_id", "tv")]);
        using var started = await host.Device().PostAsync($"/internal{Wire.Prefix}/init", form);
        Assert.Equal(HttpStatusCode.OK, started.StatusCode);
        using var look = await host.Device().GetAsync($"/internal{Wire.Prefix}/pending/BBBB-BBBB");
        Assert.Equal(HttpStatusCode.Unauthorized, look.StatusCode);
    }

    private static TheoryData<string, bool> Ways(IEnumerable<string> paths, Func<string, bool> maybeGrouped)
    {
        var ways = new TheoryData<string, bool>();
        foreach (var path in paths)
        {
            ways.Add(path, false);
            if (maybeGrouped(path))
            {
                ways.Add(path, true);
            }
        }

        return ways;
    }

    private static Task<TestHost> StartAsync(Action<WebApplication> map, Action<IServiceCollection>? services = null) =>
        TestHost.StartAsync(services: services, mapFlow: app =>
        {
            app.MapDeviceAuthorization();
            map(app);
        });

    private static void Map(
        WebApplication app, Func<IEndpointRouteBuilder, IEndpointConventionBuilder> map, bool grouped, Action<IEndpointConventionBuilder> require, string prefix = "/internal")
    {
        IEndpointRouteBuilder endpoints = prefix.Length > 0 ? app.MapGroup(prefix) : app;
        if (grouped)
        {
            require((IEndpointConventionBuilder)endpoints);
            map(endpoints);
        }
        else
        {
            require(map(endpoints));
        }
    }
}
