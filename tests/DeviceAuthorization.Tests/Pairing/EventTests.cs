using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace DeviceAuthorization.Tests;

/// <summary>Each effect is told once, whoever raced for it, and nothing that a listener does undoes it.</summary>
public sealed class EventTests
{
    [Fact]
    [Trait("Row", "T-31")]
    public async Task The_story_of_a_pairing_is_told_in_order()
    {
        var flow = new Flow();
        var codes = await flow.StartAsync("id-1");
        await flow.ClaimAsync(codes);
        flow.Clock.Advance(Pairing.ClaimLifetime * 0.6);
        await flow.ClaimAsync(codes); // the same one again is no second claim, even where it makes the first one longer
        await flow.PollAsync(codes);
        await flow.ApproveAsync(codes);
        await flow.DecideAsync(codes);
        await flow.RedeemAsync(codes);
        flow.Clock.Advance(Pairing.RedeliveryWindow);
        await flow.RefusedAsync(codes);
        await flow.RefusedAsync(codes); // a device that does not give up is told once
        Assert.Equal(["Started", "Claimed", "Approved", "Redeemed", "Revoked", "Replayed"], flow.Events.Names);
        var redeemed = flow.Events.All.OfType<PairingEvent.Redeemed>().Single();
        Assert.Equal(("alice", redeemed.Pairing.Id), (redeemed.Token.UserId, redeemed.Token.PairingId!.Value));
    }

    [Fact]
    [Trait("Row", "T-31")]
    public async Task A_denial_and_wrong_codes_are_told()
    {
        var flow = new Flow();
        var codes = await flow.StartAsync();
        await flow.Service.InspectAsync("no code at all", new Approver("alice")); // nothing to tell
        await flow.Service.InspectAsync("WRNG-CXDF", new Approver("alice"));
        await flow.DenyAsync(codes);
        await flow.DenyAsync(codes, "bob");
        Assert.Equal(["Started", "CodeRefused", "Denied", "CodeRefused"], flow.Events.Names);
        Assert.Null(flow.Events.All.OfType<PairingEvent.CodeRefused>().First().Pairing);
        Assert.NotNull(flow.Events.All.OfType<PairingEvent.CodeRefused>().Last().Pairing);
    }

    [Fact]
    [Trait("Row", "T-31")]
    public async Task Of_many_racing_decisions_and_polls_one_each_is_told()
    {
        var flow = new Flow();
        var codes = await flow.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 32).Select(i => Task.Run(() => i % 2 == 0 ? flow.DecideAsync(codes) : flow.DenyAsync(codes))));
        Assert.Single(flow.Events.All, happened => happened is PairingEvent.Approved or PairingEvent.Denied);

        codes = await flow.StartAsync();
        await flow.ApproveAsync(codes);
        await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => Task.Run(() => flow.PollAsync(codes))));
        Assert.Single(flow.Events.All.OfType<PairingEvent.Redeemed>());
    }

    [Fact]
    public async Task A_listener_that_fails_changes_nothing_and_is_logged()
    {
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IPairingEvents, Failing>().AddSingleton<IPairingEvents>(new RecordedEvents()));
        var codes = await host.Device().StartAsync();
        (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        using var paired = await host.Device().PollAsync(codes.DeviceCode);
        paired.EnsureSuccessStatusCode();
        Assert.Contains("Redeemed", host.Services.GetServices<IPairingEvents>().OfType<RecordedEvents>().Single().Names, StringComparer.Ordinal); // others still hear it
        Assert.Contains(host.Logs.GetSnapshot(), entry => entry is { Level: LogLevel.Error, Id.Id: 19 } && entry.Message.Contains("Approved", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_owners_take_away_is_told()
    {
        var events = new RecordedEvents();
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IPairingEvents>(events), map: app => app.MapDevices());
        var codes = await host.Device().StartAsync();
        var alice = await host.SignInAsync("alice");
        using var approved = await alice.ApproveAsync(codes.UserCode);
        var id = (await approved.JsonAsync()).GetProperty("device_id").GetString();
        using var removed = await alice.DeleteAsync($"/api/devices/{id}");
        removed.EnsureSuccessStatusCode();
        using var again = await alice.DeleteAsync($"/api/devices/{id}");
        var told = Assert.Single(events.All.OfType<PairingEvent.DeviceRemoved>());
        Assert.Equal(("alice", id), (told.UserId, told.DeviceId));
    }

    private sealed class Failing : IPairingEvents
    {
        public ValueTask OnAsync(PairingEvent happened) => throw new InvalidOperationException("no mail today");
    }
}
