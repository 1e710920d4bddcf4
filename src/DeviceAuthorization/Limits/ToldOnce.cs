namespace DeviceAuthorization;

/// <summary>
/// Whether something is the first of its kind for a while, at any node: so that what is told once is told once. Each node remembers for
/// itself first: a flood asks the limiter that all share no more than once.
/// </summary>
internal sealed class ToldOnce(IAttemptLimiter shared, TimeProvider clock) : IDisposable
{
    private readonly InMemoryAttemptLimiter _here = new(clock);

    /// <summary>Whether nobody asked this in the while before.</summary>
    public async ValueTask<bool> IsFirstAsync(string what, TimeSpan window, CancellationToken cancellationToken)
    {
        AttemptBudget[] once = [new($"told:{what}", 1, window)];
        return await _here.TryCountAsync(once, cancellationToken).ConfigureAwait(false) is null
            && await shared.TryCountAsync(once, cancellationToken).ConfigureAwait(false) is null;
    }

    public void Dispose() => _here.Dispose();
}
