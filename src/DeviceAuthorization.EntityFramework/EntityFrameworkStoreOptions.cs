namespace DeviceAuthorization;

/// <summary>Settings of the stores in the host's database.</summary>
public sealed class EntityFrameworkStoreOptions
{
    /// <summary>
    /// How often expired pairings and revoked tokens past their retention are removed. One node of a host does it in each period. If that node dies
    /// or fails, another one does it in the next period.
    /// </summary>
    /// <value>5 minutes by default; from 1 second to 1 day; <see cref="Timeout.InfiniteTimeSpan"/> for never.</value>
    public TimeSpan CleanUpPeriod { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>The most rows that one statement of the clean-up removes: it locks them, and the database's log grows by them.</summary>
    /// <value>1000 by default; from 1 to 100,000.</value>
    public int CleanUpBatch { get; set; } = 1000;

    /// <summary>
    /// Whether the settings of devices (<c>sync_config</c>) are encrypted with the host's ASP.NET Data Protection. Rows that were written otherwise
    /// stay readable until their next write converts them. If the host loses its keys, the encrypted settings can no longer be read.
    /// </summary>
    /// <value>
    /// <see langword="false"/> by default. If <see langword="true"/>, the host does not start unless it says where to keep the keys
    /// (<c>AddDataProtection().PersistKeysTo…</c>).
    /// </value>
    public bool EncryptSyncConfig { get; set; }

    internal bool IsPeriodValid => CleanUpPeriod == Timeout.InfiniteTimeSpan || (CleanUpPeriod >= TimeSpan.FromSeconds(1) && CleanUpPeriod <= TimeSpan.FromDays(1));

    internal bool IsBatchValid => CleanUpBatch is >= 1 and <= 100_000;
}
