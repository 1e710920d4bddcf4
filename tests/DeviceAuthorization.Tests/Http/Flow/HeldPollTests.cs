using DeviceAuthorization.Storage;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Tests;

/// <summary>Polls with <c>Prefer: wait</c> (RFC 7240): the answer waits for the decision.</summary>
public sealed class HeldPollTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_held_poll_gets_the_token_the_moment_the_approver_approves(bool json)
    {
        await using var host = await TestHost.StartAsync();
        var codes = json ? await host.Device().StartJsonAsync() : await host.Device().StartAsync();
        var poll = await HoldAsync(host, codes, json: json);
        (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        using var answer = await poll; // the clock stands still
        Assert.Equal(200, (int)answer.StatusCode);
        Assert.StartsWith("da_", (await answer.JsonAsync()).GetProperty("access_token").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_held_poll_is_told_at_once_that_the_approver_denied()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        var poll = await HoldAsync(host, codes);
        (await (await host.SignInAsync("alice")).DenyAsync(codes.UserCode)).EnsureSuccessStatusCode();
        await OAuthAssert.ErrorAsync(await poll, 400, "access_denied");
    }

    [Theory]
    [InlineData("wait=10", 10)]
    [InlineData("WAIT=10;later=x", 10)]
    [InlineData("respond-async, wait=10, wait=20", 10)] // the first one counts: RFC 7240 §2
    [InlineData("wait=25", 25)]
    [InlineData("wait=26", 25)] // the most that the host allows
    [InlineData("wait=99999999999999999999", 25)]
    public async Task When_its_time_is_over_a_held_poll_is_pending_and_the_next_one_right_after_it_is_on_time(string preference, double seconds)
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        for (var i = 0; i < 3; i++)
        {
            var poll = await HoldAsync(host, codes, preference, seconds);
            host.Clock.Advance(TimeSpan.FromSeconds(seconds));
            using var answer = await poll;
            await OAuthAssert.ErrorAsync(answer, 400, "authorization_pending");
            Assert.Equal($"wait={seconds:0}", Assert.Single(answer.Headers.GetValues("Preference-Applied")));
        }
    }

    [Fact]
    public async Task A_wait_shorter_than_the_interval_does_not_let_the_device_poll_faster()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        var poll = await HoldAsync(host, codes, "wait=3", 3);
        host.Clock.Advance(TimeSpan.FromSeconds(3));
        await NotHeldAsync(await poll);
        await OAuthAssert.ErrorAsync(await PollAsync(host, codes), 400, "slow_down");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("respond-async")]
    [InlineData("wait")]
    [InlineData("wait=")]
    [InlineData("wait=0")]
    [InlineData("wait=-1")]
    [InlineData("wait=1.5")]
    [InlineData("wait=soon")]
    [InlineData("wait=\"10\"")]
    [InlineData("wait 10")]
    [InlineData("waiting=10")]
    [InlineData("=,;")]
    public async Task A_poll_that_asks_for_no_wait_is_answered_at_once_as_ever(string? preference)
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        await NotHeldAsync(await PollAsync(host, codes, preference));
    }

    [Fact]
    public async Task A_host_can_turn_it_off()
    {
        await using var host = await TestHost.StartAsync(options => options.MaxPollWait = TimeSpan.Zero);
        await NotHeldAsync(await PollAsync(host, await host.Device().StartAsync(), "wait=25"));
    }

    [Fact]
    public async Task A_poll_that_comes_too_soon_or_with_an_unknown_code_does_not_wait()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        await NotHeldAsync(await PollAsync(host, codes));
        await OAuthAssert.ErrorAsync(await PollAsync(host, codes, "wait=25"), 400, "slow_down");
        await OAuthAssert.ErrorAsync(await PollAsync(host, codes with { DeviceCode = DeviceCode.New().Reveal() }, "wait=25"), 400, "invalid_grant");
    }

    [Fact]
    public async Task A_held_poll_learns_the_number_at_once_and_then_that_it_was_chosen()
    {
        await using var host = await TestHost.StartAsync(options => options.NumberMatching = NumberMatching.Always);
        using var started = await host.Device().PostFormAsync("init", ("client_id", "tv"), ("scope", "library.read"), ("number_matching", "true"));
        var codes = StartedCodes.From(await started.JsonAsync());
        var poll = await HoldAsync(host, codes);
        var numbers = Assert.IsType<ApproverResult.ChooseNumber>(await InScopeAsync(host, services => services.GetRequiredService<ApproverFlow>().ApproveAsync(
            Code(host, codes), new Approver("alice"), new Approval { Scopes = ["library.read"], SupportsNumberMatching = true })));
        using var shown = await poll;
        var number = (await shown.JsonAsync()).GetProperty("match_number").GetInt32();
        Assert.Contains(number, numbers.Numbers);
        Assert.True(shown.Headers.Contains("Preference-Applied"));

        var again = await HoldAsync(host, codes, seconds: 5); // one interval only: a device that missed the number learns it soon
        host.Clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(number, (await (await again).JsonAsync()).GetProperty("match_number").GetInt32());

        var last = await HoldAsync(host, codes, seconds: 5);
        await InScopeAsync(host, services => services.GetRequiredService<ApproverFlow>().ChooseNumberAsync(Code(host, codes), new Approver("alice"), number));
        Assert.Equal(200, (int)(await last).StatusCode);
    }

    [Fact]
    public async Task An_expired_pairing_ends_its_hold_as_expired()
    {
        await using var host = await TestHost.StartAsync(options => options.PairingLifetime = TimeSpan.FromMinutes(1));
        var codes = await host.Device().StartAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(50));
        var poll = await HoldAsync(host, codes);
        host.Clock.Advance(TimeSpan.FromSeconds(25));
        await OAuthAssert.ErrorAsync(await poll, 400, "expired_token");
    }

    [Fact]
    public async Task Only_so_many_polls_are_held_and_one_whose_client_went_away_frees_its_place()
    {
        await using var host = await TestHost.StartAsync(options => options.MaxHeldPolls = 1);
        using var held = new MetricCollector<int>(host.Services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>(), "DeviceAuthorization", "device_authorization.polls.held");
        StartedCodes one = await host.Device().StartAsync(), two = await host.Device().StartAsync();
        using var leaves = new CancellationTokenSource();
        var poll = await HoldAsync(host, one, cancellationToken: leaves.Token);
        Assert.Equal(1, Held());
        await NotHeldAsync(await PollAsync(host, two, "wait=25"));
        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => poll);
        host.Clock.Advance(TimeSpan.FromSeconds(5));
        var next = await HoldAsync(host, two);
        Assert.Equal(1, Held());
        (await (await host.SignInAsync("alice")).ApproveAsync(two.UserCode)).EnsureSuccessStatusCode();
        Assert.Equal(200, (int)(await next).StatusCode);
        Assert.Equal(0, Held());

        int Held()
        {
            held.RecordObservableInstruments();
            return held.LastMeasurement!.Value;
        }
    }

    [Fact]
    public async Task A_device_that_polls_again_has_lost_its_connection_so_its_earlier_poll_is_answered()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        var lost = await HoldAsync(host, codes);
        host.Clock.Advance(TimeSpan.FromSeconds(5));
        var poll = await HoldAsync(host, codes);
        await NotHeldAsync(await lost);
        (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        Assert.Equal(200, (int)(await poll).StatusCode);
    }

    [Fact]
    public async Task A_host_that_stops_answers_every_held_poll_at_once_and_holds_no_more()
    {
        await using var host = await TestHost.StartAsync();
        StartedCodes[] codes = [await host.Device().StartAsync(), await host.Device().StartAsync(), await host.Device().StartAsync()];
        Task<HttpResponseMessage>[] polls = [await HoldAsync(host, codes[0]), await HoldAsync(host, codes[1])];
        host.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        foreach (var answer in await Task.WhenAll(polls))
        {
            await NotHeldAsync(answer); // so the device waits its interval, and then finds another node
        }

        await NotHeldAsync(await PollAsync(host, codes[2], "wait=25"));
    }

    [Fact]
    public async Task When_the_store_fails_during_the_hold_the_device_is_asked_to_try_again()
    {
        var store = new ProbingPairingStore();
        await using var host = await TestHost.StartAsync(services: store.Use);
        var codes = await host.Device().StartAsync();
        var poll = await HoldAsync(host, codes);
        store.Broken.Add(nameof(IPairingStore.FindByDeviceCodeAsync));
        host.Clock.Advance(TimeSpan.FromSeconds(25));
        using var answer = await poll;
        Assert.Equal((503, true), ((int)answer.StatusCode, answer.Headers.Contains("Retry-After")));
    }

    [Fact]
    public async Task An_approved_device_that_waits_for_a_place_in_the_registry_is_not_held()
    {
        await using var host = await TestHost.StartAsync(options => options.MaxTokensPerUser = 1);
        var device = host.Device();
        StartedCodes first = await device.StartAsync(), second = await device.StartAsync();
        var alice = await host.SignInAsync("alice");
        (await alice.ApproveAsync(first.UserCode)).EnsureSuccessStatusCode();
        (await alice.ApproveAsync(second.UserCode)).EnsureSuccessStatusCode();
        Assert.Equal(200, (int)(await device.PollAsync(first.DeviceCode)).StatusCode);
        await NotHeldAsync(await PollAsync(host, second, "wait=25"));
    }

    [Fact]
    public async Task Without_signals_a_node_asks_its_store_once_a_second_about_all_held_polls()
    {
        var store = new ProbingPairingStore();
        await using var host = await TestHost.StartAsync(services: store.Use);
        StartedCodes one = await host.Device().StartAsync(), two = await host.Device().StartAsync();
        var poll = await HoldAsync(host, one);
        await host.Clock.TimerAsync(1);
        await HoldAsync(host, two);
        await DecideElsewhereAsync(store, one);
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        await OAuthAssert.ErrorAsync(await poll, 400, "access_denied");
        Assert.Equal([1, 2], store.Seen.OfType<IReadOnlyCollection<string>>().Select(asked => asked.Count)); // one call for both
    }

    [Fact]
    public async Task With_signals_the_store_is_asked_only_when_they_begin_and_when_some_may_be_lost()
    {
        var (store, signals) = (new ProbingPairingStore(), new TestSignals());
        await using var host = await TestHost.StartAsync(services: services =>
        {
            store.Use(services);
            services.AddSingleton<IPairingSignals>(signals);
        });
        var codes = await host.Device().StartAsync();
        var poll = await HoldAsync(host, codes);
        var (decided, missed) = await signals.Listener.Task;
        var hash = await DecideElsewhereAsync(store, codes);
        decided(hash);
        await OAuthAssert.ErrorAsync(await poll, 400, "access_denied");

        var second = await host.Device().StartAsync();
        var next = await HoldAsync(host, second);
        await DecideElsewhereAsync(store, second);
        missed();
        await OAuthAssert.ErrorAsync(await next, 400, "access_denied");
        Assert.Equal(2, store.Seen.OfType<IReadOnlyCollection<string>>().Count());

        var third = await host.Device().StartAsync();
        (await (await host.SignInAsync("alice")).DenyAsync(third.UserCode)).EnsureSuccessStatusCode();
        Assert.Equal(64, Assert.Single(signals.Sent).Length); // other nodes are told
    }

    [Fact]
    public async Task While_signals_fail_the_store_is_asked_and_decisions_count()
    {
        var (store, signals) = (new ProbingPairingStore(), new TestSignals { Fails = true });
        await using var host = await TestHost.StartAsync(services: services =>
        {
            store.Use(services);
            services.AddSingleton<IPairingSignals>(signals);
        });
        var codes = await host.Device().StartAsync();
        var poll = await HoldAsync(host, codes);
        (await (await host.SignInAsync("alice")).DenyAsync(codes.UserCode)).EnsureSuccessStatusCode(); // on this node
        await OAuthAssert.ErrorAsync(await poll, 400, "access_denied");

        var second = await host.Device().StartAsync();
        var next = await HoldAsync(host, second);
        await DecideElsewhereAsync(store, second);
        for (var i = 0; i < 2; i++)
        {
            await host.Clock.TimerAsync(1);
            host.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        await OAuthAssert.ErrorAsync(await next, 400, "access_denied");
    }

    /// <summary>Polls, and returns once the server holds the poll.</summary>
    private static async Task<Task<HttpResponseMessage>> HoldAsync(
        TestHost host, StartedCodes codes, string preference = "wait=25", double seconds = 25, bool json = false, CancellationToken cancellationToken = default)
    {
        var poll = PollAsync(host, codes, preference, json, cancellationToken);
        await Task.WhenAny(poll, host.Clock.TimerAsync(seconds));
        Assert.False(poll.IsCompleted, "The poll was not held.");
        return poll;
    }

    private static async Task<HttpResponseMessage> PollAsync(
        TestHost host, StartedCodes codes, string? preference = null, bool json = false, CancellationToken cancellationToken = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Wire.Prefix}/token")
        {
            Content = json
                ? System.Net.Http.Json.JsonContent.Create(new { device_code = codes.DeviceCode })
                : new FormUrlEncodedContent(
                    [KeyValuePair.Create("grant_type", Wire.GrantType), KeyValuePair.Create("device_code", codes.DeviceCode), KeyValuePair.Create("client_id", "tv")]),
        };
        if (preference is not null)
        {
            request.Headers.TryAddWithoutValidation("Prefer", preference);
        }

        return await host.Device().SendAsync(request, cancellationToken);
    }

    private static async Task NotHeldAsync(HttpResponseMessage answer)
    {
        await OAuthAssert.ErrorAsync(answer, 400, "authorization_pending");
        Assert.False(answer.Headers.Contains("Preference-Applied"));
    }

    /// <summary>Denies in the store itself, as another node does.</summary>
    private static async Task<string> DecideElsewhereAsync(ProbingPairingStore store, StartedCodes codes)
    {
        Assert.True(DeviceCode.TryParse(codes.DeviceCode, out var code));
        var pairing = (await store.Inner.FindByDeviceCodeAsync(code.Hash(), default))!;
        Assert.True(await store.Inner.TryReplaceAsync(pairing.Deny("alice", pairing.CreatedAt).Next, pairing.CreatedAt, default));
        return code.Hash();
    }

    private static UserCode Code(TestHost host, StartedCodes codes)
    {
        Assert.True(host.Services.GetRequiredService<IOptions<DeviceAuthorizationOptions>>().Value.UserCode.TryParse(codes.UserCode, out var code));
        return code;
    }

    private static async Task<T> InScopeAsync<T>(TestHost host, Func<IServiceProvider, Task<T>> step)
    {
        await using var scope = host.Services.CreateAsyncScope();
        return await step(scope.ServiceProvider);
    }

    private sealed class TestSignals : IPairingSignals
    {
        public bool Fails { get; init; }

        public TaskCompletionSource<(Action<string> Decided, Action Missed)> Listener { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public System.Collections.Concurrent.ConcurrentQueue<string> Sent { get; } = [];

        public ValueTask SendAsync(string deviceCodeHash, CancellationToken cancellationToken)
        {
            Sent.Enqueue(deviceCodeHash);
            return Fails ? throw new IOException("No signals.") : ValueTask.CompletedTask;
        }

        public ValueTask ListenAsync(Action<string> decided, Action missed, CancellationToken cancellationToken)
        {
            Listener.TrySetResult((decided, missed));
            return Fails ? throw new IOException("No signals.") : ValueTask.CompletedTask;
        }
    }
}
