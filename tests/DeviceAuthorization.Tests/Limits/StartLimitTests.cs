using System.Globalization;
using System.Net;
using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Hosting;

namespace DeviceAuthorization.Tests;

/// <summary>The limit of starts over HTTP, by the host's own clock.</summary>
public sealed class StartLimitTests
{
    [Fact]
    public async Task Whoever_waits_as_long_as_Retry_After_says_gets_through()
    {
        await using var host = await TestHost.StartAsync(options => options.RateLimits = new() { StartsPerMinute = 2 });
        host.Clock.Advance(TimeSpan.FromSeconds(0.25));
        await host.Device().StartAsync(); // counts until 61 s
        host.Clock.Advance(TimeSpan.FromSeconds(9));
        await host.Device().StartAsync(); // until 70 s
        host.Clock.Advance(TimeSpan.FromSeconds(11.5));
        Assert.Equal(41, await RefusedAsync(host)); // 40.25 s are left
        host.Clock.Advance(TimeSpan.FromSeconds(40));
        Assert.Equal(1, await RefusedAsync(host)); // being refused put nothing off
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        await host.Device().StartAsync();
        Assert.Equal(9, await RefusedAsync(host));
    }

    [Fact]
    public async Task No_address_has_more_pairings_waiting_than_allowed()
    {
        await using var host = await TestHost.StartAsync(options => options.RateLimits = new() { StartsPerMinute = 100, PendingPerAddress = 3 });
        for (var start = 0; start < 3; start++)
        {
            await host.Device().StartAsync();
            host.Clock.Advance(TimeSpan.FromMinutes(1));
        }

        await RefusedAsync(host);
        host.Clock.Advance(TimeSpan.FromMinutes(7.2)); // the first one is over
        await host.Device().StartAsync();
    }

    [Fact]
    public async Task Where_the_host_wants_it_a_client_has_a_limit_of_its_own()
    {
        await using var host = await TestHost.StartAsync(options => options.RateLimits = new() { StartsPerClientPerMinute = 1 });
        await host.Device().StartAsync();
        await RefusedAsync(host);
        using var other = await host.Device().PostFormAsync("init", ("client_id", "radio"));
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
    }

    [Fact]
    public async Task All_networks_of_an_IPv6_48_together_have_four_times_the_limit()
    {
        var events = new RecordedEvents();
        await using var host = await TestHost.StartAsync(
            options => options.RateLimits = new() { StartsPerMinute = 2 },
            services => services.AddSingleton<IStartupFilter>(new Callers()).AddSingleton<IPairingEvents>(events));
        var answers = new List<HttpStatusCode>();
        for (var network = 1; network <= 6; network++)
        {
            for (var start = 0; start < 2; start++)
            {
                answers.Add(await StatusAsync($"2001:db8:1:{network}::1"));
            }
        }

        Assert.Equal([.. Enumerable.Repeat(HttpStatusCode.OK, 8), .. Enumerable.Repeat(HttpStatusCode.TooManyRequests, 4)], answers);
        Assert.Equal("20010DB80001", Assert.Single(events.All.OfType<PairingEvent.LimitReached>()).Key); // once, and not for each of its networks
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("2001:db8:2:1::1"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("192.0.2.1"));
        host.Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("2001:db8:1:6::1"));

