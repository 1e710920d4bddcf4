using System.Net;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace DeviceAuthorization.Tests;

/// <summary>A host that caches everything it can. People sign in by a scheme that is not its default, so its cache takes them for anonymous.</summary>
public sealed class HostCacheTests
{
    private const string Cached = "/test/cached";

    [Fact]
    public async Task No_answer_is_given_to_somebody_else_by_a_host_that_caches_everything()
    {
        await using var host = await StartAsync(
            services => services.AddOutputCache(cache => cache.AddBasePolicy(policy => policy.Cache())), app => app.UseOutputCache());
        await AssertNothingIsCachedAsync(host, EveryEndpoint.Gets);
    }

    [Fact]
    public async Task No_answer_is_given_to_somebody_else_by_a_cache_that_stands_before_routing()
    {
        await using var host = await StartAsync(
            services => services.AddOutputCache(cache => cache.AddBasePolicy(policy => policy.Cache()))
                .AddSingleton<IStartupFilter>(new BeforeRouting(app => app.UseOutputCache())),
            _ => { });
        await AssertNothingIsCachedAsync(host, EveryEndpoint.Gets);
    }

    [Fact]
    public async Task No_answer_is_given_to_somebody_else_though_the_host_puts_a_cache_on_the_endpoints()
    {
        await using var host = await StartAsync(
            services => services.AddOutputCache(),
            app =>
            {
                app.UseOutputCache();
                app.MapGroup("/twice").CacheOutput().MapDevices().CacheOutput();
            });
        await AssertNothingIsCachedAsync(host, (_, device, _) => ["/twice/api/devices", $"/twice/api/devices/{device}"]);
    }

    [Fact]
    public async Task No_answer_is_given_to_somebody_else_by_response_caching()
    {
        await using var host = await StartAsync(services => services.AddResponseCaching(), app => app.UseResponseCaching());
        await AssertNothingIsCachedAsync(host, (host, device, code) =>
            [.. EveryEndpoint.Gets(host, device, code).Where(address => !address.StartsWith("/.well-known/", StringComparison.Ordinal))]); // which is public
    }

    private static Task<TestHost> StartAsync(Action<IServiceCollection> services, Action<WebApplication> use) => TestHost.StartAsync(
        options => options.ApproverScheme = CookieAuthenticationDefaults.AuthenticationScheme,
        collection =>
        {
            collection.AddAuthentication("Other").AddCookie("Other");
            services(collection);
        },
        app =>
        {
            use(app);
            EveryEndpoint.Map(app);
            app.MapGet(Cached, (Microsoft.AspNetCore.Http.HttpContext context) =>
            {
                context.Response.Headers.CacheControl = "public, max-age=60";
                return "cached";
            }).CacheOutput();
        });

    private static async Task AssertNothingIsCachedAsync(TestHost host, Func<TestHost, string, string, string[]> addresses)
    {
        Assert.True(await IsCachedAsync(host, await host.SignInAsync("alice"), Cached)); // the cache is there
        var codes = await host.Device().StartAsync();
        var (_, device) = await host.PairNamedAsync();
        var alice = await host.SignInAsync("alice");
        Assert.All(addresses(host, device, codes.UserCode), address => Assert.False(IsCachedAsync(host, alice, address).GetAwaiter().GetResult(), address));
    }

    /// <summary>Whether one person is given the answer of another. A cache shows it by the age of its answer.</summary>
    private static async Task<bool> IsCachedAsync(TestHost host, HttpClient person, string address)
    {
        using var own = await person.GetAsync(address);
        Assert.NotEqual(HttpStatusCode.NotFound, own.StatusCode);
        using var again = await person.GetAsync(address);
        using var nobodys = await host.Browser().GetAsync(address);
        return own.Headers.Age is not null || again.Headers.Age is not null || nobodys.Headers.Age is not null;
    }
}
