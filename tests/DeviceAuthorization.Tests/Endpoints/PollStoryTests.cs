using System.Net;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Tests;

/// <summary>Bad inputs 61 to 73 and 76 at token: what polls answer one after another, at once, and when things break.</summary>
public sealed class PollStoryTests
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
    [InlineData(null, null, false, 0, false, true)] // strict by default: one answer, whatever comes; a retry at once revokes nothing
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
        using var first = await PollAsync(host, codes.DeviceCode, firstKey);
        var token = (await first.JsonAsync()).GetProperty("access_token").GetString()!;
        if (used)
        {
            (await host.WithToken(token).GetAsync("/api/library")).EnsureSuccessStatusCode();
        }

        host.Clock.Advance(TimeSpan.FromSeconds(seconds));
        using var second = await PollAsync(host, codes.DeviceCode, secondKey);
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
            using var response = await PollAsync(i % 2 == 0 ? first : second, codes.DeviceCode, key);
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

    [Theory]
    [Trait("Row", "73")]
    [InlineData("init", nameof(IPairingStore.TryAddAsync))]
    [InlineData("poll", nameof(IPairingStore.TryAcceptPollAsync))]
    [InlineData("redeem", nameof(IPairingStore.TryReplaceAsync))]
    public async Task A_store_that_is_down_is_503_and_later_all_is_well(string step, string broken)
    {
        var store = new PairingStoreWrapper();
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
        foreach (var answer in answers)
        {
            await OAuthAssert.ErrorAsync(answer, 503, null, form.DeviceCode, json.DeviceCode, "store is down");
            Assert.Equal("5", Assert.Single(answer.Headers.GetValues("Retry-After")));
        }

        store.Broken.Clear();
        Assert.Equal(HttpStatusCode.OK, (await device.PollAsync(form.DeviceCode)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await device.PollJsonAsync(json.DeviceCode)).StatusCode);
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

    private static async Task<HttpResponseMessage> PollAsync(TestHost host, string deviceCode, string? key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Wire.Prefix}/token")
        {
            Content = new FormUrlEncodedContent(
                [KeyValuePair.Create("grant_type", Wire.GrantType), KeyValuePair.Create("device_code", deviceCode), KeyValuePair.Create("client_id", "tv")]),
        };
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        return await host.Device().SendAsync(request);
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
