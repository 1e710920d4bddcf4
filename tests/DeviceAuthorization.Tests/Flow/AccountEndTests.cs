using System.Net;
using DeviceAuthorization.Flow;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace DeviceAuthorization.Tests;

/// <summary>
/// An account is in danger or ends, or a campaign obtained access: what the host revokes, and what stays. Races are in the conformance kit.
/// </summary>
public sealed class AccountEndTests
{
    [Theory]
    [InlineData(SignOutDevices.Keep)]
    [InlineData(SignOutDevices.Remove)]
    public async Task A_sign_out_ends_all_access_at_once_and_is_reported_once(SignOutDevices devices)
    {
        var flow = new TestFlow();
        var (first, second, bobs) = (await flow.PairAsync("tv-1"), await flow.PairAsync("tv-2"), await flow.PairAsync("tv-1", "bob"));
        var before = flow.Events.Names.Count;
        var lost = await flow.Access.SignOutEverywhereAsync("alice", devices);
        Assert.Equal(new SignOutResult(2, devices == SignOutDevices.Keep ? 0 : 2), lost);
        Assert.Equal((false, false, true), (await flow.IsLiveAsync(first.Token), await flow.IsLiveAsync(second.Token), await flow.IsLiveAsync(bobs.Token)));
        Assert.Equal([new PairingEvent.SignedOutEverywhere("alice", lost)], flow.Events.All.Skip(before));

        var again = await flow.PairAsync("tv-1");
        Assert.Equal(devices == SignOutDevices.Keep, again.Issued.DeviceId == first.Issued.DeviceId);
    }

    [Fact]
    public async Task An_approval_before_a_sign_out_gives_no_token_and_one_after_it_does()
    {
        var flow = new TestFlow();
        var (before, after) = (await flow.StartAsync("tv-1"), await flow.StartAsync("tv-2"));
        await flow.ApproveAsync(before);
        await flow.Access.SignOutEverywhereAsync("alice");
        await flow.ApproveAsync(after); // was started before: only the approval counts
        Assert.Equal(PairingError.InvalidGrant, await flow.RefusedAsync(before));
        Assert.True(await flow.IsLiveAsync((await flow.RedeemAsync(after)).Token));
        Assert.Equal(PairingError.InvalidGrant, await flow.RefusedAsync(before)); // also later
    }

    [Fact]
    public async Task A_later_account_with_the_same_id_sees_nothing_of_the_one_that_ended()
    {
        var flow = new TestFlow();
        var paired = await flow.PairAsync("tv-1");
        var codes = await flow.StartAsync("tv-2");
        await flow.ApproveAsync(codes);
        Assert.Equal(new SignOutResult(1, 2), await flow.Access.RemoveUserAsync("alice"));
        Assert.Equal(new PairingEvent.UserRemoved("alice", new SignOutResult(1, 2)), flow.Events.All[^1]);

        Assert.Empty(await flow.Devices.ListAsync("alice", default));
        Assert.Empty(await flow.Devices.ListTokensAsync("alice", default));
        Assert.Equal(PairingError.InvalidGrant, await flow.RefusedAsync(codes));
        Assert.Null(await flow.Devices.FindByIdentifierAsync("alice", "tv-1", default));
        Assert.NotEqual(paired.Issued.DeviceId, (await flow.PairAsync("tv-1")).Issued.DeviceId, StringComparer.Ordinal);
        Assert.Single(await flow.Devices.ListAsync("alice", default));
    }

