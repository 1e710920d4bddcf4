using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Rules;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace DeviceAuthorization.Tests;

/// <summary>A used device code comes back within a minute. A poll from another network is reported; parallel polls of one device are not.</summary>
public sealed class SuspectedReplayTests
{
    private const string Home = "203.0.113.7";
    private const string Elsewhere = "198.51.100.2";

    [Theory]
    [InlineData(null, Home, null, Home, 0, false)] // parallel polls of one device
    [InlineData(null, Home, null, Elsewhere, 0, true)]
    [InlineData(null, "2001:db8:1:2::1", null, "2001:db8:1:2::9", 0, false)] // one home
    [InlineData(null, "2001:db8:1:2::1", null, "2001:db8:2:3::1", 0, true)]
    [InlineData(null, Home, null, Elsewhere, 59.999, true)]
    [InlineData(null, Home, null, null, 0, false)] // nothing is known of it
    [InlineData(null, null, null, Elsewhere, 0, false)]
    [InlineData("key", Home, "other", Home, 0, true)]
    [InlineData("key", Home, "other", null, 59.999, true)]
    [InlineData("key", Home, null, Home, 0, true)] // a thief has no key
    [InlineData(null, Home, "key", Home, 0, true)] // or came first, and the device has one
    public async Task A_used_code_from_another_hand_is_reported_and_revokes_nothing(
        string? key, string? from, string? laterKey, string? laterFrom, double seconds, bool isSuspected)
    {
        var flow = new TestFlow();
        var (codes, token) = await RedeemAsync(flow, key, from);
        flow.Clock.Advance(TimeSpan.FromSeconds(seconds));
        Assert.Equal(PairingError.InvalidGrant, await flow.RefusedAsync(codes, laterKey, address: laterFrom));
        Assert.Equal(isSuspected ? ["ReplaySuspected"] : [], flow.Events.Names.Skip(3), StringComparer.Ordinal);
        Assert.True(await flow.IsLiveAsync(token));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_same_key_is_the_same_device_wherever_it_is(bool isUsed)
    {
        var flow = new TestFlow(options => options.RevokeOnSuspectedReplay = true);
        var (codes, token) = await RedeemAsync(flow, "key", Home);
        if (isUsed)
        {
            var issued = (await flow.Devices.FindTokenAsync(token.Hash(), default))!.Token;
            await flow.Devices.TouchAsync(issued.Id, flow.Clock.GetUtcNow(), TimeSpan.FromMinutes(5), default);
        }

        Assert.Equal(!isUsed, await flow.PollAsync(codes, "key", address: Elsewhere) is PollResult.Paired);
        Assert.Equal(isUsed ? ["Started", "Approved", "Redeemed"] : ["Started", "Approved", "Redeemed", "Redelivered"], flow.Events.Names);
        Assert.True(await flow.IsLiveAsync(token));
    }

    [Theory]
    [InlineData("radio")]
    [InlineData(null)]
    public async Task Another_client_with_the_code_causes_nothing(string? client)
    {
        var flow = new TestFlow(options => options.RevokeOnSuspectedReplay = true);
        var (codes, token) = await RedeemAsync(flow, "key", Home);
        Assert.Equal(PairingError.InvalidGrant, await flow.RefusedAsync(codes, "other", client, Elsewhere));
        Assert.Equal(["Started", "Approved", "Redeemed"], flow.Events.Names);
        Assert.True(await flow.IsLiveAsync(token));
    }

    [Fact]
    public async Task Where_the_host_wants_it_the_token_is_revoked()
    {
        var flow = new TestFlow(options => options.RevokeOnSuspectedReplay = true);
        var (codes, token) = await RedeemAsync(flow, null, Home);
        Assert.Equal(PairingError.InvalidGrant, await flow.RefusedAsync(codes, address: Elsewhere));
        Assert.Equal(["Started", "Approved", "Redeemed", "Revoked", "ReplaySuspected"], flow.Events.Names);
        Assert.False(await flow.IsLiveAsync(token));
    }

    [Fact]
    public async Task The_event_says_where_the_token_was_fetched_from()
    {
        var flow = new TestFlow();
        var (codes, _) = await RedeemAsync(flow, "key", Home);
        await flow.RefusedAsync(codes, "other", address: Elsewhere);
        var suspected = Assert.Single(flow.Events.All.OfType<PairingEvent.ReplaySuspected>());
        Assert.Equal((Home, "alice"), (suspected.Pairing.RedeemedFrom, suspected.Pairing.ApproverId));
    }

    [Theory]
    [InlineData(Home, 0)]
    [InlineData(Elsewhere, 1)]
    public async Task Of_many_polls_at_once_from_one_network_none_and_from_two_one_event_comes(string second, int events)
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        await flow.ApproveAsync(codes);
        flow.Store.Interleaves = flow.Devices.Interleaves = true;
        await Task.WhenAll(Enumerable.Range(0, 32).Select(poll => Task.Run(() => flow.PollAsync(codes, address: poll % 2 == 0 ? Home : second))));
        Assert.Single(flow.Events.All.OfType<PairingEvent.Redeemed>());
        Assert.Equal(events, flow.Events.All.OfType<PairingEvent.ReplaySuspected>().Count());
    }

