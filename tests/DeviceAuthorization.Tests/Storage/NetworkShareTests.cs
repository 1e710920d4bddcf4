using System.Net;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace DeviceAuthorization.Tests;

/// <summary>
/// How many networks it takes to keep everybody out of the in-memory store, and what an honest network can have of it (T-17). docs/security.md
/// and docs/operations.md name the numbers.
/// </summary>
public sealed class NetworkShareTests
{
    /// <summary>
    /// An attacker needs so many networks for the default store. There is no better way: in the second half of the places no network gets beyond 3,
    /// so 34 are needed there, and they may hold nothing before; in the first half none gets beyond 20, so 5 are needed.
    /// </summary>
    private const int Networks = 39;

    [Fact]
    public async Task It_takes_39_networks_to_fill_the_default_store()
    {
        var flow = new TestFlow();
        await AttackAsync(flow, Networks - 1, burst: int.MaxValue);
        Assert.IsType<StartResult.Started>(await StartAsync(flow, "203.0.113.1"));

        flow = new TestFlow();
        await AttackAsync(flow, Networks, burst: int.MaxValue);
        Assert.IsType<StartResult.Unavailable>(await StartAsync(flow, "203.0.113.1"));
    }

    [Fact]
    public async Task In_whatever_order_38_networks_do_not_fill_it()
    {
        for (var burst = 1; burst <= 20; burst++)
        {
            var flow = new TestFlow();
            await AttackAsync(flow, Networks - 1, burst);
            Assert.IsType<StartResult.Started>(await StartAsync(flow, "203.0.113.1"));
        }
    }

    [Fact]
    [Trait("Row", "T-17")]
    public async Task An_honest_device_pairs_while_38_networks_do_all_they_can_to_fill_the_store()
    {
        await using var host = await HostAsync();
        var attackers = Enumerable.Range(1, Networks - 1).Select(number => Callers.From(host.Device(), Address(number))).ToArray();
        for (var minute = 0; minute < 12; minute++) // longer than a pairing lives
        {
            await AttackAsync();
            host.Clock.Advance(TimeSpan.FromMinutes(1));
        }

        await AttackAsync();
        var tv = Callers.From(host.Device(), "203.0.113.1");
        var codes = await tv.StartAsync();
        await AttackAsync();
        using var approved = await (await host.SignInAsync("alice")).DecideOnPageAsync(codes.UserCode, "approve");
        Assert.Equal(HttpStatusCode.OK, approved.StatusCode);
        using var paired = await tv.PollAsync(codes.DeviceCode);
        Assert.Equal(HttpStatusCode.OK, paired.StatusCode);

        async Task AttackAsync()
        {
            foreach (var attacker in attackers)
            {
                while (await TryStartAsync(attacker))
                {
                }
            }
        }
    }

