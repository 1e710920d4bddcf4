using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Limits;

/// <summary>
/// The times of one key's attempts; not safe for concurrent use. Times are rounded up to a step of the window, and equal ones share an entry, so
/// there are at most <see cref="AttemptBudget.StepsPerWindow"/> plus one. An attempt at t, rounded to r with t ≤ r &lt; t + step, counts until
/// r + window. So it counts for at least the window, and no window exceeds the limit; it counts less than one step longer.
/// </summary>
internal sealed class AttemptLog(AttemptLog? begin)
{
    private readonly List<(TimeSpan At, int Count)> _entries = begin is null ? new(1) : [.. begin._entries];
    private TimeSpan _until;

    public bool IsOver(TimeSpan now) => _until <= now;

    /// <summary>How long until there is room for one more attempt; zero if there is room now.</summary>
    public TimeSpan Wait(AttemptBudget budget, TimeSpan now)
    {
        _entries.RemoveAll(entry => entry.At + budget.Window <= now);
        return _entries.Sum(entry => entry.Count) < budget.Limit
            ? TimeSpan.Zero
            : _entries[0].At + budget.Window - now; // there are never more than the limit, so the first one that leaves makes room
    }

    public void Count(AttemptBudget budget, TimeSpan now)
    {
        var step = (budget.Window.Ticks + AttemptBudget.StepsPerWindow - 1) / AttemptBudget.StepsPerWindow;
        var at = TimeSpan.FromTicks((now.Ticks + step - 1) / step * step);
        if (_entries is [.., var last] && last.At == at)
        {
            _entries[^1] = (at, last.Count + 1);
        }
        else
        {
            _entries.Add((at, 1));
        }

        _until = at + budget.Window;
    }
}
