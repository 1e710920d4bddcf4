using System.Net;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.TestHost;

namespace DeviceAuthorization.Tests;

/// <summary>
/// A device's own things (RomM 5.4, section 3): <c>RequireOwnDevice()</c> on an endpoint of the host, and <c>[RequireOwnDevice]</c> on an action.
/// </summary>
public sealed class OwnDeviceTests
{
    private const string OnlyItself = """{"detail":"Only the device itself can do this"}""";
    private const string Unknown = """{"detail":"Device not found"}""";

    [Theory]
    [Trait("RomM 5.4", "18, 19, 20, 21, 120")]
    [InlineData("own")]
    [InlineData("mvc-own")]
    public async Task A_device_passes_for_itself_only_and_its_owner_where_the_host_says_so(string path)
    {
        await using var setting = await Setting.StartAsync();
        await AssertAnswersAsync("bound", "bound", 200, 200);
        await AssertAnswersAsync("bound", "other", 404, 404);
        await AssertAnswersAsync("bound", "bobs", 404, 404);
        await AssertAnswersAsync("bound", "nobodys", 404, 404);
        foreach (var caller in new[] { "person", "by-hand" })
        {
            await AssertAnswersAsync(caller, "bound", 403, 200);
            await AssertAnswersAsync(caller, "other", 403, 200);
            await AssertAnswersAsync(caller, "bobs", 404, 404);
            await AssertAnswersAsync(caller, "nobodys", 404, 404);
        }

        await AssertAnswersAsync("nobody", "bound", 401, 401);
        await AssertAnswersAsync("junk", "bound", 401, 401);
        await AssertAnswersAsync("person-with-junk", "bound", 401, 401);
        await AssertAnswersAsync("person-with-bobs-token", "bound", 404, 404); // a token takes precedence over a session

        // The answers where only the device may, and where its owner may, too.
        async Task AssertAnswersAsync(string caller, string named, int deviceOnly, int general)
        {
            var device = setting.Ids[named];
            foreach (var (suffix, expected) in new[] { ("claim", deviceOnly), ("list", general) })
            {
                using var answer = await (await setting.ClientAsync(caller)).PostAsync($"/{path}/{device}/{suffix}", null);
                var body = await answer.Content.ReadAsStringAsync();
                var call = $"{caller} calls {suffix} of {named}";
                Assert.Equal(
                    expected switch { 200 => (call, 200, device), 401 => (call, 401, """{"detail":"Not authenticated"}"""), 403 => (call, 403, OnlyItself), _ => (call, 404, Unknown) },
                    (call, (int)answer.StatusCode, body));
                Assert.Equal((call, expected == 401), (call, answer.Headers.WwwAuthenticate.Count > 0));
            }
        }
    }

    [Theory]
    [InlineData("locked", HttpStatusCode.Forbidden)]
    [InlineData("ended", HttpStatusCode.Unauthorized)]
    [InlineData("cross-site", HttpStatusCode.Forbidden)]
    [InlineData("none of these", HttpStatusCode.OK)]
    public async Task The_owner_passes_only_with_a_sign_in_that_counts_and_from_this_site(string what, HttpStatusCode status)
    {
        var policy = new TestPolicy();
        await using var setting = await Setting.StartAsync(policy: policy);
        using var alice = await setting.ClientAsync("person");
        if (what == "locked")
        {
            policy.Locked.Add("alice");
        }
        else if (what == "cross-site")
        {
            alice.DefaultRequestHeaders.Add("Sec-Fetch-Site", "cross-site");
        }

        policy.AcceptsSignIns = what != "ended";
        foreach (var path in new[] { "own", "mvc-own" })
        {
            using var answer = await alice.PostAsync($"/{path}/{setting.Ids["bound"]}/list", null);
            Assert.Equal(status, answer.StatusCode);
        }
    }

