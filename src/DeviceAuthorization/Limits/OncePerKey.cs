using System.Collections.Concurrent;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Limits;

/// <summary>
/// Reports each event once across all nodes: finds whether an event is the first of its kind within a window. Each node remembers the answer, so
/// a flood of events does not flood the shared limiter.
/// </summary>
internal sealed class OncePerKey(WatchedAttemptLimiter shared, TimeProvider clock)
{
    /// <summary>Beyond this, a node forgets its answers and asks again.</summary>
    private const int MostRemembered = 10_000;

    private readonly ConcurrentDictionary<string, DateTimeOffset> _until = new(StringComparer.Ordinal);

    /// <summary>Whether nobody asked this within the window. It cannot be cancelled: if the caller stopped now, the event would be lost.</summary>
    public async ValueTask<bool> IsFirstAsync(string what, TimeSpan window)
    {
        var now = clock.GetUtcNow();
        if (_until.TryGetValue(what, out var until) && now < until)
        {
            return false;
        }

        var wait = await shared.TryCountAsync([new AttemptBudget($"told:{what}", 1, window)], CancellationToken.None).ConfigureAwait(false);
        if (_until.Count >= MostRemembered)
        {
            _until.Clear();
        }

        _until[what] = now + (wait ?? window); // another node may have been the first, long ago
        return wait is null;
    }
}