    [Theory]
    [InlineData("203.0.113.0/24", null, "a b")]
    [InlineData("203.0.113.7/32", null, "a")]
    [InlineData("2001:db8:1::/48", null, "c")]
    [InlineData("0.0.0.0/0", null, "a b e")] // an address that is mapped into IPv6 is an IPv4 address
    [InlineData(null, "tv", "a c d f")]
    [InlineData(null, "TV", "")]
    [InlineData("203.0.113.0/24", "tv", "a")]
    [InlineData("192.0.2.0/24", null, "")]
    public async Task What_one_network_or_client_obtained_is_revoked_and_nothing_else(string? network, string? client, string revoked)
    {
        var flow = new TestFlow();
        var from = flow.Clock.GetUtcNow();
        var tokens = new Dictionary<string, AccessToken>(StringComparer.Ordinal)
        {
            ["a"] = await ObtainAsync(flow, "alice", "203.0.113.7", "tv"),
            ["b"] = await ObtainAsync(flow, "bob", "203.0.113.99", "radio"),
            ["c"] = await ObtainAsync(flow, "alice", "2001:db8:1:2::3", "tv"),
            ["d"] = await ObtainAsync(flow, "carol", null, "tv"),
            ["e"] = await ObtainAsync(flow, "carol", "::ffff:198.51.100.1", "radio"),
            ["f"] = await ObtainAsync(flow, "carol", "not an address", "tv"),
        };
        Assert.Equal("203.0.113.7", tokens["a"].StartedFrom);
        await flow.Devices.TryIssueTokenAsync(TestData.NewUnboundToken() with { CreatedAt = from }, new TokenIssueConditions(from, 99, false), default); // made by hand
        var before = flow.Events.Names.Count;
        var obtained = new ObtainedAccess
        {
            From = from,
            To = from + TimeSpan.FromHours(1),
            ClientId = client,
            Network = network is null ? null : IPNetwork.Parse(network),
        };

        var gone = await flow.Access.RevokeObtainedAsync(obtained);
        var expected = revoked.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(name => tokens[name].Id).Order();
        Assert.Equal(expected, gone.Select(token => token.Id).Order());
        Assert.All(gone, token => Assert.NotNull(token.RevokedAt));
        Assert.Equal(gone.Select(token => token.Id), flow.Events.All.Skip(before).Cast<PairingEvent.Revoked>().Select(happened => happened.Token.Id));
        foreach (var token in tokens.Values)
        {
            Assert.Equal(gone.Any(one => one.Id == token.Id), await flow.Devices.FindTokenAsync(token.Hash, default) is null);
            Assert.NotNull(await flow.Devices.FindAsync(token.UserId, token.DeviceId!, default)); // devices stay
        }

        Assert.Empty(await flow.Access.RevokeObtainedAsync(obtained)); // once
    }

    [Fact]
    public async Task Only_what_was_obtained_in_the_span_of_time_is_revoked()
    {
        var flow = new TestFlow();
        var at = flow.Clock.GetUtcNow();
        var token = await ObtainAsync(flow, "alice", "203.0.113.7", "tv");
        var obtained = new ObtainedAccess { From = at.AddMilliseconds(1), To = at.AddHours(1), ClientId = "tv" };
        Assert.Empty(await flow.Access.RevokeObtainedAsync(obtained));
        Assert.Empty(await flow.Access.RevokeObtainedAsync(obtained with { From = at.AddHours(-1), To = at }));
        Assert.Equal(token.Id, Assert.Single(await flow.Access.RevokeObtainedAsync(obtained with { From = at, To = at.AddMilliseconds(1) })).Id);
    }

    [Theory]
    [InlineData(-1, 10_000, true)]
    [InlineData(1, 10_000, false)]
    [InlineData(-10_000, 1, true)]
    [InlineData(-10_000, -1, false)]
    public async Task The_span_of_time_is_exact_to_the_tick(int from, int to, bool isRevoked)
    {
        var flow = new TestFlow();
        var at = flow.Clock.GetUtcNow();
        await ObtainAsync(flow, "alice", "203.0.113.7", "tv");
        Assert.Equal(isRevoked, await flow.Access.RevokeObtainedAsync(new ObtainedAccess { From = at.AddTicks(from), To = at.AddTicks(to), ClientId = "tv" }) is [_]);
    }

    [Fact]
    public async Task A_token_that_its_owner_changes_meanwhile_is_revoked_as_well()
    {
        var flow = new TestFlow();
        var at = flow.Clock.GetUtcNow();
        var token = await ObtainAsync(flow, "alice", "203.0.113.7", "tv");
        var pause = flow.Devices.PauseAfter(nameof(IDeviceRepository.ListPairedTokensAsync));
        var revoking = flow.Access.RevokeObtainedAsync(new ObtainedAccess { From = at, To = at.AddHours(1), ClientId = "tv" });
        await pause.Reached;
        Assert.True(await flow.Devices.TryReplaceTokenAsync(token with { Name = "Den" }, default));
        pause.Release();
        Assert.Equal("Den", Assert.Single(await revoking).Name);
        Assert.Null(await flow.Devices.FindTokenAsync(token.Hash, default));
    }