    [Fact]
    public async Task A_host_without_sign_in_is_for_devices_only()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseTestServer(server => server.BaseAddress = new Uri("https://tv.example.com"));
        builder.Services.AddRouting();
        builder.Services.AddAuthentication().AddDeviceToken();
        builder.Services.AddDeviceAuthorization(options => options.PublicOrigin = new Uri("https://tv.example.com"));
        await using var app = builder.Build();
        app.MapPost("/own/{device_id}", () => "").RequireOwnDevice(allowOwner: true);
        await app.StartAsync();
        using var answer = await app.GetTestClient().PostAsync("/own/d", null);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    [Trait("RomM 5.4", "119")]
    public async Task A_missing_scope_is_refused_first()
    {
        await using var setting = await Setting.StartAsync();
        using var answer = await (await setting.ClientAsync("bound")).PostAsync($"/own/{setting.Ids["nobodys"]}/scoped", null);
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Contains("insufficient_scope", answer.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("person", "bound", HttpStatusCode.Unauthorized)]
    [InlineData("by-hand", "bound", HttpStatusCode.Forbidden)]
    [InlineData("bound", "other", HttpStatusCode.NotFound)]
    [InlineData("bound", "bound", HttpStatusCode.OK)]
    public async Task A_parameter_that_requires_a_device_refuses_others_first(string caller, string device, HttpStatusCode status)
    {
        await using var setting = await Setting.StartAsync();
        using var answer = await (await setting.ClientAsync(caller)).PostAsync($"/api/devices/{setting.Ids[device]}/backups", null);
        Assert.Equal(status, answer.StatusCode);
    }

    [Fact]
    public async Task A_body_of_one_who_may_not_send_it_is_not_read()
    {
        await using var setting = await Setting.StartAsync();
        using var junk = new StringContent("no JSON", null, "application/json");
        using var answer = await (await setting.ClientAsync("bound")).PostAsync($"/own/{setting.Ids["other"]}/body", junk);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Theory]
    [InlineData("bound", nameof(IDeviceRepository.FindTokenAsync))]
    [InlineData("person", nameof(IDeviceRepository.FindAsync))]
    public async Task In_an_outage_nobody_passes(string caller, string step)
    {
        var devices = new InterceptedDeviceRepository(new InMemoryDeviceRepository());
        await using var setting = await Setting.StartAsync(devices);
        foreach (var path in new[] { "own", "mvc-own" })
        {
            devices.FailBefore(step);
            using var answer = await (await setting.ClientAsync(caller)).PostAsync($"/{path}/{setting.Ids["bound"]}/list", null);
            Assert.Equal((HttpStatusCode.ServiceUnavailable, "5"), (answer.StatusCode, answer.Headers.RetryAfter?.ToString()));
        }
    }

    [Fact]
    public async Task A_route_that_names_no_device_stops_the_start()
    {
        var mistake = await Assert.ThrowsAsync<InvalidOperationException>(() => TestHost.StartAsync(map: app => app.MapGet("/x/{id}", () => "").RequireOwnDevice()));
        Assert.Contains("it must have the parameter {device_id}", mistake.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_endpoint_that_ASP_NET_Core_replaces_stops_the_start()
    {
        var mistake = await Assert.ThrowsAsync<InvalidOperationException>(() => TestHost.StartAsync(
            services: services => services.AddControllers().AddApplicationPart(typeof(OwnDeviceTests).Assembly),
            map: app => app.MapFallbackToController("/x/{device_id}", "List", "OwnDevice").RequireOwnDevice()));
        Assert.Contains("cannot be guarded by RequireOwnDevice()", mistake.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fallback_of_another_kind_disturbs_no_guard()
    {
        await using var setting = await Setting.StartAsync(map: app => app.MapFallbackToController("Claim", "OwnDevice"));
        using var answer = await (await setting.ClientAsync("bound")).PostAsync($"/mvc-own/{setting.Ids["other"]}/claim", null);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task A_group_guards_all_its_endpoints()
    {
        await using var setting = await Setting.StartAsync(map: app => app.MapGroup("/group/{device_id}").RequireOwnDevice().MapGet("/things", () => "things"));
        var device = await setting.ClientAsync("bound");
        using var own = await device.GetAsync($"/group/{setting.Ids["bound"]}/things");
        using var other = await device.GetAsync($"/group/{setting.Ids["other"]}/things");
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.NotFound), (own.StatusCode, other.StatusCode));
    }

    [Fact]
    public async Task The_attribute_outside_of_MVC_stops_the_start()
    {
        var mistake = await Assert.ThrowsAsync<InvalidOperationException>(
            () => TestHost.StartAsync(map: app => app.MapGet("/x/{device_id}", [RequireOwnDevice] () => "")));
        Assert.Contains("call RequireOwnDevice()", mistake.Message, StringComparison.Ordinal);
    }

    private sealed class Setting(TestHost host) : IAsyncDisposable
    {
        private readonly Dictionary<string, string> _tokens = new(StringComparer.Ordinal) { ["junk"] = "junk" };

        public Dictionary<string, string> Ids { get; } = new(StringComparer.Ordinal) { ["nobodys"] = Guid.NewGuid().ToString() };

        public static async Task<Setting> StartAsync(IDeviceRepository? devices = null, IPairingPolicy? policy = null, Action<WebApplication>? map = null)
        {
            var setting = new Setting(await TestHost.StartAsync(
                services: services =>
                {
                    services.AddSingleton(devices ?? new InMemoryDeviceRepository());
                    services.AddSingleton(policy ?? new TestPolicy());
                    services.AddControllers().AddApplicationPart(typeof(OwnDeviceTests).Assembly);
                },
                map: app =>
                {
                    app.MapPost("/own/{device_id}/claim", (PairedDevice? device) => device!.Id).RequireOwnDevice();
                    app.MapPost("/own/{device_id}/list", (RequestDevice about) => about.Device?.Id).RequireOwnDevice(allowOwner: true);
                    app.MapPost("/api/devices/{device_id}/backups", (PairedDevice device) => $"kept for {device.Name}").RequireScope("library.read").RequireOwnDevice();
                    app.MapPost("/own/{device_id}/scoped", () => "").RequireScope("library.write").RequireOwnDevice();
                    app.MapPost("/own/{device_id}/body", (NamedDevice body) => body.DeviceId).RequireOwnDevice();
                    app.MapControllers();
                    app.MapClientTokens();
                    map?.Invoke(app);
                }));
            foreach (var (name, user) in new[] { ("bound", "alice"), ("other", "alice"), ("bobs", "bob") })
            {
                setting._tokens[name] = await setting.Host.PairAsync(user);
                setting.Ids[name] = (await (await setting.Host.WithToken(setting._tokens[name]).GetAsync("/api/library")).JsonAsync()).String("device")!;
            }

            var made = await (await setting.Host.SignInAsync("alice")).CallAsync("POST", "/api/client-tokens", """{"name": "script", "scopes": ["library.read"]}""");
            setting._tokens["by-hand"] = made.Body.String("raw_token")!;
            return setting;
        }

        public TestHost Host => host;

        public async Task<HttpClient> ClientAsync(string caller)
        {
            if (_tokens.TryGetValue(caller, out var token))
            {
                return host.WithToken(token);
            }

            var client = caller == "nobody" ? host.Device() : await host.SignInAsync("alice");
            if (caller is "person-with-junk" or "person-with-bobs-token")
            {
                client.DefaultRequestHeaders.Authorization = new("Bearer", _tokens[caller == "person-with-junk" ? "junk" : "bobs"]);
            }

            return client;
        }

        public ValueTask DisposeAsync() => host.DisposeAsync();
    }
}

[ApiController]
[Route("mvc-own/{device_id}")]
public sealed class OwnDeviceController : ControllerBase
{
    [HttpPost("claim")]
    [RequireOwnDevice]
    public ActionResult<string> Claim(PairedDevice? device) => Content(device!.Id);

    [HttpPost("list")]
    [RequireOwnDevice(AllowOwner = true)]
    public ActionResult<string> List(RequestDevice about) => Content(about.Device!.Id);
}
