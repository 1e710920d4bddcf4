using System.Net;

namespace DeviceAuthorization.Tests;

/// <summary>The limit of starts over HTTP, by the host's own clock.</summary>
public sealed class StartLimitTests
{
    [Fact]
    public async Task Whoever_waits_as_long_as_Retry_After_says_gets_through()
    {
        await using var host = await TestHost.StartAsync(options => options.RateLimits = new() { StartsPerMinute = 2 });
        host.Clock.Advance(TimeSpan.FromSeconds(0.25));
        await host.Device().StartAsync(); // counts until 61 s
        host.Clock.Advance(TimeSpan.FromSeconds(9));
        await host.Device().StartAsync(); // until 70 s
        host.Clock.Advance(TimeSpan.FromSeconds(11.5));
        Assert.Equal(41, await RefusedAsync(host)); // 40.25 s are left
        host.Clock.Advance(TimeSpan.FromSeconds(40));
        Assert.Equal(1, await RefusedAsync(host)); // being refused put nothing off
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        await host.Device().StartAsync();
        Assert.Equal(9, await RefusedAsync(host));
    }

    [Fact]
    public async Task No_address_has_more_pairings_waiting_than_allowed()
    {
        await using var host = await TestHost.StartAsync(options => options.RateLimits = new() { StartsPerMinute = 100, PendingPerAddress = 3 });
        for (var start = 0; start < 3; start++)
        {
            await host.Device().StartAsync();
            host.Clock.Advance(TimeSpan.FromMinutes(1));
        }

        await RefusedAsync(host);
        host.Clock.Advance(TimeSpan.FromMinutes(7.2)); // the first one is over
        await host.Device().StartAsync();
    }

    [Fact]
    public async Task Where_the_host_wants_it_a_client_has_a_limit_of_its_own()
    {
        await using var host = await TestHost.StartAsync(options => options.RateLimits = new() { StartsPerClientPerMinute = 1 });
        await host.Device().StartAsync();
        await RefusedAsync(host);
        using var other = await host.Device().PostFormAsync("init", ("client_id", "radio"));
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
    }

    [Fact]
    public async Task A_limiter_of_the_host_takes_the_place_of_the_one_in_memory()
    {
        var limiter = new RecordingLimiter { Answer = TimeSpan.FromSeconds(6.5) };
        await using var host = await TestHost.StartAsync(options => options.RateLimits.Enabled = true, services => services.AddSingleton<IAttemptLimiter>(limiter));
        Assert.Equal(7, await RefusedAsync(host));
        Assert.Equal(
            [("start:none", 10, TimeSpan.FromMinutes(1)), ("pending:none", 50, TimeSpan.FromMinutes(10)), ("told:start:none", 1, TimeSpan.FromMinutes(10))],
            limiter.Asked.Select(budget => (budget.Key, budget.Limit, budget.Window)));
    }

    [Fact]
    public async Task A_limiter_that_is_down_lets_nobody_through_and_is_503()
    {
        var limiter = new RecordingLimiter { Failure = new IOException("down") };
        await using var host = await TestHost.StartAsync(options => options.RateLimits.Enabled = true, services => services.AddSingleton<IAttemptLimiter>(limiter));
        using var answer = await host.Device().PostFormAsync("init", ("client_id", "tv"));
        await OAuthAssert.ErrorAsync(answer, 503, null);
        Assert.NotNull(answer.Headers.RetryAfter);
    }

    [Fact]
    public async Task Without_limits_nothing_is_counted()
    {
        var limiter = new RecordingLimiter();
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IAttemptLimiter>(limiter));
        await host.Device().StartAsync();
        Assert.Empty(limiter.Asked);
    }

    private static async Task<int> RefusedAsync(TestHost host)
    {
        using var answer = await host.Device().PostFormAsync("init", ("client_id", "tv"));
        Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
        return (int)answer.Headers.RetryAfter!.Delta!.Value.TotalSeconds;
    }

    private sealed class RecordingLimiter : IAttemptLimiter
    {
        public List<AttemptBudget> Asked { get; } = [];

        public TimeSpan? Answer { get; init; }

        public Exception? Failure { get; init; }

        public ValueTask<TimeSpan?> TryCountAsync(IReadOnlyList<AttemptBudget> budgets, CancellationToken cancellationToken)
        {
            Asked.AddRange(budgets);
            return Failure is null ? ValueTask.FromResult(Answer) : throw Failure;
        }
    }
}
