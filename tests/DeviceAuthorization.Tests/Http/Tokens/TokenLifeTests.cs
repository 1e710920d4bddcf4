using System.Net;
using DeviceAuthorization.Rules;
using Microsoft.Extensions.Logging;

namespace DeviceAuthorization.Tests;

/// <summary>A token between its making and its end: changed while it is in use, counted, seen, and refused at once when its time is over.</summary>
public sealed class TokenLifeTests
{
    [Fact]
    public async Task A_live_token_is_narrowed_renamed_and_shortened_without_pairing_again()
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        var (token, device) = await host.PairJsonAsync();
        var path = $"{RegistryHost.Tokens}/{Assert.Single(await alice.IdsAsync(RegistryHost.Tokens))}";
        var changed = await alice.CallAsync("PATCH", path, """{ "name": "Kitchen", "scopes": ["me.read", "devices.read"], "expires_in": "30d" }""");
        Assert.Equal(HttpStatusCode.OK, changed.Status);
        await Verifier.VerifyJson(changed.Body);
        Assert.Equal(("Kitchen", device), (changed.Body.String("name"), changed.Body.String("device_id")));
        Assert.Equal(["devices.read", "me.read"], changed.Body.Strings("scopes"));
        Assert.Equal(TestHost.Epoch.AddDays(30), changed.Body.GetProperty("expires_at").GetDateTimeOffset());

