namespace DeviceAuthorization.Storage;

/// <summary>How many attempts one key may make in any window of a given length. The window slides; it does not restart on the minute.</summary>
public sealed record AttemptBudget
{
    /// <summary>
    /// A limiter may round the time of an attempt up to the next of this many steps of the window. It then keeps at most one entry more than
    /// there are steps, for any limit. It never allows too many attempts, and counts each at most a sixtieth of the window too long.
    /// </summary>
    public const int StepsPerWindow = 60;

    /// <summary>The longest <see cref="Key"/>.</summary>
    public const int LongestKey = 512;

    /// <summary>Makes a budget.</summary>
    /// <exception cref="ArgumentException">A value is out of its bounds.</exception>
    public AttemptBudget(string key, int limit, TimeSpan window)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(key.Length, LongestKey, nameof(key));
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(window, TimeSpan.FromSeconds(1));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(window, TimeSpan.FromDays(31));
        (Key, Limit, Window) = (key, limit, window);
    }

    /// <summary>
    /// Who or what is counted, such as <c>start:192.0.2.1</c>; compared by ordinal. It may contain an address or a user id, but no secret. A key
    /// always has the same limit and window: two limits on one address are two keys.
    /// </summary>
    /// <value>1 to <see cref="LongestKey"/> characters.</value>
    public string Key { get; }

    /// <summary>How many attempts are allowed in any <see cref="Window"/>.</summary>
    /// <value>At least 1.</value>
    public int Limit { get; }

    /// <summary>How long an attempt counts. Limiters may count in whole milliseconds.</summary>
    /// <value>1 second to 31 days.</value>
    public TimeSpan Window { get; }

    /// <summary>Does not show the key: it may contain a person's address, which must not be logged.</summary>
    public override string ToString() => $"AttemptBudget {{ Limit = {Limit}, Window = {Window} }}";

    /// <summary>Checks the budgets that a limiter is given.</summary>
    /// <exception cref="ArgumentException">There is no budget, or two have the same key.</exception>
    public static void Check(IReadOnlyList<AttemptBudget> budgets)
    {
        ArgumentNullException.ThrowIfNull(budgets);
        if (budgets.Count == 0 || budgets.Select(budget => budget.Key).Distinct(StringComparer.Ordinal).Count() != budgets.Count)
        {
            throw new ArgumentException("There must be at least one budget, and each must have a key of its own.", nameof(budgets));
        }
    }
}
