using System.Collections.Concurrent;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Limits;

/// <summary>
/// Whether something is the first of its kind for a while, at any node: so that what is told once is told once. Each node remembers what it was
/// answered: a flood does not ask the limiter that all share time and again.
/// </summary>
internal sealed class OncePerKey(IAttemptLimiter shared, TimeProvider clock)
{
    /// <summary>Then a node forgets what it was answered, and asks again.</summary>
    private const int MostRemembered = 10_000;

    private readonly ConcurrentDictionary<string, DateTimeOffset> _until = new(StringComparer.Ordinal);

    /// <summary>Whether nobody asked this in the while before. No request that goes away stops it: what follows is told or lost.</summary>
    public async ValueTask<bool> IsFirstAsync(string what, TimeSpan window)
    {
        var now = clock.GetUtcNow();
        if (_until.TryGetValue(what, out var until) && now < until)
        {
            return false;
        }

        var isFirst = await shared.TryCountAsync([new AttemptBudget($"told:{what}", 1, window)], CancellationToken.None).ConfigureAwait(false) is null;
        if (_until.Count >= MostRemembered)
        {
            _until.Clear();
        }

        _until[what] = now + window;
        return isFirst;
    }
}