        // The device keeps the same token, and can do less at once.
        var client = host.WithToken(token);
        Assert.Equal([device], await client.IdsAsync());
        Assert.Equal(HttpStatusCode.Forbidden, (await client.RegisterAsync("{}")).Status);
        host.Clock.Advance(TimeSpan.FromDays(30));
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.CallAsync("GET", RegistryHost.Devices)).Status);
    }

    [Theory]
    [InlineData("""{ "scopes": ["devices.read", "library.read"] }""")]
    [InlineData("""{ "scopes": ["library.read"] }""")]
    [InlineData("""{ "expires_in": "never" }""")]
    [InlineData("""{ "expires_in": "1y" }""")]
    [InlineData("""{ "name": "New", "scopes": ["devices.read"], "expires_in": "90d" }""")] // 90 days from now are more than were left
    public async Task What_would_widen_or_lengthen_it_is_422_and_changes_nothing(string json)
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        await host.PairJsonAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        var before = await alice.CallAsync("GET", RegistryHost.Tokens);
        var answer = await alice.CallAsync("PATCH", $"{RegistryHost.Tokens}/{before.Body[0].String("id")}", json);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.NotEmpty(answer.Body.String("detail")!);
        Assert.Equal(before.Text, (await alice.CallAsync("GET", RegistryHost.Tokens)).Text);
    }

    [Theory]
    [InlineData("""{ "scopes": [] }""")]
    [InlineData("""{ "name": "" }""")]
    [InlineData("""{ "name": "a\u0000b" }""")]
    [InlineData("""{ "expires_in": "1d" }""")]
    [InlineData("""{ "scopes": "devices.read" }""")]
    [InlineData("[]")]
    [InlineData("")]
    public async Task What_cannot_be_is_422_and_changes_nothing(string json)
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        await host.PairJsonAsync();
        var before = await alice.CallAsync("GET", RegistryHost.Tokens);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await alice.CallAsync("PATCH", $"{RegistryHost.Tokens}/{before.Body[0].String("id")}", json)).Status);
        Assert.Equal(before.Text, (await alice.CallAsync("GET", RegistryHost.Tokens)).Text);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{ "name": null, "scopes": null, "expires_in": null }""")]
    [InlineData("""{ "expires_in": "90d" }""")] // exactly what it has left
    public async Task What_is_absent_or_null_is_left_alone(string json)
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        await host.PairJsonAsync();
        var before = await alice.CallAsync("GET", RegistryHost.Tokens);
        Assert.Equal(HttpStatusCode.OK, (await alice.CallAsync("PATCH", $"{RegistryHost.Tokens}/{before.Body[0].String("id")}", json)).Status);
        Assert.Equal(before.Text, (await alice.CallAsync("GET", RegistryHost.Tokens)).Text);
    }

    [Fact]
    public async Task A_token_for_ever_can_be_given_an_end()
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        var made = await MakeAsync(alice, "never");
        Assert.Equal(HttpStatusCode.OK, (await alice.CallAsync("PATCH", $"{RegistryHost.Tokens}/{made.Id}", """{ "expires_in": "never" }""")).Status);
        Assert.Equal(HttpStatusCode.OK, (await alice.CallAsync("PATCH", $"{RegistryHost.Tokens}/{made.Id}", """{ "expires_in": "1y" }""")).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await alice.CallAsync("PATCH", $"{RegistryHost.Tokens}/{made.Id}", """{ "expires_in": "never" }""")).Status);
    }

    [Fact]
    [Trait("RomM", "26th_token")]
    [Trait("Weakness", "B7")]
    public async Task Only_live_tokens_count_towards_the_cap()
    {
        await using var host = await RegistryHost.StartAsync();
        var (alice, bob) = (await host.SignInAsync("alice"), await host.SignInAsync("bob"));
        for (var i = 0; i < 25; i++)
        {
            await MakeAsync(alice, i == 0 ? "never" : "30d");
        }

        var full = await alice.CallAsync("POST", RegistryHost.Tokens, Json("30d"));
        Assert.Equal((HttpStatusCode.BadRequest, """{"detail":"Maximum of 25 tokens per user reached"}"""), (full.Status, full.Text));
        await MakeAsync(bob, "30d"); // each user has a cap

        host.Clock.Advance(TimeSpan.FromDays(30)); // the session is over, too
        alice = await host.SignInAsync("alice");
        for (var i = 0; i < 24; i++)
        {
            await MakeAsync(alice, "30d");
        }

        full = await alice.CallAsync("POST", RegistryHost.Tokens, Json("30d"));
        Assert.Equal(HttpStatusCode.BadRequest, full.Status);
        await alice.CallAsync("DELETE", $"{RegistryHost.Tokens}/{(await alice.IdsAsync(RegistryHost.Tokens))[0]}");
        await MakeAsync(alice, "30d"); // nor do revoked ones
    }

    [Fact]
    [Trait("Weakness", "B7")]
    public async Task A_paired_device_takes_the_place_of_its_own_old_token_where_the_cap_is_reached()
    {
        await using var host = await RegistryHost.StartAsync(options => options.MaxTokensPerUser = 2);
        var (old, id) = await host.PairJsonAsync();
        await MakeAsync(await host.SignInAsync("alice"), "30d");
        var (renewed, same) = await host.PairJsonAsync();
        Assert.Equal(id, same);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.WithToken(old).CallAsync("GET", RegistryHost.Devices)).Status);
        Assert.Equal([id], await host.WithToken(renewed).IdsAsync());

        // Another device has no place to take.
        var codes = await host.Device().StartJsonAsync("id-2");
        using var refused = await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode);
        Assert.Equal((HttpStatusCode.BadRequest, "Maximum of 2 tokens per user reached"), (refused.StatusCode, await refused.DetailAsync()));
        using var poll = await host.Device().PollJsonAsync(codes.DeviceCode);
        Assert.Equal("authorization_pending", await poll.DetailAsync());
    }

    [Fact]
    [Trait("Weakness", "B7")]
    public async Task A_host_can_let_a_device_keep_its_earlier_tokens()
    {
        await using var host = await RegistryHost.StartAsync(options => options.ReplaceEarlierTokens = false);
        var tokens = new[] { (await host.PairJsonAsync()).Token, (await host.PairJsonAsync()).Token };
        Assert.All(await Task.WhenAll(tokens.Select(token => host.WithToken(token).CallAsync("GET", RegistryHost.Devices))), answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
    }

    [Fact]
    [Trait("RomM", "expired")]
    [Trait("RomM", "disabled_owner")]
    [Trait("RomM", "demoted_owner")]
    [Trait("RomM", "garbage")]
    public async Task An_ended_token_a_locked_owner_and_a_lost_right_count_on_the_next_request()
    {
        var policy = new TestPolicy();
        await using var host = await RegistryHost.StartAsync(services: services => services.AddSingleton<IPairingPolicy>(policy));
        var script = host.WithToken((await MakeAsync(await host.SignInAsync("alice"), "30d")).Raw);
        async Task<HttpStatusCode> Status() => (await script.CallAsync("GET", RegistryHost.Devices)).Status;
        Assert.Equal(HttpStatusCode.OK, await Status());
        policy.Lacking.Add(("alice", "devices.read"));
        Assert.Equal(HttpStatusCode.Forbidden, await Status());
        policy.Lacking.Clear();
        policy.Locked.Add("alice");
        Assert.Equal(HttpStatusCode.Unauthorized, await Status());
        policy.Locked.Clear();
        host.Clock.Advance(TimeSpan.FromDays(30) - TimeSpan.FromTicks(10));
        Assert.Equal(HttpStatusCode.OK, await Status());
        host.Clock.Advance(TimeSpan.FromTicks(10));
        Assert.Equal(HttpStatusCode.Unauthorized, await Status());
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.WithToken("rmm_" + new string('0', 64)).CallAsync("GET", RegistryHost.Devices)).Status);
    }

    [Theory]
    [Trait("RomM", "last_seen_debounce")]
    [Trait("Weakness", "D8")]
    [InlineData(90, false, 30)]
    [InlineData(900, false, 300)]
    [InlineData(3600, false, 300)]
    [InlineData(90, true, 300)]
    public async Task Use_is_recorded_at_first_and_then_often_enough_to_know_who_is_online(int onlineAfterCall, bool hostKnows, int seconds)
    {
        var (repository, probe) = TouchProbe.Create();
        await using var host = await RegistryHost.StartAsync(options => options.OnlineAfterCall = TimeSpan.FromSeconds(onlineAfterCall), services =>
        {
            services.AddSingleton(repository);
            if (hostKnows)
            {
                services.AddScoped<IDevicePresence>(_ => throw new InvalidOperationException("Not asked."));
            }
        });
        var (token, id) = await host.PairJsonAsync();
        var device = host.WithToken(token);
        var updated = (await host.StoredAsync(id)).UpdatedAt;
        var period = TimeSpan.FromSeconds(seconds);
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        await UseAsync(TimeSpan.FromSeconds(10));
        host.Clock.Advance(period - TimeSpan.FromTicks(10)); // within the period: nothing
        await device.IdsAsync();
        host.Clock.Advance(TimeSpan.FromTicks(10));
        await UseAsync(TimeSpan.FromSeconds(10) + period);

        async Task UseAsync(TimeSpan after)
        {
            await device.IdsAsync();
            Assert.Equal(TestHost.Epoch + after, await probe.NextAsync());
            var tokens = await repository.ListTokensAsync("alice", CancellationToken.None);
            Assert.Equal(TestHost.Epoch + after, Assert.Single(tokens).LastUsedAt);
            Assert.Equal(updated, (await host.StoredAsync(id)).UpdatedAt); // being seen is no change
        }

        // Paired at 0, used at 10: the device's own period ran from its pairing.
        Assert.Equal(TestHost.Epoch.AddSeconds(10) + period, (await host.StoredAsync(id)).LastSeenAt);
    }

    [Fact]
    public async Task Use_that_cannot_be_recorded_fails_no_request()
    {
        var (repository, probe) = TouchProbe.Create();
        await using var host = await RegistryHost.StartAsync(services: services => services.AddSingleton(repository));
        var (token, id) = await host.PairJsonAsync();
        probe.Fails = true;
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal([id], await host.WithToken(token).IdsAsync());
            await probe.NextAsync();
        }

        Assert.Contains(host.Logs.GetSnapshot(), record => record.Id.Name == "StoreFailing");
    }

    private static string Json(string expiresIn) => $$"""{ "name": "Script", "scopes": ["devices.read"], "expires_in": "{{expiresIn}}" }""";

    private static async Task<(string Id, string Raw)> MakeAsync(HttpClient client, string expiresIn)
    {
        var made = await client.CallAsync("POST", RegistryHost.Tokens, Json(expiresIn));
        Assert.Equal(HttpStatusCode.Created, made.Status);
        return (made.Body.String("id")!, made.Body.String("raw_token")!);
    }
}
