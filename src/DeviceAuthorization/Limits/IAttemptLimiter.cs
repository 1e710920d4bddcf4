namespace DeviceAuthorization.Storage;

/// <summary>
/// Counts attempts, such as starts from an address or codes entered by a user. It is asked before an attempt is examined, and success
/// refunds nothing, so racing attempts and right guesses get no extra room.
/// </summary>
/// <remarks>
/// In any <see cref="AttemptBudget.Window"/>, at most <see cref="AttemptBudget.Limit"/> attempts of a key are allowed, over all callers and
/// nodes. If the clocks of nodes differ, the window is shorter by that difference. An attempt counts for at most <c>Window + Window / 60</c>. A
/// refused attempt does not count: a caller who keeps trying gets through as soon as there is room.
/// </remarks>
public interface IAttemptLimiter
{
    /// <summary>Counts one attempt against every budget, in one atomic step, if all of them have room.</summary>
    /// <param name="budgets">At least one; no two with the same key.</param>
    /// <param name="cancellationToken">An attempt that was already counted stays counted.</param>
    /// <returns>
    /// <see langword="null"/> if the attempt is allowed and counted against all. Otherwise the time, more than zero, until all have room if
    /// nobody else takes it; nothing was counted.
    /// </returns>
    /// <exception cref="ArgumentException">There is no budget, or two have the same key.</exception>
    /// <remarks>An outage is an exception, never "allowed".</remarks>
    ValueTask<TimeSpan?> TryCountAsync(IReadOnlyList<AttemptBudget> budgets, CancellationToken cancellationToken);
}
