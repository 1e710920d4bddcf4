namespace DeviceAuthorization.Storage;

/// <summary>
/// Counts attempts: starts of an address, codes entered by a user. It is asked before whatever is attempted is looked at, and success gives
/// nothing back, so racing attempts and right guesses find no more room than others do.
/// </summary>
/// <remarks>
/// In any stretch of <see cref="AttemptBudget.Window"/>, no more than <see cref="AttemptBudget.Limit"/> attempts of a key are allowed, however many
/// callers and nodes there are; where clocks of nodes differ, in any stretch shorter by that difference. An attempt counts at most
/// <c>Window + Window / 60</c>. One that was refused does not count: whoever keeps trying gets through as soon as there is room.
/// </remarks>
public interface IAttemptLimiter
{
    /// <summary>Counts one attempt against every budget, in one atomic step, if all of them have room.</summary>
    /// <param name="budgets">At least one; no two with the same key.</param>
    /// <param name="cancellationToken">Stops the call. An attempt that was already counted stays counted.</param>
    /// <returns>
    /// <see langword="null"/>: allowed, and counted against all. Otherwise how long to wait until all of them have room, if nobody else takes it;
    /// more than zero, and nothing was counted against any.
    /// </returns>
    /// <exception cref="ArgumentException">There is no budget, or two have the same key.</exception>
    /// <remarks>An outage is an exception, never "allowed".</remarks>
    ValueTask<TimeSpan?> TryCountAsync(IReadOnlyList<AttemptBudget> budgets, CancellationToken cancellationToken);
}
