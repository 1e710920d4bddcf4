using System.Net;
using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Limits;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace DeviceAuthorization.Tests;

/// <summary>Each effect is reported once, even after a race, and no listener can undo it.</summary>
public sealed class EventTests
{
    [Fact]
    [Trait("Row", "T-31")]
    [Trait("RomM 5.4", "141")]
    public async Task The_story_of_a_pairing_is_told_in_order()
    {
        var flow = new TestFlow();
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
        var approved = flow.Events.All.OfType<PairingEvent.Approved>().Single().Pairing;
        Assert.Equal(("alice", "tv", "read write"), (approved.ApproverId, approved.ClientId, string.Join(' ', approved.Grant!.Scopes)));
        var redeemed = flow.Events.All.OfType<PairingEvent.Redeemed>().Single();
        Assert.Equal(("alice", redeemed.Pairing.Id, redeemed.Pairing.Grant!.DeviceId), (redeemed.Token.UserId, redeemed.Token.PairingId!.Value, redeemed.Token.DeviceId));
    }

    [Fact]
    public async Task An_expired_pairing_is_told_once_and_remembered_no_longer_than_it_is_kept()
    {
        using var limiter = new RecordedBudgets();
        var flow = new TestFlow(limiter: limiter);
        var codes = await flow.StartAsync();
        flow.Clock.Advance(codes.ExpiresIn);
        await flow.RefusedAsync(codes);
        flow.Clock.Advance(Pairing.Retention - TimeSpan.FromMilliseconds(1));
        await flow.RefusedAsync(codes);
        Assert.Equal(["Started", "Expired"], flow.Events.Names);
        Assert.All(limiter.Budgets, budget => Assert.Equal(Pairing.Retention, budget.Window)); // devices on a sign-in screen expire all day
        Assert.NotEmpty(limiter.Budgets);
    }

