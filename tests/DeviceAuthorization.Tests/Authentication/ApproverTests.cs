using System.Net;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Authentication.Cookies;

namespace DeviceAuthorization.Tests;

/// <summary>Who may decide, and from where.</summary>
public sealed class ApproverTests
{
    [Theory]
    [InlineData("approve")]
    [InlineData("deny")]
    public async Task Nobody_decides_without_signing_in(string decision)
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartJsonAsync();
        using var answer = await DecideAsync(host.Device(), decision, codes);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("Bearer realm=\"DeviceAuthorization\"", answer.Headers.WwwAuthenticate.ToString());
        await AssertPendingAsync(host, codes);
    }

    [Theory]
    [InlineData(CookieAuthenticationDefaults.AuthenticationScheme, HttpStatusCode.Unauthorized)]
    [InlineData(DeviceTokenDefaults.AuthenticationScheme, HttpStatusCode.Unauthorized)]
    [InlineData("Either", HttpStatusCode.Forbidden)]
    public async Task A_device_token_decides_nothing_whatever_the_hosts_default_scheme(string defaultScheme, HttpStatusCode status)
    {
        await using var host = await TestHost.StartAsync(services: services => services
            .AddAuthentication(defaultScheme)
            .AddPolicyScheme("Either", null, options => options.ForwardDefaultSelector = context =>
                context.Request.Headers.Authorization.Count > 0 ? DeviceTokenDefaults.AuthenticationScheme : CookieAuthenticationDefaults.AuthenticationScheme),
            configure: options => options.ApproverScheme = defaultScheme == "Either" ? "Either" : CookieAuthenticationDefaults.AuthenticationScheme);
        var device = host.WithToken(await host.PairAsync());
        var codes = await host.Device().StartJsonAsync();
        using var approve = await device.ApproveAsync(codes.UserCode);
        using var deny = await device.DenyAsync(codes.UserCode);
        using var look = await device.GetAsync($"{Wire.Prefix}/pending/{codes.UserCode}");
        Assert.Equal([status, status, status], [approve.StatusCode, deny.StatusCode, look.StatusCode]);
        await AssertPendingAsync(host, codes);
    }

    [Fact]
    public async Task A_device_token_decides_nothing_even_where_it_is_named_as_the_approvers_scheme()
    {
        await using var host = await TestHost.StartAsync();
        var token = await host.PairAsync();
        await using var careless = await TestHost.StartAsync(
            options => options.ApproverScheme = DeviceTokenDefaults.AuthenticationScheme,
            services => services.AddSingleton(host.Services.GetRequiredService<IDeviceRepository>()));
        var codes = await careless.Device().StartJsonAsync();
        using var answer = await careless.WithToken(token).ApproveAsync(codes.UserCode);
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    [Theory]
    [InlineData("cross-site", null, false)]
    [InlineData("same-site", null, false)]
    [InlineData("cross-site", "https://tv.example.com", false)]
    [InlineData("same-origin", null, true)]
    [InlineData("same-origin", "https://tv.example.com", true)]
    [InlineData("same-origin", "null", true)] // a form of a page with Referrer-Policy: no-referrer
    [InlineData("none", null, true)]
    [InlineData(null, "https://tv.example.com", true)]
    [InlineData(null, "https://evil.example", false)]
    [InlineData(null, "https://tv.example.com.evil.example", false)]
    [InlineData(null, "http://tv.example.com", false)]
    [InlineData(null, "https://tv.example.com:8443", false)]
    [InlineData(null, "null", false)]
    [InlineData(null, null, true)] // no browser
    public async Task A_browser_must_not_say_that_another_site_asks(string? site, string? origin, bool accepted)
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartJsonAsync();
        foreach (var authorization in new[] { null, "Bearer x", "Basic eDp5" }) // in RomM, any Authorization header switches the check off
        {
            var alice = await host.SignInAsync("alice");
            AddHeaders(alice, ("Sec-Fetch-Site", site), ("Origin", origin), ("Authorization", authorization));
            using var answer = await alice.ApproveAsync(codes.UserCode);
            Assert.Equal(accepted, answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.Gone);
            using var deny = await alice.DenyAsync(codes.UserCode);
            Assert.Equal(accepted, deny.StatusCode == HttpStatusCode.Gone);
        }
    }

    [Fact]
    public async Task The_public_origin_is_ours_too_behind_a_proxy_that_changes_the_host()
    {
        await using var host = await TestHost.StartAsync(options => options.PublicOrigin = new Uri("https://public.example"));
        var codes = await host.Device().StartJsonAsync();
        var alice = await host.SignInAsync("alice");
        AddHeaders(alice, ("Origin", "https://public.example"));
        Assert.Equal(HttpStatusCode.OK, (await alice.ApproveAsync(codes.UserCode)).StatusCode);
    }

    [Fact]
    public async Task A_credential_limited_to_a_scope_grants_no_other()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartJsonAsync(scopes: ["library.read", "library.write"]);
        var limited = await host.SignInAsync("alice", scope: "library.read profile");
        using var look = await limited.GetAsync($"{Wire.Prefix}/pending/{codes.UserCode}");
        Assert.Equal(["library.read"], (await look.JsonAsync()).Strings("allowed_scopes"));
        Assert.Equal(HttpStatusCode.Forbidden, (await limited.ApproveAsync(codes.UserCode, "library.read", "library.write")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await limited.ApproveAsync(codes.UserCode, "library.read")).StatusCode);
    }

    [Fact]
    public async Task A_locked_account_approves_nothing_and_a_device_it_approved_before_gets_no_token()
    {
        var policy = new TestPolicy();
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IPairingPolicy>(policy));
        var (first, second) = (await host.Device().StartJsonAsync(), await host.Device().StartJsonAsync());
        var alice = await host.SignInAsync("alice");
        (await alice.ApproveAsync(first.UserCode)).EnsureSuccessStatusCode();
        policy.Locked.Add("alice");
        using var answer = await alice.ApproveAsync(second.UserCode);
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Equal("Forbidden", await answer.DetailAsync());
        using var poll = await host.Device().PollJsonAsync(first.DeviceCode);
        Assert.Equal("expired_token", await poll.DetailAsync());
        await AssertPendingAsync(host, second);
    }

    [Fact]
    public async Task An_account_without_any_right_asked_for_can_only_deny()
    {
        var policy = new TestPolicy { Lacking = { ("bob", "library.read") } };
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IPairingPolicy>(policy));
        var codes = await host.Device().StartJsonAsync();
        var bob = await host.SignInAsync("bob");
        Assert.Equal(HttpStatusCode.Forbidden, (await bob.ApproveAsync(codes.UserCode)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await bob.DenyAsync(codes.UserCode)).StatusCode);
    }

    [Fact]
    public async Task Who_enters_the_code_on_the_page_hides_it_from_others_for_two_minutes()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartJsonAsync();
        var (alice, bob) = (await host.SignInAsync("alice"), await host.SignInAsync("bob"));
        using var entered = await alice.EnterCodeAsync(codes.UserCode);
        Assert.Equal("Approve this device?", await entered.TitleAsync());

        host.Clock.Advance(Pairing.ClaimLifetime - TimeSpan.FromMilliseconds(1));
        using var look = await bob.GetAsync($"{Wire.Prefix}/pending/{codes.UserCode}");
        using var approve = await bob.ApproveAsync(codes.UserCode);
        using var deny = await bob.DenyAsync(codes.UserCode);
        using var page = await bob.EnterCodeAsync(codes.UserCode);
        Assert.Equal([HttpStatusCode.NotFound, HttpStatusCode.NotFound, HttpStatusCode.NotFound], [look.StatusCode, approve.StatusCode, deny.StatusCode]);
        Assert.Equal("Connect a device", await page.TitleAsync());
        await AssertPendingAsync(host, codes);

        host.Clock.Advance(TimeSpan.FromMilliseconds(1));
        using var after = await bob.GetAsync($"{Wire.Prefix}/pending/{codes.UserCode}");
        Assert.Equal(HttpStatusCode.OK, after.StatusCode);
    }

    [Fact]
    public async Task Who_entered_the_code_can_approve_it_although_others_tried()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        var alice = await host.SignInAsync("alice");
        (await alice.EnterCodeAsync(codes.UserCode)).EnsureSuccessStatusCode();
        (await (await host.SignInAsync("bob")).DenyAsync(codes.UserCode)).Dispose();
        Assert.Equal(HttpStatusCode.OK, (await alice.ApproveAsync(codes.UserCode)).StatusCode);
    }

    [Fact]
    public async Task Codes_that_are_not_ones_own_are_answered_byte_by_byte_as_unknown_ones()
    {
        await using var host = await TestHost.StartAsync();
        var (alice, bob) = (await host.SignInAsync("alice"), await host.SignInAsync("bob"));
        var expired = (await host.Device().StartAsync()).UserCode;
        host.Clock.Advance(TimeSpan.FromMinutes(11));
        var approved = (await host.Device().StartAsync()).UserCode;
        (await alice.ApproveAsync(approved)).EnsureSuccessStatusCode();
        var denied = (await host.Device().StartAsync()).UserCode;
        (await alice.DenyAsync(denied)).EnsureSuccessStatusCode();
        var redeemed = await host.Device().StartAsync();
        (await alice.ApproveAsync(redeemed.UserCode)).EnsureSuccessStatusCode();
        (await host.Device().PollAsync(redeemed.DeviceCode)).EnsureSuccessStatusCode();
        var claimed = (await host.Device().StartAsync()).UserCode;
        (await alice.EnterCodeAsync(claimed)).EnsureSuccessStatusCode();

        foreach (var ask in new Func<string, Task<HttpResponseMessage>>[]
        {
            code => bob.GetAsync($"{Wire.Prefix}/pending/{code}"), code => bob.ApproveAsync(code), code => bob.DenyAsync(code),
        })
        {
            var unknown = await SpellAsync(ask("BBBB-BBBB"));
            Assert.StartsWith("404", unknown, StringComparison.Ordinal);
            foreach (var code in new[] { "BBB", expired, approved, denied, redeemed.UserCode, claimed })
            {
                Assert.Equal(unknown, await SpellAsync(ask(code)));
            }
        }

        static async Task<string> SpellAsync(Task<HttpResponseMessage> asked)
        {
            using var answer = await asked;
            var headers = answer.Headers.Concat(answer.Content.Headers).Where(header => header.Key != "Date").Select(header => $"{header.Key}: {string.Join(", ", header.Value)}");
            return $"{(int)answer.StatusCode}\n{string.Join('\n', headers)}\n\n{await answer.Content.ReadAsStringAsync()}";
        }
    }

    [Fact]
    public async Task Codes_that_are_not_ones_own_cost_as_many_calls_of_the_store_as_unknown_ones()
    {
        var store = new ProbingPairingStore();
        await using var host = await TestHost.StartAsync(services: store.Use);
        var (alice, bob) = (await host.SignInAsync("alice"), await host.SignInAsync("bob"));
        var expired = (await host.Device().StartAsync()).UserCode;
        host.Clock.Advance(TimeSpan.FromMinutes(10));
        var (approved, claimed) = ((await host.Device().StartAsync()).UserCode, (await host.Device().StartAsync()).UserCode);
        (await alice.ApproveAsync(approved)).EnsureSuccessStatusCode();
        (await alice.EnterCodeAsync(claimed)).EnsureSuccessStatusCode();
        foreach (var ask in new Func<string, Task<HttpResponseMessage>>[]
        {
            code => bob.GetAsync($"{Wire.Prefix}/pending/{code}"), code => bob.ApproveAsync(code), code => bob.DenyAsync(code), code => bob.EnterCodeAsync(code),
        })
        {
            var unknown = await CallsAsync(ask, "BBBB-BBBB");
            Assert.InRange(unknown, 1, 2);
            Assert.Equal((unknown, unknown, unknown), (await CallsAsync(ask, expired), await CallsAsync(ask, approved), await CallsAsync(ask, claimed)));
        }

        async Task<int> CallsAsync(Func<string, Task<HttpResponseMessage>> ask, string code)
        {
            var before = store.Calls;
            (await ask(code)).Dispose();
            return store.Calls - before;
        }
    }

    private static Task<HttpResponseMessage> DecideAsync(HttpClient client, string decision, StartedCodes codes) =>
        decision == "approve" ? client.ApproveAsync(codes.UserCode) : client.DenyAsync(codes.UserCode);

    private static void AddHeaders(HttpClient client, params (string Name, string? Value)[] headers)
    {
        foreach (var (name, value) in headers.Where(header => header.Value is not null))
        {
            client.DefaultRequestHeaders.TryAddWithoutValidation(name, value);
        }
    }

    private static async Task AssertPendingAsync(TestHost host, StartedCodes codes)
    {
        using var poll = await host.Device().PollJsonAsync(codes.DeviceCode);
        Assert.Equal("authorization_pending", await poll.DetailAsync());
    }
}
