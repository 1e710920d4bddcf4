using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Serialization;
using DeviceAuthorization.Http;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Logging;

namespace DeviceAuthorization.Tests;

/// <summary>The device that a request is about: the named one, or else the one that calls; in minimal APIs and in MVC.</summary>
public sealed class RequestDeviceTests
{
    private const string EitherScheme = "Either";

    // How a request names a device: in the route or the query of a minimal API, in the body of one, in the body of an MVC action.
    [Theory]
    [InlineData("route")]
    [InlineData("query")]
    [InlineData("body")]
    [InlineData("mvc")]
    public async Task A_named_device_is_meant_and_must_be_the_callers(string way)
    {
        await using var setting = await Setting.StartAsync();
        foreach (var caller in new[] { "device", "token", "person" })
        {
            await AssertIsMeantAsync("other", "other"); // what is named wins over what calls
            await AssertIsMeantAsync("bound", "bound");
            await AssertIsMeantAsync("bobs", "unknown"); // never the bound one instead
            await AssertIsMeantAsync("nobodys", "unknown");

            async Task AssertIsMeantAsync(string named, string expected) => Assert.Equal(
                (caller, named, setting.Answer(expected)), (caller, named, await setting.AskAsync(way, caller, setting.Ids[named])));
        }
    }

    [Theory]
    [InlineData("query", "")]
    [InlineData("query", null)]
    [InlineData("body", "")]
    [InlineData("body", null)]
    [InlineData("mvc", "")]
    [InlineData("mvc", null)]
    public async Task Where_none_is_named_the_one_that_calls_is_meant_if_one_does(string way, string? named)
    {
        await using var setting = await Setting.StartAsync();
        Assert.Equal(setting.Answer("bound"), await setting.AskAsync(way, "device", named));
        Assert.Equal("none", await setting.AskAsync(way, "token", named));
        Assert.Equal("none", await setting.AskAsync(way, "person", named));
    }

    [Theory]
    [InlineData("query", "%00")]
    [InlineData("body", "a\0")]
    [InlineData("mvc", "a\0")]
    public async Task A_text_at_which_a_database_fails_names_no_device_and_is_no_outage(string way, string named)
    {
        var devices = new InterceptedDeviceRepository(new InMemoryDeviceRepository());
        await using var setting = await Setting.StartAsync(devices);
        devices.FailBefore(nameof(IDeviceRepository.FindAsync)); // PostgreSQL does, at U+0000
        Assert.Equal("unknown", await setting.AskAsync(way, "person", named));
    }

