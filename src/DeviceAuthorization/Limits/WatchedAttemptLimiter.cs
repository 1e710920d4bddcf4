using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Limits;

/// <summary>The limiter of the host, as this library calls it: watched. The in-memory one needs no watch, and costs nothing more.</summary>
internal sealed class WatchedAttemptLimiter(IAttemptLimiter inner, StoreWatch watch) : IAttemptLimiter
{
    private const string Store = "limits";

    private readonly bool _isInMemory = inner is InMemoryAttemptLimiter;

    /// <summary>Names the store in the log at start.</summary>
    public override string ToString() => inner.ToString()!;

    public ValueTask<TimeSpan?> TryCountAsync(IReadOnlyList<AttemptBudget> budgets, CancellationToken cancellationToken) => _isInMemory
        ? inner.TryCountAsync(budgets, cancellationToken)
        : watch.CallAsync(Store, "count", (inner, budgets), static (state, token) => state.inner.TryCountAsync(state.budgets, token), cancellationToken);
}
