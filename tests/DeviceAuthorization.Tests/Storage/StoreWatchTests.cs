using System.Net;
using System.Runtime.CompilerServices;
using System.Security.Claims;
using DeviceAuthorization.Flow;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace DeviceAuthorization.Tests;

/// <summary>A store hangs, fails and comes back: what devices and people are answered, and what an operator reads.</summary>
public sealed class StoreWatchTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly InterceptedPairingStore _pairings = new(new InMemoryPairingStore(Options.Create(new DeviceAuthorizationOptions()), new FakeTimeProvider(TestHost.Epoch)));
    private readonly FailingPolicy _policy = new();
    private readonly InterceptedDeviceRepository _devices = new(new InMemoryDeviceRepository());

    [Fact]
    public async Task A_store_that_hangs_costs_a_device_the_limit_and_its_client_goes_on_polling()
    {
        await using var host = await StartAsync();
        var codes = await host.Device().StartAsync();
        using var answer = await HangAsync(host, _pairings.PauseBefore(nameof(IPairingStore.TryAcceptPollAsync)), host.Device().PollAsync(codes.DeviceCode));
        await OAuthAssert.ErrorAsync(answer, 503, "slow_down"); // clients read this, and poll again later
        Assert.Equal("5", answer.Headers.RetryAfter!.ToString());
        using var json = await HangAsync(host, _pairings.PauseBefore(nameof(IPairingStore.TryAcceptPollAsync)), host.Device().PollJsonAsync(codes.DeviceCode));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, null), (json.StatusCode, await json.ErrorAsync()));
    }

    [Fact]
    public async Task A_call_with_a_token_that_cannot_be_checked_is_neither_401_nor_an_empty_500()
    {
        await using var host = await StartAsync();
        var device = host.WithToken(await host.PairAsync());
        using var hangs = await HangAsync(host, _devices.PauseBefore(nameof(IDeviceRepository.FindTokenAsync)), device.GetAsync("/api/library"));
        await AssertUnavailableAsync(hangs);
        Assert.Empty(hangs.Headers.WwwAuthenticate);
        foreach (var path in (string[])["/api/library", "/api/devices"])
        {
            _devices.FailBefore(nameof(IDeviceRepository.FindTokenAsync));
            using var fails = await device.GetAsync(path);
            Assert.Equal((path, HttpStatusCode.ServiceUnavailable), (path, fails.StatusCode));
        }

        _devices.FailBefore(nameof(IDeviceRepository.FindTokenAsync));
        var unknown = await Assert.ThrowsAnyAsync<BadHttpRequestException>(() => device.GetAsync("/api/maybe")); // Kestrel answers its status
        Assert.Equal(503, unknown.StatusCode);

        using var well = await device.GetAsync("/api/library");
        Assert.Equal(HttpStatusCode.OK, well.StatusCode);
    }

    [Fact]
    public async Task An_anonymous_endpoint_that_answers_all_the_same_asks_nobody_to_retry()
    {
        await using var host = await StartAsync();
        var device = host.WithToken(await host.PairAsync());
        _devices.FailBefore(nameof(IDeviceRepository.FindTokenAsync));
        using var open = await device.GetAsync("/api/open");
        Assert.Equal((HttpStatusCode.OK, null, "nobody"), (open.StatusCode, open.Headers.RetryAfter, await open.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task A_page_says_so_within_the_limit()
    {
        await using var host = await StartAsync(options => options.StoreTimeout = TimeSpan.FromSeconds(3));
        var alice = await host.SignInAsync("alice");
        using var page = await HangAsync(
            host, _devices.PauseBefore(nameof(IDeviceRepository.ListAsync)), alice.GetAsync(DevicesBrowser.Devices), TimeSpan.FromSeconds(3));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "text/html"), (page.StatusCode, page.Content.Headers.ContentType!.MediaType));
        Assert.Equal("5", page.Headers.RetryAfter!.ToString());
    }

    [Fact]
    public async Task A_store_that_obeys_is_stopped_before_the_limit()
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var store = new HangingStore(stopped);
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IPairingStore>(store));
        var start = host.Device().PostFormAsync("init", ("client_id", "tv"));
        await store.Reached.Task;
        host.Clock.Advance(Limit * 0.9);
        await stopped.Task;
        using var answer = await start;
        await AssertUnavailableAsync(answer);
    }

    [Fact]
    public async Task The_log_tells_when_an_outage_begins_how_it_goes_on_and_when_it_is_over()
    {
        await using var host = await StartAsync();
        var codes = await host.Device().StartAsync();
        _pairings.Passing = (_, isAfter) => isAfter ? Task.CompletedTask : throw new IOException("down");
        for (var second = 0; second < 65; second++)
        {
            (await host.Device().PollAsync(codes.DeviceCode)).Dispose();
            host.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        _pairings.Passing = (_, _) => Task.CompletedTask;
        for (var poll = 0; poll < 3; poll++)
        {
            (await host.Device().PollAsync(codes.DeviceCode)).Dispose();
        }

        Assert.Equal(
            [
                (LogLevel.Error, "The store of pairings fails. Requests that need it are answered 503, and devices go on polling. How many failed is logged each half minute, and when the store is back."),
                (LogLevel.Error, "The store of pairings still fails: 31 calls in 30 seconds."),
                (LogLevel.Error, "The store of pairings still fails: 61 calls in 60 seconds."),
                (LogLevel.Information, "The store of pairings is back: 65 calls failed in 65 seconds."),
            ],
            Lines(host));
        Assert.DoesNotContain(host.Logs.GetSnapshot(), entry => entry.Id.Name == "RequestFailed");
    }

    [Fact]
    public async Task One_failure_among_many_calls_is_no_new_outage_each_time()
    {
        await using var host = await StartAsync();
        var codes = await host.Device().StartAsync();
        for (var poll = 0; poll < 20; poll++)
        {
            if (poll % 2 == 0)
            {
                _pairings.FailBefore(nameof(IPairingStore.TryAcceptPollAsync));
            }

            (await host.Device().PollAsync(codes.DeviceCode)).Dispose();
        }

        Assert.Single(Lines(host));
    }

    [Fact]
    public async Task A_store_that_reads_and_cannot_write_is_not_back_each_time_it_reads()
    {
        await using var host = await StartAsync();
        var codes = await host.Device().StartAsync();
        for (var i = 0; i < 5; i++)
        {
            _pairings.FailBefore(nameof(IPairingStore.TryAddAsync)); // such as a full disk
            (await host.Device().PostFormAsync("init", ("client_id", "tv"))).Dispose();
            host.Clock.Advance(TimeSpan.FromSeconds(2));
            (await host.Device().PollAsync(codes.DeviceCode)).Dispose();
        }

        Assert.Single(Lines(host));
        await host.Device().StartAsync();
        Assert.Equal((LogLevel.Information, "The store of pairings is back: 5 calls failed in 10 seconds."), Lines(host).Last());
    }

    [Fact]
    public async Task A_policy_that_fails_is_503_for_the_caller_of_the_hosts_own_endpoint()
    {
        await using var host = await StartAsync();
        var device = host.WithToken(await host.PairAsync());
        _policy.Failure = new IOException("down");
        using var answer = await device.GetAsync("/api/library");
        await AssertUnavailableAsync(answer);
        (await device.GetAsync("/api/library")).Dispose();
        _policy.Failure = null;
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.OK, (await device.GetAsync("/api/library")).StatusCode);
        Assert.Equal(
            [
                (LogLevel.Error, "The store of accounts fails. Requests that need it are answered 503, and devices go on polling. How many failed is logged each half minute, and when the store is back."),
                (LogLevel.Information, "The store of accounts is back: 2 calls failed in 1 seconds."),
            ],
            Lines(host));
    }

    [Fact]
    public async Task A_fault_of_the_policy_itself_is_no_outage()
    {
        await using var host = await StartAsync();
        var alice = await host.SignInAsync("alice");
        _policy.Failure = new InvalidOperationException("its own");
        using var answer = await alice.GetAsync("/api/devices");
        Assert.Equal((HttpStatusCode.InternalServerError, null), (answer.StatusCode, answer.Headers.RetryAfter));
        Assert.Empty(Lines(host));
    }

    /// <summary>Each question that the flow, the pages, the APIs and the bearer handler ask the host.</summary>
    [Theory]
    [InlineData(nameof(IPairingPolicy.MayStartAsync), "start")]
    [InlineData(nameof(IPairingPolicy.IsActiveAsync), "call")]
    [InlineData(nameof(IPairingPolicy.FilterScopesAsync), "call")]
    [InlineData(nameof(IPairingPolicy.GetStampAsync), "call")]
    [InlineData(nameof(IPairingPolicy.IsActiveAsync), "devices")]
    [InlineData(nameof(IPairingPolicy.AcceptsSignInAsync), "page")]
    [InlineData(nameof(IPairingPolicy.IsActiveAsync), "page")]
    [InlineData(nameof(IPairingPolicy.AcceptsSignInAsync), "approve")]
    [InlineData(nameof(IPairingPolicy.FilterScopesAsync), "approve")]
    [InlineData(nameof(IPairingPolicy.AssessAsync), "approve")]
    [InlineData(nameof(IPairingPolicy.GetStampAsync), "approve")]
    public async Task A_policy_that_never_answers_costs_the_limit(string method, string request)
    {
        await using var host = await StartAsync();
        var (device, alice) = (host.WithToken(await host.PairAsync()), await host.SignInAsync("alice"));
        var code = (await host.Device().StartAsync()).UserCode;
        var pause = new Pause();
        _policy.Held = (method, pause);
        using var answer = await HangAsync(host, pause, request switch
        {
            "start" => host.Device().PostFormAsync("init", ("client_id", "tv")),
            "call" => device.GetAsync("/api/library"),
            "devices" => alice.GetAsync("/api/devices"),
            "page" => alice.GetAsync(DevicesBrowser.Devices),
            _ => alice.ApproveAsync(code, "library.read"),
        });
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "5"), (answer.StatusCode, answer.Headers.RetryAfter?.ToString()));
        Assert.Equal(request == "page" ? "text/html" : "application/json", answer.Content.Headers.ContentType?.MediaType);
        Assert.True(_policy.Token.IsCancellationRequested);
        Assert.Equal((LogLevel.Error, 93), host.Logs.GetSnapshot().Where(entry => entry.Id.Id is 91 or 92 or 93).Select(entry => (entry.Level, entry.Id.Id)).First());
    }

    [Fact]
    public async Task A_caller_who_goes_away_is_no_failure()
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var store = new HangingStore(stopped);
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IPairingStore>(store));
        using var gone = new CancellationTokenSource();
        using var form = new FormUrlEncodedContent([KeyValuePair.Create("client_id", "tv")]);
        var start = host.Device().PostAsync("/api/auth/device/init", form, gone.Token);
        await store.Reached.Task;
        await gone.CancelAsync();
        await stopped.Task;
        await Assert.ThrowsAnyAsync<Exception>(() => start);
        Assert.Empty(Lines(host));
    }

    [Fact]
    public async Task A_timer_that_fires_while_its_call_ends_does_no_harm()
    {
        var clock = new LateTimers();
        await using var services = new ServiceCollection().AddSingleton<TimeProvider>(clock).AddSingleton<IPairingStore>(_pairings).AddLogging().AddFlow().BuildServiceProvider();
        await services.GetRequiredService<WatchedPairingStore>().FindByUserCodeAsync("none", default);
        Assert.NotEmpty(clock.Fire);
        Assert.All(clock.Fire, fire => fire()); // an exception here would end the process
    }

    private static IEnumerable<(LogLevel Level, string Message)> Lines(TestHost host) => host.Logs.GetSnapshot()
        .Where(entry => entry.Id.Id is 93 or 94 or 95)
        .Select(entry => (entry.Level, entry.Message));

    private static async Task<HttpResponseMessage> HangAsync(TestHost host, Pause pause, Task<HttpResponseMessage> call, TimeSpan? limit = null)
    {
        await pause.Reached;
        host.Clock.Advance((limit ?? Limit) - TimeSpan.FromMilliseconds(1));
        Assert.False(call.IsCompleted);
        host.Clock.Advance(TimeSpan.FromMilliseconds(1));
        var answer = await call;
        pause.Release();
        return answer;
    }

    private static async Task AssertUnavailableAsync(HttpResponseMessage answer)
    {
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "5"), (answer.StatusCode, answer.Headers.RetryAfter?.ToString()));
        Assert.Equal("""{"detail":"Temporarily unavailable. Try again later."}""", await answer.Content.ReadAsStringAsync());
    }

    private Task<TestHost> StartAsync(Action<DeviceAuthorizationOptions>? configure = null) => RegistryHost.StartAsync(
        configure,
        services => services.AddSingleton<IPairingStore>(_pairings).AddSingleton<IDeviceRepository>(_devices).AddSingleton<IPairingPolicy>(_policy),
        app =>
        {
            app.MapDevicesPage();
            app.MapGet("/api/maybe", (PairedDevice? device) => device?.Id ?? "nobody");
            app.MapGet("/api/open", async (HttpContext context) => (await context.AuthenticateAsync(DeviceTokenDefaults.AuthenticationScheme)).Succeeded ? "a device" : "nobody");
        });

    /// <summary>Timers that fire when the test says so, also after they are disposed: disposal does not wait for a timer that is firing.</summary>
    private sealed class LateTimers : TimeProvider
    {
        public List<Action> Fire { get; } = [];

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Fire.Add(() => callback(state));
            return base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Looks accounts up in a database, which may be away, or takes questions and answers nothing.</summary>
    private sealed class FailingPolicy : IPairingPolicy
    {
        public Exception? Failure { get; set; }

        /// <summary>Holds the next call of this method.</summary>
        public (string Method, Pause Pause)? Held { get; set; }

        /// <summary>What the method that is held was given, to learn when nobody waits for it any more.</summary>
        public CancellationToken Token { get; private set; }

        public ValueTask<bool> MayStartAsync(PairingRequest request, CancellationToken cancellationToken) => AnswerAsync(true, cancellationToken);

        public ValueTask<bool> IsActiveAsync(string userId, CancellationToken cancellationToken) => AnswerAsync(true, cancellationToken);

        public ValueTask<IEnumerable<string>> FilterScopesAsync(string userId, IReadOnlyList<string> scopes, CancellationToken cancellationToken) =>
            AnswerAsync<IEnumerable<string>>(scopes, cancellationToken);

        public ValueTask<string?> GetStampAsync(string userId, CancellationToken cancellationToken) => AnswerAsync<string?>("stamp", cancellationToken);

        public ValueTask<bool> AcceptsSignInAsync(ClaimsPrincipal person, CancellationToken cancellationToken) => AnswerAsync(true, cancellationToken);

        public ValueTask<ApprovalRisk> AssessAsync(Pairing pairing, Approver approver, CancellationToken cancellationToken) => AnswerAsync(ApprovalRisk.None, cancellationToken);

        private async ValueTask<T> AnswerAsync<T>(T answer, CancellationToken cancellationToken, [CallerMemberName] string method = "")
        {
            if (Failure is { } failure)
            {
                throw failure;
            }

            if (Held is var (held, pause) && held == method)
            {
                (Held, Token) = (null, cancellationToken);
                await pause.HoldAsync();
            }

            return answer;
        }
    }

    /// <summary>A store whose client waits for an answer, and stops when it is told to.</summary>
    private sealed class HangingStore(TaskCompletionSource stopped) : IPairingStore
    {
        public TaskCompletionSource Reached { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async ValueTask<PairingAddition> TryAddAsync(Pairing pairing, CancellationToken cancellationToken)
        {
            Reached.TrySetResult();
            try
            {
                await new TaskCompletionSource().Task.WaitAsync(cancellationToken);
            }
            finally
            {
                stopped.TrySetResult();
            }

            return PairingAddition.Added;
        }

        public ValueTask<Pairing?> FindByUserCodeAsync(string userCodeHash, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<Pairing?> FindByDeviceCodeAsync(string deviceCodeHash, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<IReadOnlyCollection<string>> FindDecidedAsync(IReadOnlyCollection<string> deviceCodeHashes, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask<PollAttempt> TryAcceptPollAsync(string deviceCodeHash, string? clientId, DateTimeOffset now, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask<bool> TrySlowDownAsync(Pairing read, Pacing slower, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<bool> TryReplaceAsync(Pairing pairing, DateTimeOffset now, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<int> RemoveExpiredAsync(DateTimeOffset before, int max, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