    [Theory]
    [InlineData("route")]
    [InlineData("query")]
    [InlineData("body")]
    [InlineData("mvc")]
    public async Task Where_the_store_fails_a_person_gets_503_and_with_an_exception_handler_Retry_After(string way)
    {
        var devices = new InterceptedDeviceRepository(new InMemoryDeviceRepository());
        await using var setting = await Setting.StartAsync(devices);
        devices.FailBefore(nameof(IDeviceRepository.FindAsync));
        var bare = await Assert.ThrowsAnyAsync<BadHttpRequestException>(() => setting.SendAsync(way, "person", setting.Ids["other"])); // servers answer its status
        Assert.Equal((503, typeof(IOException)), (bare.StatusCode, bare.InnerException?.GetType()));

        await using var handling = await Setting.StartAsync(devices, app => app.UseExceptionHandler("/fault"));
        devices.FailBefore(nameof(IDeviceRepository.FindAsync));
        using var answer = await handling.SendAsync(way, "person", setting.Ids["other"]);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "5", """{"detail":"Temporarily unavailable. Try again later."}"""),
            (answer.StatusCode, answer.Headers.RetryAfter?.ToString(), await answer.Content.ReadAsStringAsync()));
        Assert.DoesNotContain(handling.Host.Logs.GetSnapshot(), entry => entry.Level >= LogLevel.Error && entry.Id.Id != 93); // the outage is logged once
    }

    [Fact]
    [Trait("Outside", "socket")]
    public async Task Kestrel_answers_503_also_without_an_exception_handler()
    {
        var devices = new InterceptedDeviceRepository(new InMemoryDeviceRepository());
        await using var host = await TestHost.StartAsync(
            services: services => services.AddSingleton<IDeviceRepository>(devices),
            map: app => app.MapGet("/query", (RequestDevice about) => about.Describe()).RequireAuthorization(),
            kestrel: true);
        using var alice = await host.SignInAsync("alice");
        devices.FailBefore(nameof(IDeviceRepository.FindAsync));
        using var answer = await alice.GetAsync("/query?device_id=1");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
    }

    [Fact]
    public async Task The_route_counts_before_the_query()
    {
        await using var setting = await Setting.StartAsync();
        var device = setting.Client("device");
        Assert.Equal(setting.Answer("other"), await device.GetStringAsync($"/route/{setting.Ids["other"]}?device_id={setting.Ids["bound"]}"));
        Assert.Equal(setting.Answer("unknown"), await device.GetStringAsync($"/route/{setting.Ids["bobs"]}?device_id={setting.Ids["bound"]}"));
        Assert.Equal(setting.Answer("other"), await device.GetStringAsync($"/route?device_id={setting.Ids["other"]}"));
        Assert.Equal(setting.Answer("bound"), await device.GetStringAsync("/route"));
    }

    [Fact]
    public async Task Two_devices_named_in_the_query_are_none_that_is_known()
    {
        await using var setting = await Setting.StartAsync();
        var (bound, other) = (setting.Ids["bound"], setting.Ids["other"]);
        Assert.Equal("unknown", await setting.Client("device").GetStringAsync($"/query?device_id={bound}&device_id={other}"));
    }

    [Fact]
    public async Task A_device_that_was_removed_is_unknown_at_once()
    {
        await using var setting = await Setting.StartAsync();
        await setting.Host.Services.GetRequiredService<IDeviceRepository>().DeleteAsync("alice", setting.Ids["other"], TestHost.Epoch, default);
        Assert.Equal("unknown", await setting.AskAsync("query", "device", setting.Ids["other"]));
    }

    [Fact]
    public async Task On_an_open_endpoint_nobody_has_a_device()
    {
        await using var setting = await Setting.StartAsync();
        var anonymous = setting.Host.Device();
        Assert.Equal("none", await anonymous.GetStringAsync("/open"));
        Assert.Equal("unknown", await anonymous.GetStringAsync($"/open?device_id={setting.Ids["bound"]}"));
    }

    [Fact]
    public async Task Beside_a_cookie_of_another_user_the_device_calls()
    {
        await using var setting = await Setting.StartAsync();
        var bob = await setting.Host.SignInAsync("bob", scope: "library.read");
        bob.DefaultRequestHeaders.Authorization = setting.Client("device").DefaultRequestHeaders.Authorization;
        Assert.Equal(setting.Answer("bound"), await bob.GetStringAsync("/query"));
        Assert.Equal("unknown", await bob.GetStringAsync($"/query?device_id={setting.Ids["bobs"]}"));
    }

    [Theory]
    [InlineData("/query", HttpStatusCode.Redirect, HttpStatusCode.Redirect)] // the cookie scheme's own answers to people
    [InlineData("/mvc", HttpStatusCode.Forbidden, HttpStatusCode.Unauthorized)] // and to callers of API controllers
    public async Task RequireScope_with_a_scheme_of_the_host_lets_people_and_devices_in_that_have_the_scope(
        string path, HttpStatusCode withoutScope, HttpStatusCode anonymous)
    {
        await using var setting = await Setting.StartAsync();
        var host = setting.Host;
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(setting.Client("device")));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(setting.Client("person")));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(host.WithToken(await host.PairAsync(scope: "profile"))));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(host.WithToken("junk")));
        Assert.Equal((withoutScope, "/Account/AccessDenied"), await RedirectAsync(await host.SignInAsync("alice", scope: "profile")));
        Assert.Equal((anonymous, "/login"), await RedirectAsync(host.Device()));

        async Task<HttpStatusCode> StatusAsync(HttpClient client)
        {
            using var answer = await client.PostAsJsonAsync(path, new NamedDevice(null));
            return answer.StatusCode;
        }

        async Task<(HttpStatusCode Status, string? Path)> RedirectAsync(HttpClient client)
        {
            using var answer = await client.PostAsJsonAsync(path, new NamedDevice(null));
            return (answer.StatusCode, answer.Headers.Location?.AbsolutePath);
        }
    }

    [Fact]
    public async Task RequireScope_without_a_scheme_is_for_devices_only()
    {
        await using var setting = await Setting.StartAsync();
        using var person = await setting.Client("person").GetAsync("/api/library");
        using var device = await setting.Client("device").GetAsync("/api/library");
        Assert.Equal([HttpStatusCode.Unauthorized, HttpStatusCode.OK], [person.StatusCode, device.StatusCode]);
    }

    [Fact]
    public async Task RequireScope_with_a_scheme_names_the_missing_scope_to_a_device()
    {
        await using var setting = await Setting.StartAsync();
        using var answer = await setting.Host.WithToken(await setting.Host.PairAsync(scope: "profile")).GetAsync("/query");
        Assert.Equal(
            "Bearer realm=\"DeviceAuthorization\", error=\"insufficient_scope\", scope=\"library.read\"", answer.Headers.WwwAuthenticate.ToString());
    }

    /// <summary>A host that devices and people call, and Alice, who has two devices and a token made by hand; Bob has one device.</summary>
    private sealed class Setting(TestHost host) : IAsyncDisposable
    {
        private readonly Dictionary<string, HttpClient> _clients = [];

        public TestHost Host => host;

        public Dictionary<string, string> Ids { get; } = new(StringComparer.Ordinal) { ["nobodys"] = Guid.NewGuid().ToString() };

        public static async Task<Setting> StartAsync(IDeviceRepository? devices = null, Action<WebApplication>? use = null)
        {
            var setting = new Setting(await TestHost.StartAsync(services: services => AddEither(services).AddSingleton(devices ?? new InMemoryDeviceRepository()), map: app =>
            {
                use?.Invoke(app);
                Map(app);
            }));
            setting._clients["device"] = await setting.PairAsync("bound", "alice");
            await setting.PairAsync("other", "alice");
            await setting.PairAsync("bobs", "bob");
            setting._clients["person"] = await setting.Host.SignInAsync("alice", scope: "library.read");
            var raw = DeviceToken.New("da_");
            var token = TestData.NewUnboundToken() with { Hash = raw.Hash(), Scopes = ["library.read"] };
            await setting.Host.Services.GetRequiredService<IDeviceRepository>().TryIssueTokenAsync(token, new TokenIssueConditions(TestHost.Epoch, 25, false), default);
            setting._clients["token"] = setting.Host.WithToken(raw.Reveal());
            return setting;
        }

        public HttpClient Client(string caller) => _clients[caller];

        public string Answer(string expected) => Ids.GetValueOrDefault(expected, expected);

        public Task<HttpResponseMessage> SendAsync(string way, string caller, string? named) => way switch
        {
            "route" => Client(caller).GetAsync($"/route/{named}"),
            "query" => Client(caller).GetAsync(named is null ? "/query" : $"/query?device_id={named}"),
            _ => Client(caller).PostAsJsonAsync($"/{way}", new NamedDevice(named)),
        };

        public async Task<string> AskAsync(string way, string caller, string? named)
        {
            using var answer = await SendAsync(way, caller, named);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            return await answer.Content.ReadAsStringAsync();
        }

        public ValueTask DisposeAsync() => Host.DisposeAsync();

        private static IServiceCollection AddEither(IServiceCollection services)
        {
            services.AddControllers().AddApplicationPart(typeof(RequestDeviceController).Assembly);
            services.AddAuthentication().AddPolicyScheme(EitherScheme, null, options => options.ForwardDefaultSelector = context =>
                context.Request.Headers.Authorization.Count > 0 ? DeviceTokenDefaults.AuthenticationScheme : CookieAuthenticationDefaults.AuthenticationScheme);
            return services;
        }

        private static void Map(WebApplication app)
        {
            app.MapControllers().RequireScope("library.read", EitherScheme);
            app.MapGet("/open", (RequestDevice about) => about.Describe());
            app.MapMethods("/query", ["GET", "POST"], (RequestDevice about) => about.Describe()).RequireScope("library.read", EitherScheme);
            app.MapGet("/route/{device_id?}", (RequestDevice about) => about.Describe()).RequireScope("library.read", EitherScheme);
            app.MapPost("/body", async (NamedDevice body, HttpContext context) => (await context.FindDeviceAsync(body.DeviceId)).Describe())
                .RequireScope("library.read", EitherScheme);
        }

        private async Task<HttpClient> PairAsync(string name, string user)
        {
            var client = Host.WithToken(await Host.PairAsync(user));
            Ids[name] = (await (await client.GetAsync("/api/library")).JsonAsync()).String("device")!;
            return client;
        }
    }
}

/// <summary>An action that asks for the device with an id from its body.</summary>
[ApiController]
[Route("/mvc")]
public sealed class RequestDeviceController : ControllerBase
{
    [HttpPost]
    public async Task<ContentResult> AskAsync(NamedDevice body) => Content((await HttpContext.FindDeviceAsync(body.DeviceId)).Describe());
}

/// <summary>A body that may name a device.</summary>
public sealed record NamedDevice([property: JsonPropertyName("device_id")] string? DeviceId);

internal static class RequestDeviceText
{
    /// <summary>The id of the device, "unknown" or "none".</summary>
    public static string Describe(this RequestDevice about) => about.Device?.Id ?? (about.IsUnknown ? "unknown" : "none");
}
