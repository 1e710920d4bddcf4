using DeviceAuthorization.Limits;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Tests;

/// <summary>An event is reported once in its window by all nodes together, and they seldom ask each other.</summary>
public sealed class OncePerKeyTests
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    private readonly SharedLimiter _limiter;
    private readonly TestFlow _node;
    private readonly TestFlow _another;

    public OncePerKeyTests()
    {
        _limiter = new SharedLimiter(() => _node!.Clock);
        _node = new TestFlow(limiter: _limiter);
        _another = new TestFlow(before: _node, limiter: _limiter);
    }

    [Fact]
    public async Task Only_one_node_is_the_first_and_each_asks_once()
    {
        Assert.True(await _node.Once.IsFirstAsync("a", Window));
        Assert.False(await _node.Once.IsFirstAsync("a", Window));
        Assert.False(await _another.Once.IsFirstAsync("a", Window));
        Assert.False(await _another.Once.IsFirstAsync("a", Window));
        Assert.Equal(2, _limiter.Calls);
        Assert.True(await _another.Once.IsFirstAsync("b", Window));
    }

    [Fact]
    public async Task An_event_that_goes_on_is_reported_again_when_the_window_is_over()
    {
        await _node.Once.IsFirstAsync("earlier", Window); // the limiter rounds times, from its first one on
        _node.Clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(await _node.Once.IsFirstAsync("a", Window));
        _node.Clock.Advance(Window - TimeSpan.FromMilliseconds(1));
        Assert.False(await _node.Once.IsFirstAsync("a", Window));
        Assert.Equal(2, _limiter.Calls);
        Assert.False(await _another.Once.IsFirstAsync("a", Window)); // late, and by another node
        _node.Clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.False(await _node.Once.IsFirstAsync("a", Window)); // the limiter counts up to a sixtieth longer
        Assert.Equal(4, _limiter.Calls);
        _node.Clock.Advance(Window / AttemptBudget.StepsPerWindow);
        Assert.True(await _another.Once.IsFirstAsync("a", Window));
    }

    [Fact]
    public async Task A_flood_of_events_is_forgotten()
    {
        for (var number = 0; number < 10_000; number++)
        {
            await _node.Once.IsFirstAsync($"{number}", Window);
        }

        Assert.False(await _node.Once.IsFirstAsync("0", Window));
        Assert.Equal(10_000, _limiter.Calls);
        Assert.True(await _node.Once.IsFirstAsync("one more", Window)); // no room for it: the node forgets all others
        Assert.False(await _node.Once.IsFirstAsync("0", Window)); // and asks again
        Assert.Equal(10_002, _limiter.Calls);
    }

    /// <summary>The limiter of all nodes, which counts how often it is asked.</summary>
    private sealed class SharedLimiter(Func<TimeProvider> clock) : IAttemptLimiter
    {
        private readonly Lazy<InMemoryAttemptLimiter> _inner = new(() => new InMemoryAttemptLimiter(clock()));

        public int Calls { get; private set; }

        public ValueTask<TimeSpan?> TryCountAsync(IReadOnlyList<AttemptBudget> budgets, CancellationToken cancellationToken)
        {
            Calls++;
            return _inner.Value.TryCountAsync(budgets, cancellationToken);
        }
    }
}