    [Fact]
    [Trait("Row", "T-17")]
    public async Task An_honest_device_pairs_while_an_IPv6_56_does_all_it_can_to_fill_the_store()
    {
        await using var host = await HostAsync();
        var attacker = host.Device();
        var started = 0;
        for (var minute = 0; minute < 9; minute++) // no longer than a pairing lives
        {
            for (var network = 0; network < 256; network++)
            {
                started += await TryStartAsync(Callers.From(attacker, $"2001:db8:1:{network:x}::1")) ? 1 : 0;
            }

            host.Clock.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(20, started);
        var tv = Callers.From(host.Device(), "2001:db8:2:1::1");
        var codes = await tv.StartAsync();
        using var approved = await (await host.SignInAsync("alice")).DecideOnPageAsync(codes.UserCode, "approve");
        using var paired = await tv.PollAsync(codes.DeviceCode);
        Assert.Equal(HttpStatusCode.OK, paired.StatusCode);
    }

    [Fact]
    public async Task A_family_pairs_three_devices_at_once_and_again_three_although_the_store_is_nearly_full()
    {
        var flow = new TestFlow();
        await AttackAsync(flow, Networks - 4, burst: int.MaxValue);
        for (var evening = 0; evening < 2; evening++)
        {
            var family = new List<StartResult.Started>();
            for (var device = 0; device < 3; device++)
            {
                family.Add(Assert.IsType<StartResult.Started>(await StartAsync(flow, "203.0.113.1")));
            }

            Assert.IsType<StartResult.Unavailable>(await StartAsync(flow, "203.0.113.1")); // a fourth waits until one of them is done
            foreach (var codes in family)
            {
                await flow.ApproveAsync(codes);
                await flow.RedeemAsync(codes);
            }

            flow.Clock.Advance(TimeSpan.FromSeconds(1));
        }
    }

    [Fact]
    public async Task One_network_has_twenty_at_once_and_again_when_they_have_expired()
    {
        var flow = new TestFlow();
        for (var lifetime = 0; lifetime < 2; lifetime++)
        {
            for (var device = 0; device < 20; device++)
            {
                Assert.IsType<StartResult.Started>(await StartAsync(flow, "203.0.113.1"));
            }

            Assert.IsType<StartResult.Unavailable>(await StartAsync(flow, "203.0.113.1"));
            flow.Clock.Advance(TimeSpan.FromMinutes(10));
        }
    }

    [Fact]
    public async Task A_network_has_its_share_again_although_thousands_expired_at_the_same_moment_and_no_sweep_came_yet()
    {
        const int Share = 1_000;
        var flow = new TestFlow(options => options.MaxLivePairings = 10 * Share);
        flow.Clock.Advance(TimeSpan.FromSeconds(1)); // sweeps come at full minutes
        for (var network = 1; network <= 3; network++)
        {
            for (var device = 0; device < Share; device++)
            {
                Assert.IsType<StartResult.Started>(await StartAsync(flow, Address(network)));
            }
        }

        flow.Clock.Advance(TimeSpan.FromMinutes(10) - TimeSpan.FromSeconds(1));
        Assert.IsType<StartResult.Unavailable>(await StartAsync(flow, Address(3)));
        flow.Clock.Advance(TimeSpan.FromSeconds(1)); // all have expired, and the next sweep comes in 59 seconds
        Assert.IsType<StartResult.Started>(await StartAsync(flow, Address(3)));
    }

    [Theory]
    [InlineData("127.0.0.1")] // a developer who starts the device again and again; a proxy on this machine that sends no header
    [InlineData("::1")]
    [InlineData(null)]
    public async Task Where_networks_cannot_be_told_apart_there_is_no_share(string? address)
    {
        var flow = new TestFlow();
        for (var device = 0; device < 200; device++)
        {
            Assert.IsType<StartResult.Started>(await StartAsync(flow, address));
        }
    }

    [Fact]
    public async Task The_log_says_whether_the_store_is_full_or_the_share_of_the_network()
    {
        await using var host = await TestHost.StartAsync(
            options => options.MaxLivePairings = 5, services => services.AddSingleton<IStartupFilter>(new Callers()));
        Assert.Equal((null, 3), await FillAsync("203.0.113.1", 3));
        Assert.Equal((80, 0), await FillAsync("203.0.113.1", 2)); // a flood is one line
        Assert.Equal((null, 0), await FillAsync("203.0.113.1", 1));
        Assert.Equal((null, 2), await FillAsync("203.0.114.1", 2));
        Assert.Equal((2, 0), await FillAsync("203.0.115.1", 1));

        async Task<(int? Warning, int Started)> FillAsync(string address, int times)
        {
            host.Logs.Clear();
            var started = 0;
            for (var device = 0; device < times; device++)
            {
                using var answer = await Callers.From(host.Device(), address).PostFormAsync("init", ("client_id", "tv"));
                started += answer.IsSuccessStatusCode ? 1 : 0;
                Assert.True(answer.IsSuccessStatusCode || (answer.StatusCode == HttpStatusCode.ServiceUnavailable && answer.Headers.RetryAfter is not null));
            }

            return (host.Logs.GetSnapshot().Where(entry => entry.Category?.StartsWith("DeviceAuthorization.", StringComparison.Ordinal) == true && entry.Id.Id is (2 or 80)).Select(entry => (int?)entry.Id.Id).SingleOrDefault(), started);
        }
    }

    [Fact]
    public async Task However_many_start_and_end_at_once_no_network_gets_more_than_its_share_or_less()
    {
        const int Share = 100;
        var clock = new FakeTimeProvider(TestData.Start);
        using var store = new InMemoryPairingStore(Options.Create(new DeviceAuthorizationOptions { MaxLivePairings = 10 * Share }), clock);
        for (var round = 0; round < 3; round++)
        {
            var added = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
            {
                var mine = new List<Pairing>();
                for (var start = 0; start < Share; start++)
                {
                    var pairing = TestData.NewPairing();
                    if (await store.TryAddAsync(pairing, default) == PairingAddition.Added)
                    {
                        mine.Add(pairing);
                    }
                }

                return mine;
            })));
            Assert.Equal(Share, added.Sum(mine => mine.Count));

            var ending = Task.Run(async () =>
            {
                foreach (var pairing in added.SelectMany(mine => mine))
                {
                    Assert.True(await store.TryReplaceAsync(pairing with { Status = PairingStatus.Denied }, TestData.Start, default));
                }
            });
            clock.Advance(TimeSpan.FromMinutes(1)); // the sweep counts while they end
            await ending;
            clock.Advance(TimeSpan.FromSeconds(1)); // the next refusal counts again what it counted before they ended
        }
    }

    private static Task<TestHost> HostAsync() => TestHost.StartAsync(
        options => options.RateLimits = new(), services => services.AddSingleton<IStartupFilter>(new Callers()));

    private static string Address(int number) => $"198.51.{number}.1";

    /// <summary>Each network starts as many as it can, so many at a time.</summary>
    private static async Task AttackAsync(TestFlow flow, int networks, int burst)
    {
        bool gained;
        do
        {
            gained = false;
            for (var number = 1; number <= networks; number++)
            {
                for (var start = 0; start < burst && await StartAsync(flow, Address(number)) is StartResult.Started; start++)
                {
                    gained = true;
                }
            }
        }
        while (gained);
    }

    private static Task<StartResult> StartAsync(TestFlow flow, string? address) => flow.Device.StartAsync(new PairingRequest
    {
        ClientId = "tv",
        Scopes = ["read", "write"],
        Device = new ReportedDevice { Name = "TV", Address = address },
    });

    private static async Task<bool> TryStartAsync(HttpClient device)
    {
        using var answer = await device.PostFormAsync("init", ("client_id", "tv"));
        Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable);
        return answer.IsSuccessStatusCode;
    }
}
