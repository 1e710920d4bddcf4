namespace DeviceAuthorization;

/// <summary>Settings of the stores in the host's database.</summary>
public sealed class EntityFrameworkStoreOptions
{
    /// <summary>How often what is past its retention is removed: expired pairings, and revoked tokens.</summary>
    /// <value>5 minutes by default; from 1 second to 1 day; <see cref="Timeout.InfiniteTimeSpan"/> for never.</value>
    public TimeSpan CleanUpPeriod { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How many rows one statement of the clean-up removes at most: it holds their locks, and the log of the database grows by them.</summary>
    /// <value>1000 by default; from 1 to 100,000.</value>
    public int CleanUpBatch { get; set; } = 1000;

    internal bool IsPeriodValid => CleanUpPeriod == Timeout.InfiniteTimeSpan || (CleanUpPeriod >= TimeSpan.FromSeconds(1) && CleanUpPeriod <= TimeSpan.FromDays(1));

    internal bool IsBatchValid => CleanUpBatch is >= 1 and <= 100_000;
}