    [Fact]
    [Trait("Row", "T-31")]
    public async Task A_denial_and_wrong_codes_are_told()
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        await flow.Approver.ReviewAsync(TestData.Code("WRNG-CXDF"), new Approver("alice"));
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
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 32).Select(i => Task.Run(() => i % 2 == 0 ? flow.DecideAsync(codes) : flow.DenyAsync(codes))));
        Assert.Single(flow.Events.All, happened => happened is PairingEvent.Approved or PairingEvent.Denied);

        codes = await flow.StartAsync();
        await flow.ApproveAsync(codes);
        await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => Task.Run(() => flow.PollAsync(codes))));
        Assert.Single(flow.Events.All.OfType<PairingEvent.Redeemed>());
    }

    [Theory]
    [Trait("Row", "T-31")]
    [InlineData(false, true)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    [InlineData(true, false)]
    public async Task A_replay_is_reported_once_for_all_polls_at_all_nodes(bool atOnce, bool revokes)
    {
        var events = new RecordedEvents();
        await using var one = await TestHost.StartAsync(
            options => options.RevokeOnReplay = revokes, services => services.AddSingleton<IPairingEvents>(events));
        await using var two = await TestHost.StartAsync(
            options => options.RevokeOnReplay = revokes,
            services => services
                .AddSingleton<IPairingEvents>(events)
                .AddSingleton<TimeProvider>(one.Clock)
                .AddSingleton(one.Services.GetRequiredService<IAttemptLimiter>())
                .AddSingleton(one.Services.GetRequiredService<IPairingStore>())
                .AddSingleton(one.Services.GetRequiredService<IDeviceRepository>()));
        var codes = await one.Device().StartAsync();
        (await (await one.SignInAsync("alice")).ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        (await one.Device().PollAsync(codes.DeviceCode)).EnsureSuccessStatusCode();
        one.Clock.Advance(Pairing.RedeliveryWindow - TimeSpan.FromMilliseconds(1));
        await PollAsync(0);
        Assert.Equal(["Started", "Approved", "Redeemed"], events.Names); // too soon to tell
        one.Clock.Advance(TimeSpan.FromMilliseconds(1));
        if (atOnce)
        {
            await Task.WhenAll(Enumerable.Range(0, 32).Select(poll => Task.Run(() => PollAsync(poll))));
        }

        for (var poll = 0; poll < 4; poll++)
        {
            await PollAsync(poll);
            one.Clock.Advance(TimeSpan.FromMinutes(1));
        }

        string[] expected = ["Started", "Approved", "Redeemed", .. revokes ? ["Revoked"] : Array.Empty<string>(), "Replayed"];
        if (atOnce)
        {
            Assert.Equal(expected.Order(StringComparer.Ordinal), events.Names.Order(StringComparer.Ordinal)); // one poll revokes, another may report first
        }
        else
        {
            Assert.Equal(expected, events.Names);
        }

        Assert.Single(one.Logs.GetSnapshot().Concat(two.Logs.GetSnapshot()), record => record.Category?.StartsWith("DeviceAuthorization.", StringComparison.Ordinal) == true && record.Id.Id == 16);

        async Task PollAsync(int poll)
        {
            using var answer = await (poll % 2 == 0 ? one : two).Device().PollAsync(codes.DeviceCode);
            Assert.Equal("invalid_grant", await answer.ErrorAsync());
        }
    }

    [Fact]
    [Trait("Row", "T-31")]
    [Trait("RomM 5.4", "142")]
    public async Task What_people_do_with_their_tokens_is_reported_and_logged()
    {
        var events = new RecordedEvents();
        await using var host = await TestHost.StartAsync(
            options => options.Scopes["me.write"] = "Manage your tokens",
            services => services.AddSingleton<IPairingEvents>(events),
            app =>
            {
                app.MapClientTokens();
                app.MapDevicesPage();
            });
        var alice = await host.SignInAsync("alice");
        var made = (await alice.CallAsync("POST", RegistryHost.Tokens, """{ "name": "Script", "scopes": ["library.read", "profile"] }""")).Body.String("id")!;
        await alice.CallAsync("PATCH", $"{RegistryHost.Tokens}/{made}", """{ "scopes": ["profile", "library.read"] }"""); // what it has
        await alice.CallAsync("PATCH", $"{RegistryHost.Tokens}/{made}", """{ "scopes": ["profile"], "expires_in": "never" }"""); // longer: refused
        await alice.CallAsync("PATCH", $"{RegistryHost.Tokens}/{made}", """{ "name": "Backup", "scopes": ["profile"] }""");
        await alice.CallAsync("PUT", $"{RegistryHost.Tokens}/{made}/regenerate");
        await alice.CallAsync("DELETE", $"{RegistryHost.Tokens}/{made}");
        await alice.CallAsync("PUT", $"{RegistryHost.Tokens}/{made}/regenerate"); // 404
        await alice.MakeTokenAsync();
        Assert.Equal(["TokenMade", "TokenChanged", "TokenRenewed", "Revoked", "TokenMade"], events.Names);

        var changed = Assert.Single(events.All.OfType<PairingEvent.TokenChanged>());
        Assert.Equal(("Script", "Backup", "library.read profile", "profile"), (changed.Before.Name, changed.Token.Name, string.Join(' ', changed.Before.Scopes), string.Join(' ', changed.Token.Scopes)));
        Assert.Equal((made, "alice"), ($"{Assert.Single(events.All.OfType<PairingEvent.TokenRenewed>()).Token.Id}", changed.Token.UserId));
        var logged = host.Logs.GetSnapshot().Where(record => record.Category?.StartsWith("DeviceAuthorization.", StringComparison.Ordinal) == true && record.Id.Id is >= 61 and <= 63).ToArray();
        Assert.Equal([61, 63, 62, 61], logged.Select(record => record.Id.Id));
        Assert.All(logged, record => Assert.Equal(LogLevel.Information, record.Level));
        Assert.Contains(made, logged[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("RomM 5.4", "144")]
    public async Task A_listener_that_fails_changes_nothing_and_is_logged()
    {
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IPairingEvents, Failing>().AddSingleton<IPairingEvents>(new RecordedEvents()));
        var codes = await host.Device().StartAsync();
        (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        using var paired = await host.Device().PollAsync(codes.DeviceCode);
        paired.EnsureSuccessStatusCode();
        Assert.Contains("Redeemed", host.Services.GetServices<IPairingEvents>().OfType<RecordedEvents>().Single().Names, StringComparer.Ordinal); // the other listeners still get it
        Assert.Contains(host.Logs.GetSnapshot(), entry => entry is { Level: LogLevel.Error, Id.Id: 19 } && entry.Message.Contains("Approved", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_listener_that_cannot_be_created_loses_no_token()
    {
        var isBroken = false;
        await using var host = await TestHost.StartAsync(
            services: services => services.AddTransient<IPairingEvents>(_ => isBroken ? throw new InvalidOperationException("no mail today") : new RecordedEvents()));
        var codes = await host.Device().StartAsync();
        (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        isBroken = true;
        using var failed = await host.Device().PollAsync(codes.DeviceCode);
        Assert.Equal(HttpStatusCode.InternalServerError, failed.StatusCode);
        isBroken = false;
        using var paired = await host.Device().PollAsync(codes.DeviceCode);
        paired.EnsureSuccessStatusCode();
    }

    [Fact]
    public async Task What_owners_remove_is_reported()
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
        Assert.Equal(("alice", id, "tv"), (told.UserId, told.DeviceId, told.DeviceName));
    }

    private sealed class Failing : IPairingEvents
    {
        public ValueTask OnAsync(PairingEvent happened) => throw new InvalidOperationException("no mail today");
    }

    private sealed class RecordedBudgets : IAttemptLimiter, IDisposable
    {
        private readonly InMemoryAttemptLimiter _inner = new(TimeProvider.System);

        public List<AttemptBudget> Budgets { get; } = [];

        public ValueTask<TimeSpan?> TryCountAsync(IReadOnlyList<AttemptBudget> budgets, CancellationToken cancellationToken)
        {
            Budgets.AddRange(budgets);
            return _inner.TryCountAsync(budgets, cancellationToken);
        }

        public void Dispose() => _inner.Dispose();
    }
}
