using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Limits;

/// <summary>
/// Attempts of one process, by a clock that nobody can set back. Bounded: beyond <see cref="MaxKeys"/> keys with attempts that still count, a key
/// that has none of its own shares one of <see cref="SharedLogs"/> logs with others of the same limit and window. No key's attempts are ever
/// forgotten early for the sake of others, so a flood of keys opens nothing. What is given up is that during such a flood a newcomer may be refused
/// for what others did; a flood of addresses does that to addresses, and not to users, whose limit or window is another.
/// </summary>
/// <remarks>
/// One lock for all keys: a step holds it for about half a microsecond, and the budgets of a call need no order of locks. A sweep holds it for some
/// milliseconds at most once a second, and only when there are very many keys.
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
                LogOf(budget).Count(budget, now); // not before: a refused attempt leaves no key behind
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
            ? _logs[budget.Key] = new AttemptLog(shared) // what it may have done while there was no room is among what was shared
            : shared ?? (_shared[Share(budget)] = new AttemptLog(null));
    }

    /// <summary>.NET hashes strings in another way in each process: nobody can choose whom to share with.</summary>
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
