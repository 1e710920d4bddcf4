using System.Net;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Tests;

/// <summary>A host may register its own services, in any order.</summary>
public sealed class RegistrationTests
{
    private static readonly Action<WebApplication>[] Maps =
        [app => app.MapDeviceAuthorization(), app => app.MapDevicePairingPage(), app => app.MapDevices(), app => app.MapClientTokens()];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_the_host_registers_before_or_after_is_used(bool before)
    {
        var (store, devices, policy) = (new BrokenPairingStore(), new ProbingDeviceRepository(), new TestPolicy());
        await using var app = await MinimalHost.StartAsync(
            services =>
            {
                if (before)
                {
                    AddOwn(services);
                    services.AddDeviceAuthorization();
                }
                else
                {
                    services.AddDeviceAuthorization();
                    AddOwn(services);
                }
            },
            settings: MinimalHost.Origin);
        Assert.Same(store, app.Services.GetRequiredService<IPairingStore>());
        Assert.Same(devices, app.Services.GetRequiredService<IDeviceRepository>());
        Assert.Same(policy, app.Services.GetRequiredService<IPairingPolicy>());

        void AddOwn(IServiceCollection services) => services
            .AddSingleton<IPairingStore>(store).AddSingleton<IDeviceRepository>(devices).AddSingleton<IPairingPolicy>(policy);
    }

    [Fact]
    public async Task A_scoped_policy_works_everywhere_it_is_asked()
    {
        await using var host = await TestHost.StartAsync(services: services => services.AddScoped<IPairingPolicy, TestPolicy>());
        using var library = await host.WithToken(await host.PairAsync()).GetAsync("/api/library");
        Assert.Equal(HttpStatusCode.OK, library.StatusCode);
    }

    [Fact]
    public async Task Adding_twice_is_harmless_and_both_delegates_count()
    {
        await using var app = await MinimalHost.StartAsync(
            services =>
            {
                var first = services.AddDeviceAuthorization(options => options.TokenPrefix = "one_");
                var count = services.Count(descriptor => descriptor.ServiceType != typeof(IConfigureOptions<DeviceAuthorizationOptions>));
                var second = services.AddDeviceAuthorization(options => options.PagePath = "/two");
                Assert.Same(first.Services, second.Services);
                foreach (var type in new[] { typeof(IPairingStore), typeof(IDeviceRepository), typeof(IPairingPolicy), typeof(DeviceFlow), typeof(ApproverFlow), typeof(IValidateOptions<DeviceAuthorizationOptions>) })
                {
                    Assert.Single(services, descriptor => descriptor.ServiceType == type);
                }
            },
            settings: [MinimalHost.Origin, ("Scopes:a", "A"), ("DefaultScopes:0", "a")]);
        var options = app.Services.GetRequiredService<IOptions<DeviceAuthorizationOptions>>().Value;
        Assert.Equal(("one_", "/two"), (options.TokenPrefix, options.PagePath));
        using var client = app.GetTestClient();
        Assert.NotEmpty((await client.StartAsync(scope: null)).UserCode);
    }

    [Fact]
    public async Task Mapping_without_adding_says_what_to_call()
    {
        foreach (var map in Maps)
        {
            var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => MinimalHost.StartAsync(_ => { }, map));
            Assert.Equal("Call services.AddDeviceAuthorization() first.", exception.Message);
        }
    }

    [Fact]
    public async Task Mapping_without_a_sign_in_says_what_to_call()
    {
        foreach (var map in Maps)
        {
            var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => MinimalHost.StartAsync(
                services => services.AddDeviceAuthorization(), map, authentication: false, settings: MinimalHost.Origin));
            Assert.Contains("Call services.AddAuthentication()", exception.Message, StringComparison.Ordinal);
            Assert.Contains("AddCookie()", exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Without_a_default_scheme_the_only_other_one_is_the_approvers()
    {
        await using var host = await TestHost.StartAsync(services: services =>
            services.Configure<Microsoft.AspNetCore.Authentication.AuthenticationOptions>(options => options.DefaultScheme = null));
        var codes = await host.Device().StartAsync();
        var alice = await host.SignInAsync("alice");
        Assert.Equal(HttpStatusCode.OK, (await alice.ApproveAsync(codes.UserCode)).StatusCode);
    }

    [Fact]
    public async Task With_several_schemes_and_no_default_the_start_says_which_setting_decides()
    {
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => TestHost.StartAsync(services: services =>
        {
            services.AddAuthentication().AddCookie("Other");
            services.Configure<Microsoft.AspNetCore.Authentication.AuthenticationOptions>(options => options.DefaultScheme = null);
        }));
        Assert.Contains("Set DeviceAuthorization:ApproverScheme", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ApproverScheme")]
    [InlineData("ApproverChallengeScheme")]
    public async Task A_scheme_that_does_not_exist_stops_the_start_with_the_setting_and_the_schemes_there_are(string setting)
    {
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => MinimalHost.StartAsync(
            services => services.AddDeviceAuthorization(), app => app.MapDevicePairingPage(), settings: [MinimalHost.Origin, (setting, "cookies")]));
        Assert.Equal(
            $"DeviceAuthorization:{setting} is 'cookies', but the host has no authentication scheme of that name. It has 'Cookies', 'DeviceToken'.",
            exception.Message);
    }

    [Fact]
    public async Task The_prefix_and_the_page_move_where_the_host_wants_them()
    {
        await using var app = await MinimalHost.StartAsync(
            services => services.AddDeviceAuthorization(options => options.PagePath = "/connect"),
            app =>
            {
                app.MapDeviceAuthorization("/oauth");
                app.MapDevicePairingPage();
            },
            settings: MinimalHost.Origin);
        using var client = app.GetTestClient();
        using var start = await client.PostAsync("/oauth/init", new FormUrlEncodedContent([KeyValuePair.Create("client_id", "tv")]));
        Assert.Equal("https://tv.example.com/connect", (await start.JsonAsync()).String("verification_uri"));
        using var page = await client.GetAsync("/connect");
        Assert.Equal(HttpStatusCode.Redirect, page.StatusCode);
    }
}