    [Fact]
    public async Task Each_pairing_is_suspected_once_and_still_found_to_be_replayed_later()
    {
        var flow = new TestFlow();
        var (codes, token) = await RedeemAsync(flow, null, Home);
        await flow.RefusedAsync(codes, address: Elsewhere);
        await flow.RefusedAsync(codes, "key", address: Elsewhere);
        flow.Clock.Advance(Pairing.RedeliveryWindow);
        await flow.RefusedAsync(codes, address: Elsewhere);
        Assert.Equal(["ReplaySuspected", "Revoked", "Replayed"], flow.Events.Names.Skip(3), StringComparer.Ordinal);
        Assert.False(await flow.IsLiveAsync(token));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task On_the_wire_the_address_of_each_poll_counts_and_a_suspicion_is_logged_once(bool json)
    {
        var events = new RecordedEvents();
        await using var host = await TestHost.StartAsync(services: services => services
            .AddSingleton<IPairingEvents>(events)
            .AddSingleton<IStartupFilter, AddressOfHeader>());
        var codes = await (json ? host.Device().StartJsonAsync() : host.Device().StartAsync());
        (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        var (home, elsewhere) = (From(host, Home), From(host, Elsewhere));
        var token = (await (await PollAsync(home)).JsonAsync()).GetProperty("access_token").GetString()!;
        Assert.Equal(json ? "expired_token" : "invalid_grant", await (await PollAsync(home)).ErrorAsync());
        Assert.DoesNotContain("ReplaySuspected", events.Names, StringComparer.Ordinal);
        await PollAsync(elsewhere);
        await PollAsync(elsewhere);
        Assert.Equal(Home, Assert.Single(events.All.OfType<PairingEvent.ReplaySuspected>()).Pairing.RedeemedFrom);
        var logged = Assert.Single(host.Logs.GetSnapshot(), record => record.Category?.StartsWith("DeviceAuthorization.", StringComparison.Ordinal) == true && record.Id.Id == 60);
        Assert.Equal(LogLevel.Warning, logged.Level);
        Assert.DoesNotContain(Home, logged.Message, StringComparison.Ordinal); // an address is a person's
        (await host.WithToken(token).GetAsync("/api/library")).EnsureSuccessStatusCode();

        Task<HttpResponseMessage> PollAsync(HttpClient device) => json ? device.PollJsonAsync(codes.DeviceCode) : device.PollAsync(codes.DeviceCode);
    }

    private static async Task<(StartResult.Started Codes, DeviceToken Token)> RedeemAsync(TestFlow flow, string? key, string? from)
    {
        var codes = await flow.StartAsync();
        await flow.ApproveAsync(codes);
        return (codes, Assert.IsType<PollResult.Paired>(await flow.PollAsync(codes, key, address: from)).Token);
    }

    private static HttpClient From(TestHost host, string address)
    {
        var device = host.Device();
        device.DefaultRequestHeaders.Add(AddressOfHeader.Name, address);
        return device;
    }

    /// <summary>TestServer has no network: a header says where a request comes from.</summary>
    private sealed class AddressOfHeader : IStartupFilter
    {
        public const string Name = "Test-Address";

        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((context, rest) =>
            {
                context.Connection.RemoteIpAddress = System.Net.IPAddress.TryParse(context.Request.Headers[Name], out var address) ? address : null;
                return rest(context);
            });
            next(app);
        };
    }
}
