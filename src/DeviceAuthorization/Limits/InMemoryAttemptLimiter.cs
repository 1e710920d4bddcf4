using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Limits;

/// <summary>
/// Counts the attempts of one process, by a clock that nobody can set back. Bounded: beyond <see cref="MaxKeys"/> keys with attempts that still
/// count, new keys share <see cref="SharedLogs"/> logs with others of the same limit and window. No attempt is forgotten early to make room, so a
/// flood of keys bypasses no limit. During such a flood, a new key may be refused because of the attempts of others. A flood of addresses does
/// that only to addresses: users have another limit or window.
/// </summary>
/// <remarks>
/// One lock serves all keys. A step holds it for about half a microsecond, and several budgets need no order of locks. A sweep holds it for some
/// milliseconds, at most once a second, and only if there are very many keys.
/// </remarks>
internal sealed class InMemoryAttemptLimiter : IAttemptLimiter, IDisposable
{
    public const int MaxKeys = 100_000;
    public const int SharedLogs = 1024;

    private static readonly TimeSpan SweepPeriod = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LeastSweepGap = TimeSpan.FromSeconds(1);
    private readonly Dictionary<string, AttemptLog> _logs = new(StringComparer.Ordinal);
    private readonly Dictionary<(int Limit, TimeSpan Window, uint Log), AttemptLog> _shared = [];
    private readonly Lock _gate = new();
    private readonly TimeProvider _clock;
    private readonly long _start;
    private readonly ITimer _timer;
    private TimeSpan _sweptAt;

    public InMemoryAttemptLimiter(TimeProvider clock)
    {
        (_clock, _start) = (clock, clock.GetTimestamp());
        _timer = clock.CreateTimer(_ => Sweep(), null, SweepPeriod, SweepPeriod);
    }

    private TimeSpan Now => _clock.GetElapsedTime(_start);

    public ValueTask<TimeSpan?> TryCountAsync(IReadOnlyList<AttemptBudget> budgets, CancellationToken cancellationToken)
    {
        AttemptBudget.Check(budgets);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            var now = Now;
            if (_logs.Count >= MaxKeys && now - _sweptAt >= LeastSweepGap)
            {
                Sweep();
            }

            var wait = budgets.Max(budget => Find(budget)?.Wait(budget, now) ?? TimeSpan.Zero);
            if (wait > TimeSpan.Zero)
            {
                return ValueTask.FromResult<TimeSpan?>(wait);
            }

            foreach (var budget in budgets)
            {
                LogOf(budget).Count(budget, now); // only now: a refused attempt must leave no key behind
            }

            return ValueTask.FromResult<TimeSpan?>(null);
        }
    }

    public void Dispose() => _timer.Dispose();

    private AttemptLog? Find(AttemptBudget budget) => _logs.GetValueOrDefault(budget.Key) ?? _shared.GetValueOrDefault(Share(budget));

    private AttemptLog LogOf(AttemptBudget budget)
    {
        if (_logs.TryGetValue(budget.Key, out var own))
        {
            return own;
        }

        var shared = _shared.GetValueOrDefault(Share(budget));
        return _logs.Count < MaxKeys
            ? _logs[budget.Key] = new AttemptLog(shared) // the shared log has any attempts that it made while there was no room
            : shared ?? (_shared[Share(budget)] = new AttemptLog(null));
    }

    /// <summary>.NET hashes strings differently in each process, so nobody can choose whom to share a log with.</summary>
    private static (int Limit, TimeSpan Window, uint Log) Share(AttemptBudget budget) =>
        (budget.Limit, budget.Window, (uint)StringComparer.Ordinal.GetHashCode(budget.Key) % SharedLogs);

    private void Sweep()
    {
        lock (_gate)
        {
            var now = _sweptAt = Now;
            foreach (var (key, log) in _logs)
            {
                if (log.IsOver(now))
                {
                    _logs.Remove(key); // allowed while it is enumerated
                }
            }

            foreach (var (key, log) in _shared)
            {
                if (log.IsOver(now))
                {
                    _shared.Remove(key);
                }
            }
        }
    }
}