    [Fact]
    public async Task If_it_fails_midway_the_events_name_what_was_revoked_and_a_repeated_call_returns_the_rest()
    {
        var flow = new TestFlow();
        var at = flow.Clock.GetUtcNow();
        foreach (var user in new[] { "alice", "bob", "carol" })
        {
            await ObtainAsync(flow, user, "203.0.113.7", "tv");
        }

        var obtained = new ObtainedAccess { From = at, To = at.AddHours(1), ClientId = "tv" };
        var before = flow.Events.Names.Count;
        var calls = 0;
        flow.Devices.Passing = (member, isAfter) => member == nameof(IDeviceRepository.TryReplaceTokenAsync) && !isAfter && ++calls == 2
            ? throw new IOException("The test's outage.")
            : Task.CompletedTask;
        await Assert.ThrowsAsync<IOException>(() => flow.Access.RevokeObtainedAsync(obtained));
        var first = Assert.Single(flow.Events.All.Skip(before).Cast<PairingEvent.Revoked>()).Token.UserId;
        var rest = await flow.Access.RevokeObtainedAsync(obtained);
        Assert.Equal(["alice", "bob", "carol"], rest.Select(token => token.UserId).Append(first).Order(StringComparer.Ordinal), StringComparer.Ordinal);
    }

    [Fact]
    public async Task What_would_revoke_everything_or_nothing_by_mistake_is_refused()
    {
        var flow = new TestFlow();
        var at = flow.Clock.GetUtcNow();
        var all = new ObtainedAccess { From = at, To = at.AddHours(1) };
        await Assert.ThrowsAsync<ArgumentException>(() => flow.Access.RevokeObtainedAsync(all));
        await Assert.ThrowsAsync<ArgumentException>(() => flow.Access.RevokeObtainedAsync(all with { ClientId = "tv", To = at }));
        await Assert.ThrowsAsync<ArgumentException>(() => flow.Access.SignOutEverywhereAsync(""));
        await Assert.ThrowsAsync<ArgumentException>(() => flow.Access.RemoveUserAsync(""));
        await Assert.ThrowsAsync<ArgumentNullException>(() => flow.Access.RevokeObtainedAsync(null!));
        await Assert.ThrowsAsync<ArgumentNullException>(() => flow.Access.RecordUseAsync(null!));
        await Assert.ThrowsAsync<ArgumentNullException>(() => flow.Access.ConnectAsync(null!));
        Assert.Empty(flow.Events.All);
    }

    [Fact]
    public async Task A_locked_account_makes_and_renews_no_token()
    {
        var flow = new TestFlow();
        var made = Assert.IsType<TokenResult.Done>(await flow.Tokens.MakeAsync("alice", null, new TokenProperties("Script", ["read"]), default));
        flow.Policy.IsActive = false;
        foreach (var result in new[]
        {
            await flow.Tokens.MakeAsync("alice", null, new TokenProperties("Another", ["read"]), default),
            await flow.Tokens.RenewAsync("alice", null, made.Token.Id, default),
        })
        {
            Assert.Equal(TokenProblem.Beyond, Assert.IsType<TokenResult.Refused>(result).Problem);
        }
    }

    [Fact]
    public async Task Each_ending_is_logged_without_an_address()
    {
        await using var host = await TestHost.StartAsync(map: app => app.MapClientTokens());
        using var scope = host.Services.CreateScope();
        var access = scope.ServiceProvider.GetRequiredService<DeviceAccess>();
        await host.PairAsync();
        await access.SignOutEverywhereAsync("alice");
        await access.RemoveUserAsync("alice");
        await access.RevokeObtainedAsync(new ObtainedAccess { From = TestHost.Epoch, To = TestHost.Epoch.AddDays(1), Network = IPNetwork.Parse("203.0.113.0/24") });
        var logged = host.Logs.GetSnapshot().Where(record => record.Category?.StartsWith("DeviceAuthorization", StringComparison.Ordinal) == true && record.Id.Id is >= 64 and <= 66).ToArray();
        Assert.Equal(
            [
                "User alice was signed out everywhere. Tokens revoked: 1. Devices removed: 0.",
                "The account of user alice ended. Tokens revoked: 0. Devices removed: 1.",
                "An operator revoked what a network or client obtained from 2026-11-23T12:00:00.0000000+00:00 to 2026-11-24T12:00:00.0000000+00:00. Tokens revoked: 0.",
            ],
            logged.Select(record => record.Message),
            StringComparer.Ordinal);
        Assert.All(logged, record => Assert.Equal(LogLevel.Information, record.Level));
    }

    private static async Task<AccessToken> ObtainAsync(TestFlow flow, string user, string? address, string client)
    {
        var request = new PairingRequest { ClientId = client, Scopes = ["read"], Device = new ReportedDevice { Name = "TV", Address = address } };
        var codes = Assert.IsType<StartResult.Started>(await flow.Device.StartAsync(request));
        Assert.IsType<ApproverResult.Approved>(await flow.DecideAsync(codes, user, null, "read"));
        return Assert.IsType<PollResult.Paired>(await flow.PollAsync(codes, clientId: client)).Issued;
    }
}
