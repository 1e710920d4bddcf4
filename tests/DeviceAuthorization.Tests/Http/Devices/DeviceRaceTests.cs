using System.Net;

namespace DeviceAuthorization.Tests;

/// <summary>Many calls at once have the same result as one after the other.</summary>
public sealed class DeviceRaceTests
{
    private const int Many = 50;

    [Fact]
    [Trait("Weakness", "A1")]
    public async Task Fifty_approvals_of_one_identifier_register_one_device()
    {
        await using var host = await RegistryHost.StartAsync();
        var (device, alice, bob) = (host.Device(), await host.SignInAsync("alice"), await host.SignInAsync("bob"));
        var pairings = await Task.WhenAll(Enumerable.Range(0, Many).Select(i => device.StartJsonAsync("same", $"Device {i}")));
        var of = await device.StartJsonAsync("same", "Bob's");
        var approvals = await Task.WhenAll(pairings.Select(codes => alice.ApproveAsync(codes.UserCode)).Append(bob.ApproveAsync(of.UserCode)));
        Assert.All(approvals, answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
        var ids = await Task.WhenAll(approvals.Select(async answer => (await answer.JsonAsync()).String("device_id")!));
        var id = Assert.Single(ids[..Many].Distinct(StringComparer.Ordinal));
        Assert.Equal([id], await alice.IdsAsync());
        Assert.True(ids[^1] != id); // same identifier, another user
        Assert.Single(await bob.IdsAsync());

        // Redeemed all at once: each gets a token of that device, and the last of them is the one that counts.
        var polls = await Task.WhenAll(pairings.Select(codes => device.PollJsonAsync(codes.DeviceCode)));
        var tokens = await Task.WhenAll(polls.Select(async poll => (await poll.JsonAsync()).String("access_token")!));
        var live = await Task.WhenAll(tokens.Select(token => host.WithToken(token).GetAsync("/api/library")));
        Assert.Equal(Many, tokens.Distinct(StringComparer.Ordinal).Count());
        Assert.Single(live, answer => answer.StatusCode == HttpStatusCode.OK);
        Assert.Single(await alice.IdsAsync(RegistryHost.Tokens));
    }

    [Theory]
    [Trait("Weakness", "D5")]
    [InlineData("""{ "mac_address": "AA:BB:CC:DD:EE:FF" }""")]
    [InlineData("""{ "hostname": "handheld", "platform": "muOS" }""")]
    public async Task Fifty_registrations_of_one_fingerprint_register_one_device(string json)
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        var answers = await Task.WhenAll(Enumerable.Range(0, Many).Select(_ => alice.RegisterAsync(json)));
        Assert.Single(answers, answer => answer.Status == HttpStatusCode.Created);
        Assert.Equal(Many - 1, answers.Count(answer => answer.Status == HttpStatusCode.OK));
        Assert.Single(answers.Select(answer => answer.Id).Distinct(StringComparer.Ordinal));
        Assert.Single(await alice.IdsAsync());
    }

    [Fact]
    public async Task Changes_of_different_members_all_survive()
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        var id = await alice.AddAsync("{}");
        string[] members = ["name", "platform", "client", "client_version", "ip_address", "hostname"];
        var answers = await Task.WhenAll(
        [
            .. members.Select(member => alice.CallAsync("PUT", $"{RegistryHost.Devices}/{id}", $$"""{ "{{member}}": "{{member}}" }""")),
            .. Enumerable.Range(0, 10).Select(i => alice.CallAsync("PATCH", $"{RegistryHost.Devices}/{id}", $$"""{ "sync_config": { "key{{i}}": {{i}}, "pin{{i}}": "{{i}}" } }""")),
        ]);
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        var shown = await alice.ShowAsync(id);
        Assert.All(members, member => Assert.Equal(member, shown.String(member)));
        Assert.Equal(20, shown.GetProperty("sync_config").EnumerateObject().Count());
    }

    [Fact]
    public async Task A_device_deleted_while_it_is_paired_again_ends_either_way_whole()
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        for (var round = 0; round < 20; round++)
        {
            var (_, id) = await host.PairJsonAsync(identifier: "same");
            var codes = await host.Device().StartJsonAsync("same");
            var approving = alice.ApproveAsync(codes.UserCode);
            var deleting = alice.CallAsync("DELETE", $"{RegistryHost.Devices}/{id}");
            await Task.WhenAll(approving, deleting);
            using var poll = await host.Device().PollJsonAsync(codes.DeviceCode);
            var paired = poll.StatusCode == HttpStatusCode.OK ? await poll.JsonAsync() : default;
            var devices = await alice.IdsAsync();
            var tokens = await alice.IdsAsync(RegistryHost.Tokens);
            Assert.Equal(poll.StatusCode == HttpStatusCode.OK ? 1 : 0, tokens.Length);
            if (poll.StatusCode == HttpStatusCode.OK)
            {
                Assert.Equal([paired.String("device_id")!], devices);
                Assert.Equal(HttpStatusCode.OK, (await host.WithToken(paired.String("access_token")!).GetAsync("/api/library")).StatusCode);
            }

            foreach (var device in devices)
            {
                await alice.CallAsync("DELETE", $"{RegistryHost.Devices}/{device}");
            }
        }
    }
}
