using DeviceAuthorization.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.HttpOverrides;

namespace DeviceAuthorization.Tests;

/// <summary>What the review says about the networks of the device and of the person, and what counts as a campaign.</summary>
public sealed class NetworkRemarkTests
{
    private const string Same = "the network that you are using, too";
    private const string Other = "not the network that you are using";

    [Theory]
    [InlineData("203.0.113.7", "203.0.113.7", Same)]
    [InlineData("198.51.100.1", "203.0.113.7", Other)]
    [InlineData("203.0.113.7", "2001:db8::1", null)] // one home, two families
    [InlineData("127.0.0.1", "::1", null)]
    [InlineData("127.0.0.1", "127.0.0.1", null)] // perhaps a proxy's
    public async Task The_review_says_whether_the_device_is_in_the_persons_network_only_if_the_addresses_tell(string device, string person, string? remark)
    {
        await using var host = await StartAsync();
        var review = await ReviewAsync(host, From(device), From(person));
        Assert.Contains($"<bdi>{device}</bdi>", review, StringComparison.Ordinal);
        Assert.Equal(remark, Remark(review));
    }

    [Theory]
    [InlineData("X-Forwarded-For", "10.0.0.2", "10.0.0.2")] // one proxy
    [InlineData("X-Forwarded-For", "198.51.100.1", "203.0.113.7")] // two of a content network
    [InlineData("Forwarded", "198.51.100.1", "203.0.113.7")]
    public async Task Behind_a_proxy_that_the_host_does_not_know_nothing_is_said_and_nothing_counted(string header, string device, string person)
    {
        var events = new RecordedEvents();
        await using var host = await StartAsync(events: events);
        for (var pairing = 0; pairing < 3; pairing++)
        {
            var review = await ReviewAsync(host, From(device, (header, "for=192.0.2.1")), From(person, (header, "for=192.0.2.2")));
            Assert.Contains($"<bdi>{device}</bdi>", review, StringComparison.Ordinal);
            Assert.Null(Remark(review));
        }

        Assert.Empty(events.All.OfType<PairingEvent.CampaignSuspected>());
    }

    [Fact]
    public async Task A_device_that_makes_a_forwarded_header_up_hides_nothing_by_it()
    {
        var events = new RecordedEvents();
        await using var host = await StartAsync(events: events);
        for (var pairing = 0; pairing < 2; pairing++)
        {
            var review = await ReviewAsync(host, From("198.51.100.1", ("X-Forwarded-For", "203.0.113.7")), From("203.0.113.7"));
            Assert.Contains("<bdi>198.51.100.1</bdi>", review, StringComparison.Ordinal);
            Assert.Equal(Other, Remark(review));
        }

        Assert.Single(events.All.OfType<PairingEvent.CampaignSuspected>());
    }

    [Theory]
    [InlineData("203.0.113.7", Same)]
    [InlineData("198.51.100.1", Other)]
    public async Task Behind_a_proxy_that_the_host_knows_the_addresses_are_peoples_own(string device, string remark)
    {
        await using var host = await StartAsync(new() { ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto });
        var review = await ReviewAsync(
            host,
            From("10.0.0.2", ("X-Forwarded-For", device), ("X-Forwarded-Proto", "https")),
            From("10.0.0.2", ("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-Proto", "https")));
        Assert.Contains($"<bdi>{device}</bdi>", review, StringComparison.Ordinal);
        Assert.Equal(remark, Remark(review));
    }

    private static Task<TestHost> StartAsync(ForwardedHeadersOptions? forwarded = null, IPairingEvents? events = null) => TestHost.StartAsync(
        options => options.CampaignThreshold = 1,
        services =>
        {
            services.AddSingleton<IStartupFilter>(new Callers(forwarded));
            if (events is not null)
            {
                services.AddSingleton(events);
            }
        });

    private static Action<HttpClient> From(string address, params (string Name, string Value)[] headers) => client => Callers.From(client, address, headers);

    private static async Task<string> ReviewAsync(TestHost host, Action<HttpClient> device, Action<HttpClient> person)
    {
        var tv = host.Device();
        device(tv);
        var codes = await tv.StartAsync();
        var alice = await host.SignInAsync("alice");
        person(alice);
        return await alice.ReviewAsync(codes.UserCode);
    }

    private static string? Remark(string review) => ((string[])[Same, Other]).SingleOrDefault(remark => review.Contains($"<small>{remark}</small>", StringComparison.Ordinal));
}
