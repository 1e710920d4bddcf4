using System.Net;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Tests;

/// <summary>
/// <c>POST token</c> by form, from the first poll to the token (RFC 8628 §3.4 and §3.5): rows P-32 to P-47 of the checklist, bad inputs
/// 61 to 73 and 76, and the table of answers by state.
/// </summary>
public sealed class FormPollTests
{
    [Fact]
    [Trait("Row", "61"), Trait("Row", "62")]
    public async Task The_first_poll_at_once_is_pending_and_the_second_too_soon()
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartAsync();
        await OAuthAssert.ErrorAsync(await device.PollAsync(codes.DeviceCode), 400, "authorization_pending");
        await OAuthAssert.ErrorAsync(await device.PollAsync(codes.DeviceCode), 400, "slow_down");
    }

    [Fact]
    [Trait("Row", "P-36"), Trait("Row", "P-38")]
    public async Task The_first_poll_is_free_and_polls_at_the_interval_stay_pending()
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartAsync();
        for (var i = 0; i < 20; i++)
        {
            using var response = await device.PollAsync(codes.DeviceCode);
            await OAuthAssert.ErrorAsync(response, 400, "authorization_pending");
            host.Clock.Advance(TimeSpan.FromSeconds(5));
        }
    }

    [Theory]
    [Trait("Row", "P-40")]
    [InlineData(3.999, "slow_down")]
    [InlineData(4, "authorization_pending")] // a second of tolerance: timers and networks are not exact
    public async Task A_poll_a_second_early_is_forgiven(double seconds, string error)
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartAsync();
        await device.PollAsync(codes.DeviceCode);
        host.Clock.Advance(TimeSpan.FromSeconds(seconds));
        Assert.Equal(error, await (await device.PollAsync(codes.DeviceCode)).ErrorAsync());
    }

    [Theory]
    [Trait("Row", "63")]
    [InlineData(6, "slow_down")]
    [InlineData(11, "authorization_pending", 5, "slow_down")]
    [InlineData(11, "authorization_pending", 10, "authorization_pending")]
    public async Task A_raised_interval_stays_raised(int next, string error, int later = 0, string? laterError = null)
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartAsync();
        Assert.Equal("authorization_pending", await (await device.PollAsync(codes.DeviceCode)).ErrorAsync());
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("slow_down", await (await device.PollAsync(codes.DeviceCode)).ErrorAsync());
        host.Clock.Advance(TimeSpan.FromSeconds(next - 1));
        Assert.Equal(error, await (await device.PollAsync(codes.DeviceCode)).ErrorAsync());
        if (laterError is not null)
        {
            host.Clock.Advance(TimeSpan.FromSeconds(later));
            Assert.Equal(laterError, await (await device.PollAsync(codes.DeviceCode)).ErrorAsync());
        }
    }

    [Fact]
    [Trait("Row", "P-40")]
    public async Task Each_slow_down_adds_five_seconds_up_to_a_minute_for_good()
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartAsync();
        var interval = 5;
        while (interval < 60)
        {
            Assert.Equal("authorization_pending", await (await device.PollAsync(codes.DeviceCode)).ErrorAsync());
            interval += 5;
            for (var again = 0; again < 3; again++) // a burst raises it once
            {
                using var early = await device.PollAsync(codes.DeviceCode);
                await OAuthAssert.ErrorAsync(early, 400, "slow_down");
                Assert.Equal($"{interval}", (await early.JsonAsync()).GetProperty("interval").GetRawText());
                Assert.Equal($"{interval}", Assert.Single(early.Headers.GetValues("Retry-After")));
            }

            host.Clock.Advance(TimeSpan.FromSeconds(interval)); // a client that waits old + 5 is on time
        }

        Assert.Equal("authorization_pending", await (await device.PollAsync(codes.DeviceCode)).ErrorAsync());
        using var capped = await device.PollAsync(codes.DeviceCode);
        Assert.Equal("60", (await capped.JsonAsync()).GetProperty("interval").GetRawText());
    }

    [Fact]
    [Trait("Row", "64")]
    public async Task Of_twenty_polls_at_once_one_is_accepted_and_the_interval_is_raised_once()
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(async () =>
            await (await device.PollAsync(codes.DeviceCode)).JsonAsync())));
        Assert.Single(answers, answer => answer.GetProperty("error").GetString() == "authorization_pending");
        Assert.Equal(19, answers.Count(answer => answer.GetProperty("error").GetString() == "slow_down" && answer.GetProperty("interval").GetInt32() == 10));
    }

    [Fact]
    [Trait("Row", "P-40")]
    public async Task A_slow_down_of_one_node_holds_on_the_other()
    {
        await using var first = await TestHost.StartAsync();
        await using var second = await TestHost.StartAsync(services: services => services.AddSingleton(first.Services.GetRequiredService<IPairingStore>()));
        var codes = await first.Device().StartAsync();
        Assert.Equal("authorization_pending", await (await first.Device().PollAsync(codes.DeviceCode)).ErrorAsync());
        Assert.Equal("slow_down", await (await second.Device().PollAsync(codes.DeviceCode)).ErrorAsync());
        first.Clock.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal("slow_down", await (await first.Device().PollAsync(codes.DeviceCode)).ErrorAsync());
    }

    [Fact]
    [Trait("Row", "65")]
    public async Task An_approval_is_answered_at_once_even_inside_the_interval()
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartAsync();
        await device.PollAsync(codes.DeviceCode);
        Assert.Equal("slow_down", await (await device.PollAsync(codes.DeviceCode)).ErrorAsync());
        (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        Assert.Equal(HttpStatusCode.OK, (await device.PollAsync(codes.DeviceCode)).StatusCode);
    }

    [Fact]
    [Trait("Row", "P-37"), Trait("Row", "P-58"), Trait("Row", "P-59"), Trait("Row", "P-60"), Trait("Row", "P-61"), Trait("Row", "P-62")]
    public async Task An_approved_device_gets_a_bearer_token()
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartAsync(scope: "profile library.read");
        (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode, "library.read", "profile")).EnsureSuccessStatusCode();
        using var response = await device.PollAsync(codes.DeviceCode);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        OAuthAssert.NotCached(response);
        var json = await response.JsonAsync();
        Assert.Matches(@"^[A-Za-z0-9._~+/-]+=*\z", json.GetProperty("access_token").GetString());
        Assert.Equal("Bearer", json.GetProperty("token_type").GetString());
        Assert.Equal($"{90 * 24 * 60 * 60}", json.GetProperty("expires_in").GetRawText());
        Assert.Equal("library.read profile", json.GetProperty("scope").GetString());
        Assert.False(json.TryGetProperty("refresh_token", out _));
    }

    [Fact]
    [Trait("Row", "P-59")]
    public async Task A_token_that_never_expires_has_no_expires_in()
    {
        await using var host = await TestHost.StartAsync(options => options.TokenLifetime = Timeout.InfiniteTimeSpan);
        var device = host.Device();
        var codes = await device.StartAsync();
        (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        using var response = await device.PollAsync(codes.DeviceCode);
        Assert.False((await response.JsonAsync()).TryGetProperty("expires_in", out _));
    }

    [Fact]
    [Trait("Row", "76"), Trait("Row", "P-61")]
    public async Task A_scope_that_was_taken_out_is_not_in_the_answer()
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartAsync(scope: "library.read library.write");
        (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode, "library.read")).EnsureSuccessStatusCode();
        using var response = await device.PollAsync(codes.DeviceCode);
        var json = await response.JsonAsync();
        Assert.Equal("library.read", json.GetProperty("scope").GetString());
        var client = host.WithToken(json.GetProperty("access_token").GetString()!);
        Assert.Equal(HttpStatusCode.Forbidden, (await client.GetAsync("/api/admin")).StatusCode);
    }

    [Fact]
    [Trait("Row", "P-56"), Trait("Row", "P-72")]
    public async Task An_earlier_approval_approves_no_new_code_not_even_of_the_same_device()
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var alice = await host.SignInAsync("alice");
        for (var i = 0; i < 2; i++)
        {
            using var start = await device.PostFormAsync("init", ("client_id", "tv"), ("client_device_identifier", "living-room"));
            var codes = StartedCodes.From(await start.JsonAsync());
            Assert.Equal("authorization_pending", await (await device.PollAsync(codes.DeviceCode)).ErrorAsync());
            (await alice.ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
            Assert.Equal(HttpStatusCode.OK, (await device.PollAsync(codes.DeviceCode)).StatusCode);
        }
    }

    [Fact]
    [Trait("Row", "T-28"), Trait("Row", "76")]
    public async Task Rights_lost_after_the_approval_are_not_in_the_token()
    {
        var policy = new Policy();
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IPairingPolicy>(policy));
        var device = host.Device();
        var codes = await device.StartAsync(scope: "library.read library.write");
        (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode, "library.read", "library.write")).EnsureSuccessStatusCode();
        policy.Lost = "library.write";
        using var response = await device.PollAsync(codes.DeviceCode);
        Assert.Equal("library.read", (await response.JsonAsync()).GetProperty("scope").GetString());
    }

    [Fact]
    [Trait("Row", "72")]
    public async Task A_user_who_was_locked_after_the_approval_gives_no_token()
    {
        var policy = new Policy();
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IPairingPolicy>(policy));
        var device = host.Device();
        var codes = await device.StartAsync();
        (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        policy.Active = false;
        await OAuthAssert.ErrorAsync(await device.PollAsync(codes.DeviceCode), 400, "invalid_grant");
    }

    [Fact]
    [Trait("Row", "66")]
    public async Task A_denial_stays_a_denial()
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartAsync();
        (await (await host.SignInAsync("alice")).DenyAsync(codes.UserCode)).EnsureSuccessStatusCode();
        for (var i = 0; i < 5; i++)
        {
            await OAuthAssert.ErrorAsync(await device.PollAsync(codes.DeviceCode), 400, "access_denied");
        }
    }

    /// <summary>The table of §1.11: what each state answers, on time or not, and to another client.</summary>
    [Theory]
    [Trait("Row", "P-38"), Trait("Row", "P-40"), Trait("Row", "P-41"), Trait("Row", "P-42"), Trait("Row", "P-65")]
    [InlineData("pending", "authorization_pending", "slow_down")]
    [InlineData("approved", null, "invalid_grant")]
    [InlineData("denied", "access_denied", "access_denied")]
    [InlineData("expired", "expired_token", "expired_token")]
    [InlineData("approved, expired", "expired_token", "expired_token")]
    [InlineData("denied, expired", "expired_token", "expired_token")]
    [InlineData("redeemed", "invalid_grant", "invalid_grant")]
    [InlineData("unknown", "invalid_grant", "invalid_grant")]
    [InlineData("purged", "invalid_grant", "invalid_grant")]
    public async Task Each_state_has_its_answer(string state, string? first, string? second)
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var alice = await host.SignInAsync("alice");
        var codes = await device.StartAsync();
        if (state.StartsWith("approved", StringComparison.Ordinal) || state == "redeemed")
        {
            (await alice.ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        }

        if (state == "redeemed")
        {
            (await device.PollAsync(codes.DeviceCode)).EnsureSuccessStatusCode();
        }

        if (state.StartsWith("denied", StringComparison.Ordinal))
        {
            (await alice.DenyAsync(codes.UserCode)).EnsureSuccessStatusCode();
        }

        if (state.EndsWith("expired", StringComparison.Ordinal) || state == "purged")
        {
            host.Clock.Advance(TimeSpan.FromMinutes(10));
        }

        if (state == "purged")
        {
            host.Clock.Advance(Pairing.Retention + TimeSpan.FromMinutes(2));
        }

        var code = state == "unknown" ? new string('a', 43) : codes.DeviceCode;
        using var other = await device.PollAsync(code, "other");
        await OAuthAssert.ErrorAsync(other, 400, "invalid_grant");
        foreach (var error in (string?[])[first, second])
        {
            using var response = await device.PollAsync(code);
            if (error is null)
            {
                Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            }
            else
            {
                await OAuthAssert.ErrorAsync(response, 400, error);
            }
        }
    }

    [Theory]
    [Trait("Row", "T-23")]
    [InlineData("pending")]
    [InlineData("approved")]
    [InlineData("redeemed")]
    public async Task Another_clients_code_is_answered_byte_by_byte_as_an_unknown_one(string state)
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartAsync();
        if (state != "pending")
        {
            (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        }

        if (state == "redeemed")
        {
            (await device.PollAsync(codes.DeviceCode)).EnsureSuccessStatusCode();
        }

        Assert.Equal(await SpellAsync(new string('a', 43)), await SpellAsync(codes.DeviceCode));

        async Task<string> SpellAsync(string code)
        {
            using var answer = await device.PollAsync(code, "other");
            var headers = answer.Headers.Concat(answer.Content.Headers).Where(header => header.Key != "Date").Select(header => $"{header.Key}: {string.Join(", ", header.Value)}");
            return $"{(int)answer.StatusCode}\n{string.Join('\n', headers)}\n\n{await answer.Content.ReadAsStringAsync()}";
        }
    }

    [Theory]
    [Trait("Row", "P-42")]
    [InlineData(599.999, "authorization_pending")]
    [InlineData(600, "expired_token")]
    public async Task A_code_lives_exactly_as_long_as_announced(double seconds, string error)
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(seconds));
        Assert.Equal(error, await (await device.PollAsync(codes.DeviceCode)).ErrorAsync());
    }

    [Theory]
    [Trait("Row", "P-42")]
    [InlineData(590, 29.9, null)]
    [InlineData(590, 30, "expired_token")]
    [InlineData(100, 499.9, null)]
    [InlineData(100, 500, "expired_token")]
    public async Task However_late_the_approval_the_device_has_half_a_minute(double approvedAt, double polledAfter, string? error)
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartAsync();
        var alice = await host.SignInAsync("alice");
        host.Clock.Advance(TimeSpan.FromSeconds(approvedAt));
        (await alice.ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        host.Clock.Advance(TimeSpan.FromSeconds(polledAfter));
        Assert.Equal(error, await (await device.PollAsync(codes.DeviceCode)).ErrorAsync());
    }

    [Theory]
    [Trait("Row", "67"), Trait("Row", "68")]
    [InlineData("pending")]
    [InlineData("approved")]
    [InlineData("denied")]
    public async Task After_expiry_a_code_is_expired_and_long_after_unknown(string state)
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartAsync();
        var alice = await host.SignInAsync("alice");
        if (state != "pending")
        {
            (state == "approved" ? await alice.ApproveAsync(codes.UserCode) : await alice.DenyAsync(codes.UserCode)).EnsureSuccessStatusCode();
        }

        host.Clock.Advance(TimeSpan.FromSeconds(601));
        await OAuthAssert.ErrorAsync(await device.PollAsync(codes.DeviceCode), 400, "expired_token");
        host.Clock.Advance(Pairing.Retention + TimeSpan.FromMinutes(1));
        await OAuthAssert.ErrorAsync(await device.PollAsync(codes.DeviceCode), 400, "invalid_grant");
    }

    [Theory]
    [Trait("Row", "69"), Trait("Row", "70"), Trait("Row", "T-06"), Trait("Row", "P-47"), Trait("Row", "P-74")]
    [InlineData(null, null, false, 0, false, true)] // strict by default: the token is given once; a retry at once revokes nothing
    [InlineData(null, null, false, 59.9, false, true)]
    [InlineData(null, null, true, 0, false, true)]
    [InlineData(null, null, false, 60, false, false)] // somebody else has the code
    [InlineData(null, null, true, 60, false, false)]
    [InlineData(null, "k", false, 0, false, true)] // a key that the first poll did not send
    [InlineData("k", "k", false, 0, true, true)] // the answer was lost: the same token again
    [InlineData("k", "k", false, 59.9, true, true)]
    [InlineData("k", "k", false, 60, false, false)]
    [InlineData("k", "k", true, 0, false, true)] // it was used, so it was not lost
    [InlineData("k", "other", false, 0, false, true)]
    [InlineData("k", null, false, 0, false, true)]
    public async Task A_second_poll_gets_the_token_only_with_the_same_key_in_time_and_before_its_use(
        string? firstKey, string? secondKey, bool used, double seconds, bool again, bool stillValid)
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartAsync();
        (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        using var first = await host.PollAsync(codes.DeviceCode, firstKey);
        var token = (await first.JsonAsync()).GetProperty("access_token").GetString()!;
        if (used)
        {
            (await host.WithToken(token).GetAsync("/api/library")).EnsureSuccessStatusCode();
        }

        host.Clock.Advance(TimeSpan.FromSeconds(seconds));
        using var second = await host.PollAsync(codes.DeviceCode, secondKey);
        if (again)
        {
            Assert.Equal(token, (await second.JsonAsync()).GetProperty("access_token").GetString());
        }
        else
        {
            await OAuthAssert.ErrorAsync(second, 400, "invalid_grant");
        }

        using var call = await host.WithToken(token).GetAsync("/api/library");
        Assert.Equal(stillValid ? HttpStatusCode.OK : HttpStatusCode.Unauthorized, call.StatusCode);
    }

    [Fact]
    [Trait("Row", "69"), Trait("Row", "T-07")]
    public async Task A_replay_of_one_pairing_leaves_others_alone_and_another_client_revokes_nothing()
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var other = await host.PairAsync();
        var codes = await device.StartAsync();
        (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        var token = (await (await device.PollAsync(codes.DeviceCode)).JsonAsync()).GetProperty("access_token").GetString()!;
        host.Clock.Advance(TimeSpan.FromMinutes(2));

        Assert.Equal("invalid_grant", await (await device.PollAsync(codes.DeviceCode, "other")).ErrorAsync());
        Assert.Equal(HttpStatusCode.OK, (await host.WithToken(token).GetAsync("/api/library")).StatusCode);
        Assert.Equal("invalid_grant", await (await device.PollAsync(codes.DeviceCode)).ErrorAsync());
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.WithToken(token).GetAsync("/api/library")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await host.WithToken(other).GetAsync("/api/library")).StatusCode);
    }

    [Theory]
    [Trait("Row", "71"), Trait("Row", "T-06")]
    [InlineData(null, 1)]
    [InlineData("k", 64)]
    public async Task Of_64_polls_at_once_on_two_nodes_there_is_one_token(string? key, int answered)
    {
        await using var first = await TestHost.StartAsync();
        await using var second = await TestHost.StartAsync(services: services => services
            .AddSingleton(first.Services.GetRequiredService<IPairingStore>())
            .AddSingleton(first.Services.GetRequiredService<IDeviceRepository>()));
        var codes = await first.Device().StartAsync();
        (await (await second.SignInAsync("alice")).ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(i => Task.Run(async () =>
        {
            using var response = await (i % 2 == 0 ? first : second).PollAsync(codes.DeviceCode, key);
            if (response.StatusCode == HttpStatusCode.OK)
            {
                return (await response.JsonAsync()).GetProperty("access_token").GetString();
            }

            await OAuthAssert.ErrorAsync(response, 400, "invalid_grant");
            return null;
        })));
        Assert.Equal(answered, answers.Count(token => token is not null));
        var token = Assert.Single(answers.OfType<string>().Distinct(StringComparer.Ordinal));
        Assert.Equal(HttpStatusCode.OK, (await second.WithToken(token).GetAsync("/api/library")).StatusCode);
    }

    [Theory]
    [Trait("Row", "P-44"), Trait("Row", "P-83")]
    [InlineData(nameof(IPairingStore.TryAcceptPollAsync))]
    [InlineData(nameof(IPairingStore.TrySlowDownAsync))]
    [InlineData(nameof(IPairingStore.TryReplaceAsync))]
    public async Task Trouble_is_slow_down_for_those_who_only_read_the_error_and_passes(string broken)
    {
        var store = new ProbingPairingStore();
        await using var host = await TestHost.StartAsync(services: store.Use);
        var device = host.Device();
        var codes = await device.StartAsync();
        if (broken == nameof(IPairingStore.TrySlowDownAsync))
        {
            await device.PollAsync(codes.DeviceCode);
        }
        else
        {
            (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        }

        store.Broken.Add(broken);
        using var response = await device.PollAsync(codes.DeviceCode);
        await OAuthAssert.ErrorAsync(response, 503, "slow_down");
        Assert.Equal("5", Assert.Single(response.Headers.GetValues("Retry-After")));

        store.Broken.Clear();
        Assert.Equal(
            broken == nameof(IPairingStore.TrySlowDownAsync) ? "slow_down" : null, await (await device.PollAsync(codes.DeviceCode)).ErrorAsync());
    }

    [Theory]
    [Trait("Row", "73")]
    [InlineData("init", nameof(IPairingStore.TryAddAsync))]
    [InlineData("poll", nameof(IPairingStore.TryAcceptPollAsync))]
    [InlineData("redeem", nameof(IPairingStore.TryReplaceAsync))]
    public async Task A_store_that_is_down_is_503_and_later_all_is_well(string step, string broken)
    {
        var store = new ProbingPairingStore();
        await using var host = await TestHost.StartAsync(services: store.Use);
        var device = host.Device();
        var (form, json) = (await device.StartAsync(), await device.StartJsonAsync());
        var alice = await host.SignInAsync("alice");
        (await alice.ApproveAsync(form.UserCode)).EnsureSuccessStatusCode();
        (await alice.ApproveAsync(json.UserCode)).EnsureSuccessStatusCode();

        store.Broken.Add(broken);
        HttpResponseMessage[] answers = step == "init"
            ? [await device.PostFormAsync("init", ("client_id", "tv")), await device.PostJsonAsync(
                "init", new { client_device_identifier = "i", name = "n", client = "c", requested_scopes = (string[])["profile"] })]
            : [await device.PollAsync(form.DeviceCode), await device.PollJsonAsync(json.DeviceCode), await device.PollAsync(form.DeviceCode)];
        foreach (var (index, answer) in answers.Index())
        {
            await OAuthAssert.ErrorAsync(answer, 503, step != "init" && index != 1 ? "slow_down" : null, form.DeviceCode, json.DeviceCode, "store is down");
            Assert.Equal("5", Assert.Single(answer.Headers.GetValues("Retry-After")));
        }

        store.Broken.Clear();
        Assert.Equal(HttpStatusCode.OK, (await device.PollAsync(form.DeviceCode)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await device.PollJsonAsync(json.DeviceCode)).StatusCode);
    }

    private sealed class Policy : IPairingPolicy
    {
        public bool Active { get; set; } = true;

        public string? Lost { get; set; }

        public ValueTask<bool> IsActiveAsync(string userId, CancellationToken cancellationToken) => ValueTask.FromResult(Active);

        public ValueTask<IEnumerable<string>> FilterScopesAsync(string userId, IReadOnlyList<string> scopes, CancellationToken cancellationToken) =>
            ValueTask.FromResult(scopes.Where(scope => scope != Lost));
    }
}
