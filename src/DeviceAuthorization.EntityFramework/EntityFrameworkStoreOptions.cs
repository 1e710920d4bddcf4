namespace DeviceAuthorization;

/// <summary>Settings of the stores in the host's database.</summary>
public sealed class EntityFrameworkStoreOptions
{
    /// <summary>
    /// How often what is past its retention is removed: expired pairings, and revoked tokens. Of all nodes of a host one does it in each period; when
    /// it dies or fails, another one does in the next.
    /// </summary>
    /// <value>5 minutes by default; from 1 second to 1 day; <see cref="Timeout.InfiniteTimeSpan"/> for never.</value>
    public TimeSpan CleanUpPeriod { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How many rows one statement of the clean-up removes at most: it holds their locks, and the log of the database grows by them.</summary>
    /// <value>1000 by default; from 1 to 100,000.</value>
    public int CleanUpBatch { get; set; } = 1000;

    /// <summary>
    /// Whether the settings of devices (<c>sync_config</c>) are written encrypted, with the host's ASP.NET Data Protection. Rows that were written
    /// otherwise stay readable, and follow at their next write. Who loses the keys loses the settings: their rows can no longer be read.
    /// </summary>
    /// <value>
    /// <see langword="false"/> by default. Otherwise the host says where the keys are kept (<c>AddDataProtection().PersistKeysTo…</c>), or it does not start.
    /// </value>
    public bool EncryptSyncConfig { get; set; }

    internal bool IsPeriodValid => CleanUpPeriod == Timeout.InfiniteTimeSpan || (CleanUpPeriod >= TimeSpan.FromSeconds(1) && CleanUpPeriod <= TimeSpan.FromDays(1));

    internal bool IsBatchValid => CleanUpBatch is >= 1 and <= 100_000;
}
