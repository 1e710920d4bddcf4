namespace DeviceAuthorization.BlackBox;

/// <summary>Good polls: pacing, the decision, the token (rows 61, 62, 64 to 66, 69 to 72 and 76). On two nodes where the store has nodes.</summary>
public abstract class PollTests(Store store)
{
    [SkippableFact]
    [Trait("Row", "61"), Trait("Row", "62")]
    public async Task The_first_poll_is_pending_and_a_second_at_once_is_told_to_slow_down()
    {
        var device = (await store.MainAsync()).Client;
        var codes = await device.StartAsync();
        (await device.PollAsync(codes)).Refuses(400, "authorization_pending");
        var second = (await device.PollAsync(codes)).Refuses(400, "slow_down");
        Assert.Equal("10", second.Text("interval"));
    }

    [SkippableFact]
    [Trait("Row", "64")]
    public async Task Of_twenty_polls_at_once_one_is_accepted()
    {
        var (one, two) = (await store.MainAsync(), await store.SecondNodeAsync());
        var codes = await one.Client.StartAsync();
        var polls = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => (i % 2 == 0 ? one : two).Client.StateAsync(codes)));
        Assert.Single(polls, "authorization_pending");
        Assert.Equal(19, polls.Count(poll => poll == "slow_down"));
    }

    [SkippableFact]
    [Trait("Row", "65")]
    public async Task Right_after_the_approval_a_poll_inside_the_interval_gets_the_token()
    {
        var host = await store.MainAsync();
        var codes = await host.Client.StartAsync();
        await host.Client.PollAsync(codes);
        (await (await host.SignInAsync("alice")).ApproveAsync(codes)).Is(200);
        (await host.Client.PollAsync(codes)).Is(200).IsNotCached();
    }

    [SkippableFact]
    [Trait("Row", "66")]
    public async Task After_a_denial_every_poll_says_so()
    {
        var host = await store.MainAsync();
        var codes = await host.Client.StartAsync();
        (await (await host.SignInAsync("alice")).DenyAsync(codes)).Is(200);
        for (var i = 0; i < 5; i++)
        {
            (await host.Client.PollAsync(codes)).Refuses(400, "access_denied");
        }
    }

    [SkippableTheory]
    [InlineData("69, token already used", true)]
    [InlineData("70, token unused, strict as decided", false)]
    public async Task A_second_poll_gets_nothing_and_takes_nothing_at_once(string row, bool used)
    {
        _ = row;
        var host = await store.MainAsync();
        var codes = await ApprovedAsync(host);
        var token = (await host.Client.PollAsync(codes)).Is(200).Text("access_token")!;
        if (used)
        {
            (await host.Client.WithBearerAsync(token)).Is(200);
        }

        (await host.Client.PollAsync(codes)).Refuses(400, "invalid_grant", token);
        (await host.Client.WithBearerAsync(token)).Is(200); // a retry of the network; after a minute it is a replay: ExpiryTests
    }

    [SkippableFact]
    [Trait("Row", "70")]
    public async Task With_its_Idempotency_Key_a_device_gets_the_same_token_until_it_uses_it()
    {
        var host = await store.MainAsync();
        var codes = await ApprovedAsync(host);
        var first = (await host.Client.PollAsync(codes, ("Idempotency-Key", "k1"))).Is(200).Text("access_token")!;
        (await host.Client.PollAsync(codes, ("Idempotency-Key", "k2"))).Refuses(400, "invalid_grant", first);
        Assert.Equal(first, (await host.Client.PollAsync(codes, ("Idempotency-Key", "k1"))).Is(200).Text("access_token"));
        (await host.Client.WithBearerAsync(first)).Is(200);
        (await host.Client.PollAsync(codes, ("Idempotency-Key", "k1"))).Refuses(400, "invalid_grant", first);
    }

    [SkippableTheory]
    [InlineData("71, strict", false)]
    [InlineData("71, with an Idempotency-Key", true)]
    public async Task Of_sixty_four_polls_at_once_comes_one_token_and_one_device(string row, bool keyed)
    {
        _ = row;
        var (one, two) = (await store.MainAsync(), await store.SecondNodeAsync());
        var codes = await ApprovedAsync(one, "me.read devices.read");
        (string, string)[] headers = keyed ? [("Idempotency-Key", "k")] : [];
        var polls = await Task.WhenAll(Enumerable.Range(0, 64).Select(i => (i % 2 == 0 ? one : two).Client.PollAsync(codes, headers)));
        var paired = polls.Where(poll => poll.Status == 200).ToArray();
        Assert.All(polls.Except(paired), poll => poll.Refuses(400, "invalid_grant"));
        var token = Assert.Single(paired.Select(poll => poll.Text("access_token")!).Distinct(StringComparer.Ordinal));
        Assert.True(keyed || paired.Length == 1, $"{paired.Length} polls got the token.");
        var devices = await two.Client.WithBearerAsync(token, "/api/devices");
        Assert.Single(devices.Is(200).Json.EnumerateArray(), device => device.GetProperty("id").GetString() == paired[0].Text("device_id"));
    }

    [SkippableFact]
    [Trait("Row", "72"), Trait("Row", "103")]
    public async Task Who_is_locked_out_after_the_approval_gets_no_token_and_loses_the_others()
    {
        Skip.IfNot(Store.External is null, "Needs accounts that the tests may lock.");
        var host = await store.MainAsync();
        var (earlier, _) = await host.PairAsync("bob");
        var codes = await host.Client.StartAsync();
        (await (await host.SignInAsync("bob")).ApproveAsync(codes)).Is(200);
        var admin = await host.SignInAsync("alice");
        (await admin.CallAsync("PUT", "/api/users/2", """{"enabled":false}""", "application/json")).Is(200);
        try
        {
            (await host.Client.PollAsync(codes)).Refuses(400, "invalid_grant");
            (await host.Client.WithBearerAsync(earlier)).Challenges("invalid_token");
        }
        finally
        {
            (await admin.CallAsync("PUT", "/api/users/2", """{"enabled":true}""", "application/json")).Is(200);
        }
    }

    [SkippableFact]
    [Trait("Row", "76")]
    public async Task Fewer_scopes_than_asked_for_are_named_in_the_answer()
    {
        var host = await store.MainAsync();
        var codes = await host.Client.StartAsync("me.read me.write");
        (await (await host.SignInAsync("alice")).ApproveAsync(codes, "me.read")).Is(200);
        Assert.Equal("me.read", (await host.Client.PollAsync(codes)).Is(200).Text("scope"));
    }

    private static async Task<Codes> ApprovedAsync(Host host, string scope = "me.read")
    {
        var codes = await host.Client.StartAsync(scope);
        (await (await host.SignInAsync("alice")).ApproveAsync(codes, scope.Split(' '))).Is(200);
        return codes;
    }
}
