using System.Net;
using System.Net.Http.Json;
using System.Security.Claims;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace DeviceAuthorization.Tests;

/// <summary>The device in a handler, and what its calls leave behind.</summary>
public sealed class PairedDeviceTests
{
    [Fact]
    public async Task A_handler_takes_the_device_as_a_parameter_or_from_the_context()
    {
        await using var host = await TestHost.StartAsync(map: app => app
            .MapGet("/api/both", (PairedDevice device, HttpContext context) => new
            {
                same = ReferenceEquals(device, context.GetPairedDevice()),
                device = device.Id,
                user = device.UserId,
                name = device.Name,
                client = device.Device.Client,
                scopes = device.Scopes,
            })
            .RequirePairedDevice());
        using var answer = await host.WithToken(await host.PairAsync()).GetAsync("/api/both");
        var body = await answer.JsonAsync();
        Assert.True(body.GetProperty("same").GetBoolean());
        Assert.Equal(("alice", "tv", "tv"), (body.String("user"), body.String("name"), body.String("client")));
        Assert.Equal(["library.read"], body.Strings("scopes"));
    }

    [Fact]
    public async Task A_missing_argument_is_an_error()
    {
        Assert.Throws<ArgumentNullException>(() => ((HttpContext)null!).GetPairedDevice());
        await Assert.ThrowsAsync<ArgumentNullException>(() => ((HttpContext)null!).FindDeviceAsync("a").AsTask());
        Assert.Throws<ArgumentException>(() => new RequireScopeAttribute(""));
    }

    [Fact]
    public async Task On_an_open_endpoint_a_nullable_parameter_is_null_without_a_valid_token()
    {
        await using var host = await TestHost.StartAsync(map: app => app.MapGet("/open", (PairedDevice? device) => device?.UserId ?? "nobody"));
        Assert.Equal("nobody", await host.Device().GetStringAsync("/open"));
        Assert.Equal("nobody", await host.WithToken("junk").GetStringAsync("/open"));
        Assert.Equal("nobody", await (await host.SignInAsync("alice")).GetStringAsync("/open"));
        Assert.Equal("alice", await host.WithToken(await host.PairAsync()).GetStringAsync("/open"));
    }

    public static TheoryData<string> Ways => ["required", "plain", "property", "group", "scope", "scheme"];

    [Theory, MemberData(nameof(Ways))]
    public async Task A_plain_parameter_and_RequirePairedDevice_let_only_devices_in(string way)
    {
        await using var host = await WaysHostAsync();
        using var anonymous = await host.Device().GetAsync($"/{way}");
        Assert.Equal((HttpStatusCode.Unauthorized, "Bearer realm=\"DeviceAuthorization\""), (anonymous.StatusCode, anonymous.Headers.WwwAuthenticate.ToString()));
        using var invalid = await host.WithToken("junk").GetAsync($"/{way}");
        Assert.Equal(
            (HttpStatusCode.Unauthorized, "Bearer realm=\"DeviceAuthorization\", error=\"invalid_token\", error_description=\"The token is not valid.\""),
            (invalid.StatusCode, invalid.Headers.WwwAuthenticate.ToString()));

        var alice = await host.SignInAsync("alice");
        using var made = await alice.PostAsJsonAsync("/api/client-tokens", new { name = "script", scopes = (string[])["library.read"] });
        using var script = await host.WithToken((await made.JsonAsync()).String("raw_token")!).GetAsync($"/{way}");
        var scope = way is "scope" or "scheme" ? ", scope=\"library.read\"" : "";
        Assert.Equal(
            (HttpStatusCode.Forbidden, $"Bearer realm=\"DeviceAuthorization\", error=\"insufficient_scope\", error_description=\"The token belongs to no device.\"{scope}"),
            (script.StatusCode, script.Headers.WwwAuthenticate.ToString()));
        Assert.Equal("alice", await host.WithToken(await host.PairAsync()).GetStringAsync($"/{way}"));
    }