        async Task<HttpStatusCode> StatusAsync(string address)
        {
            using var answer = await Callers.From(host.Device(), address).PostFormAsync("init", ("client_id", "tv"));
            return answer.StatusCode;
        }
    }

    [Fact]
    public async Task What_counts_for_an_IPv6_48_is_asked_in_the_same_step()
    {
        var limiter = new RecordingLimiter();
        await using var host = await TestHost.StartAsync(
            options => options.RateLimits = new() { PendingPerAddress = int.MaxValue },
            services => services.AddSingleton<IAttemptLimiter>(limiter).AddSingleton<IStartupFilter>(new Callers()));
        await Callers.From(host.Device(), "2001:db8:1:2::1").StartAsync();
        Assert.Equal(
            [("start:20010DB800010002", 10), ("start:20010DB80001", 40), ("pending:20010DB800010002", int.MaxValue), ("pending:20010DB80001", int.MaxValue)],
            limiter.Asked.Select(budget => (budget.Key, budget.Limit)));
        Assert.Equal(1, limiter.Calls);
    }

    [Fact]
    public async Task Codes_polls_and_revocations_count_for_an_IPv6_48_too()
    {
        const string Address = "2001:db8:1:2::1";
        var limiter = new RecordingLimiter();
        await using var host = await TestHost.StartAsync(
            options => options.RateLimits = new() { PollsPerMinute = 60 },
            services => services.AddSingleton<IAttemptLimiter>(limiter).AddSingleton<IStartupFilter>(new Callers()));
        using var entered = await Callers.From(await host.SignInAsync("alice"), Address).EnterCodeAsync("BBBB-BBBB");
        using var polled = await Callers.From(host.Device(), Address).PollAsync(DeviceCode.New().Reveal());
        using var revoked = await Callers.From(host.Device(), Address).PostFormAsync("revoke", ("client_id", "tv"), ("token", "unknown"));
        Assert.Equal(
            [
                ("code-from:20010DB800010002", 20), ("code-from:20010DB80001", 80),
                ("poll:20010DB800010002", 60), ("poll:20010DB80001", 240),
                ("device-code:20010DB800010002", 600), ("device-code:20010DB80001", 2400),
                ("revoke:20010DB800010002", 60), ("revoke:20010DB80001", 240),
            ],
            limiter.Asked.Where(budget => budget.Key.Contains(":20010DB8", StringComparison.Ordinal)).Select(budget => (budget.Key, budget.Limit)));
    }

    [Fact]
    public async Task A_limiter_of_the_host_takes_the_place_of_the_one_in_memory()
    {
        var limiter = new RecordingLimiter { Answer = TimeSpan.FromSeconds(6.5) };
        await using var host = await TestHost.StartAsync(options => options.RateLimits.Enabled = true, services => services.AddSingleton<IAttemptLimiter>(limiter));
        Assert.Equal(7, await RefusedAsync(host));
        Assert.Equal(
            [("start:none", 10, TimeSpan.FromMinutes(1)), ("pending:none", 50, TimeSpan.FromMinutes(10)), ("told:start:none", 1, TimeSpan.FromMinutes(10))],
            limiter.Asked.Select(budget => (budget.Key, budget.Limit, budget.Window)));
    }

    [Fact]
    public async Task A_limiter_that_is_down_lets_nobody_through_and_is_503()
    {
        var limiter = new RecordingLimiter { Failure = new IOException("down") };
        await using var host = await TestHost.StartAsync(options => options.RateLimits.Enabled = true, services => services.AddSingleton<IAttemptLimiter>(limiter));
        using var answer = await host.Device().PostFormAsync("init", ("client_id", "tv"));
        await OAuthAssert.ErrorAsync(answer, 503, null);
        Assert.NotNull(answer.Headers.RetryAfter);
    }

    [Fact]
    public async Task Without_limits_nothing_is_counted()
    {
        var limiter = new RecordingLimiter();
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IAttemptLimiter>(limiter));
        await host.Device().StartAsync();
        Assert.Empty(limiter.Asked);
    }

    [Theory]
    [Trait("Row", "43"), Trait("Row", "T-15")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_eleventh_start_in_a_minute_of_one_address_is_429(bool kestrel)
    {
        await using var host = await TestHost.StartAsync(options => options.RateLimits.Enabled = true, kestrel: kestrel);
        var codes = await host.Device().StartAsync();
        for (var i = 2; i <= 12; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"{Wire.Prefix}/init") { Content = new FormUrlEncodedContent([KeyValuePair.Create("client_id", "a")]) };
            foreach (var header in (string[])["X-Forwarded-For", "X-Real-IP", "CF-Connecting-IP"])
            {
                request.Headers.Add(header, string.Create(CultureInfo.InvariantCulture, $"203.0.113.{i}"));
            }

            request.Headers.Add("Forwarded", string.Create(CultureInfo.InvariantCulture, $"for=203.0.113.{i}"));
            using var response = await host.Device().SendAsync(request);
            if (i <= 10)
            {
                Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            }
            else
            {
                await OAuthAssert.ErrorAsync(response, 429, "slow_down");
                Assert.Equal("60", Assert.Single(response.Headers.GetValues("Retry-After")));
            }
        }

        using var json = await host.Device().PostJsonAsync(
            "init", new { client_device_identifier = "i", name = "n", client = "c", requested_scopes = (string[])["profile"] });
        await OAuthAssert.DetailAsync(json, 429);
        Assert.Equal("authorization_pending", await (await host.Device().PollAsync(codes.DeviceCode)).ErrorAsync()); // polls are not throttled by it
    }

    private static async Task<int> RefusedAsync(TestHost host)
    {
        using var answer = await host.Device().PostFormAsync("init", ("client_id", "tv"));
        Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
        return (int)answer.Headers.RetryAfter!.Delta!.Value.TotalSeconds;
    }
}