    [Theory]
    [InlineData("scope")]
    [InlineData("scheme")]
    public async Task A_device_without_the_scope_hears_of_the_scope_only(string way)
    {
        await using var host = await WaysHostAsync();
        using var answer = await host.WithToken(await host.PairAsync(scope: "profile")).GetAsync($"/{way}");
        Assert.Equal(
            (HttpStatusCode.Forbidden, "Bearer realm=\"DeviceAuthorization\", error=\"insufficient_scope\", scope=\"library.read\""),
            (answer.StatusCode, answer.Headers.WwwAuthenticate.ToString()));
    }

    [Fact]
    public async Task A_persons_claim_of_the_same_name_is_no_device()
    {
        await using var host = await WaysHostAsync();
        var person = host.Browser();
        (await person.GetAsync("/sign-in-with-device-claim")).EnsureSuccessStatusCode();
        using var answer = await person.GetAsync("/scheme");
        Assert.NotEqual(HttpStatusCode.OK, answer.StatusCode);
        Assert.NotEqual(HttpStatusCode.BadRequest, answer.StatusCode); // as an endpoint answers that let them in and found no device
    }

    [Theory]
    [InlineData("group")]
    [InlineData("endpoint")]
    [InlineData("required")]
    public async Task RequireAuthorization_beside_it_still_means_the_hosts_default_policy(string way)
    {
        await using var host = await TestHost.StartAsync(
            services: services => services.AddAuthorizationBuilder().SetDefaultPolicy(new AuthorizationPolicyBuilder().RequireClaim("employee").Build()),
            map: app =>
            {
                app.MapGet("/plain", (PairedDevice device) => device.UserId); // nobody asked for that policy here
                app.MapGroup("").RequireAuthorization().MapGet("/group", (PairedDevice device) => device.UserId);
                app.MapGet("/endpoint", (PairedDevice device) => device.UserId).RequireAuthorization();
                app.MapGroup("").RequireAuthorization().MapGet("/required", () => "in").RequirePairedDevice();
            });
        var device = host.WithToken(await host.PairAsync());
        Assert.Equal("alice", await device.GetStringAsync("/plain"));
        using var answer = await device.GetAsync($"/{way}");
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    [Fact]
    public async Task Where_anybody_may_call_a_plain_parameter_is_400_without_a_device()
    {
        await using var host = await TestHost.StartAsync(map: app => app.MapGet("/open", (PairedDevice device) => device.UserId).AllowAnonymous());
        using var answer = await host.Device().GetAsync("/open");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("alice", await host.WithToken(await host.PairAsync()).GetStringAsync("/open"));
    }

    [Fact]
    public async Task Code_without_nullable_annotations_may_get_null()
    {
        await using var host = await TestHost.StartAsync(map: app => app.MapGet("/open", Oblivious));
        Assert.Equal("nobody", await host.Device().GetStringAsync("/open"));
    }

#nullable disable
    private static string Oblivious(PairedDevice device) => device?.UserId ?? "nobody";
#nullable restore

    /// <summary>A host that asks for a device in every way.</summary>
    private static Task<TestHost> WaysHostAsync() => TestHost.StartAsync(
        options => options.Scopes.Add("me.write", "To manage tokens"),
        services => services.AddAuthentication().AddPolicyScheme("Either", null, options => options.ForwardDefaultSelector = context =>
            context.Request.Headers.Cookie.Count > 0 ? CookieAuthenticationDefaults.AuthenticationScheme : DeviceTokenDefaults.AuthenticationScheme),
        app =>
        {
            app.MapClientTokens();
            app.MapGet("/required", (ClaimsPrincipal user) => user.FindFirstValue(ClaimTypes.NameIdentifier)).RequirePairedDevice();
            app.MapGet("/plain", (PairedDevice device) => device.UserId);
            app.MapGet("/property", ([AsParameters] Arguments arguments) => arguments.Device.UserId);
            app.MapGroup("").RequireAuthorization().MapGet("/group", (PairedDevice device) => device.UserId);
            app.MapGet("/scope", (PairedDevice device) => device.UserId).RequireScope("library.read");
            app.MapGroup("").RequireScope("library.read", "Either").MapGet("/scheme", (PairedDevice device) => device.UserId);
            app.MapGet("/sign-in-with-device-claim", () => Results.SignIn(
                new ClaimsPrincipal(new ClaimsIdentity(
                    [new(ClaimTypes.NameIdentifier, "eve"), new(DeviceTokenDefaults.ScopeClaim, "library.read"), new(DeviceTokenDefaults.DeviceIdClaim, "42")], "test")),
                authenticationScheme: CookieAuthenticationDefaults.AuthenticationScheme));
        });

    private sealed record Arguments(PairedDevice Device);

    [Fact]
    public async Task RequirePairedDevice_lets_any_device_in_and_nobody_else()
    {
        await using var host = await TestHost.StartAsync(map: app => app.MapGet("/api/any", (PairedDevice device) => device.UserId).RequirePairedDevice());
        using var anonymous = await host.Device().GetAsync("/api/any");
        using var person = await (await host.SignInAsync("alice")).GetAsync("/api/any");
        Assert.Equal([HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized], [anonymous.StatusCode, person.StatusCode]);
        Assert.Equal("bob", await host.WithToken(await host.PairAsync("bob", "profile")).GetStringAsync("/api/any"));
    }

    [Fact]
    public async Task Beside_a_cookie_each_endpoint_sees_whom_it_asked_for()
    {
        await using var host = await TestHost.StartAsync(map: app =>
        {
            app.MapGet("/people", (ClaimsPrincipal user) => user.FindFirstValue(ClaimTypes.NameIdentifier)).RequireAuthorization();
            app.MapGet("/devices", (ClaimsPrincipal user) => user.FindFirstValue(ClaimTypes.NameIdentifier)).RequirePairedDevice();
        });
        var bob = await host.SignInAsync("bob");
        bob.DefaultRequestHeaders.Authorization = new("Bearer", await host.PairAsync("alice"));
        Assert.Equal("bob", await bob.GetStringAsync("/people"));
        Assert.Equal("alice", await bob.GetStringAsync("/devices"));
        using var deviceAtPeople = await host.WithToken(await host.PairAsync()).GetAsync("/people");
        Assert.Equal(HttpStatusCode.Redirect, deviceAtPeople.StatusCode); // the cookie scheme's own challenge
    }

    [Fact]
    public async Task The_first_use_is_recorded_and_later_ones_every_30_seconds()
    {
        var devices = new ProbingDeviceRepository();
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IDeviceRepository>(devices));
        var client = host.WithToken(await host.PairAsync());
        await client.GetStringAsync("/api/library");
        Assert.Equal(TestHost.Epoch, await devices.NextTouchAsync());

        host.Clock.Advance(TimeSpan.FromSeconds(30) - TimeSpan.FromMilliseconds(1));
        await client.GetStringAsync("/api/library");
        host.Clock.Advance(TimeSpan.FromMilliseconds(1));
        await client.GetStringAsync("/api/library");
        Assert.Equal(TestHost.Epoch.AddSeconds(30), await devices.NextTouchAsync());
        Assert.False(devices.HasUnreadTouch);
    }

    [Fact]
    public async Task A_refused_call_is_no_use()
    {
        var devices = new ProbingDeviceRepository();
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IDeviceRepository>(devices));
        var token = await host.PairAsync();
        using var refused = await host.WithToken(token + "x").GetAsync("/api/library");
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        await host.WithToken(token).GetStringAsync("/api/library");
        Assert.Equal(TestHost.Epoch.AddMinutes(1), await devices.NextTouchAsync());
    }

    [Fact]
    [Trait("Outside", "socket")]
    public async Task A_use_that_cannot_be_recorded_fails_no_call_and_is_logged()
    {
        var devices = new ProbingDeviceRepository { TouchFails = true };
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IDeviceRepository>(devices), kestrel: true);
        var client = host.WithToken(await host.PairAsync());
        for (var i = 0; i < 2; i++) // and is tried again by the next call
        {
            using var answer = await client.GetAsync("/api/library");
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            await devices.NextTouchAsync();
        }

        Assert.Equal("StoreFailing", Assert.Single(host.Logs.GetSnapshot(), record => record.Exception is IOException).Id.Name); // one line for the outage
    }
}
