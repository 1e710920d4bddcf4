using Microsoft.EntityFrameworkCore;

namespace DeviceAuthorization.EntityFramework;

/// <summary>The statements that write devices.</summary>
internal static class DeviceSql
{
    private static readonly Statement Add = new(sql =>
    {
        var devices = sql.Table<DeviceRow>();
        var isOwned = $"{devices[row => row.UserId]} = {devices.Value(row => row.UserId)}";
        var isId = $"{devices[row => row.Id]} = {devices.Value(row => row.Id)}";
        return $"""
            {OwnerTurn.Take(sql)}
            {devices.Insert()}
                WHERE NOT EXISTS (SELECT 1 FROM {devices} WHERE {isId})
                AND NOT EXISTS (SELECT 1 FROM {devices} WHERE {isOwned} AND {devices[row => row.ClientDeviceIdentifier]} = {devices.Value(row => row.ClientDeviceIdentifier)})
                AND NOT EXISTS (SELECT 1 FROM {devices} WHERE {isOwned} AND {devices[row => row.Fingerprint]} = {devices.Value(row => row.Fingerprint)})
                AND (SELECT COUNT(*) FROM {devices} WHERE {isOwned}) < {devices.Value(row => row.Version, "most")};
            SELECT COUNT(*) FROM {devices} WHERE {isId} AND {devices[row => row.WriteId]} = {devices.Value(row => row.WriteId)}
            """;
    });

    /// <summary>Adds the device unless one has its id, identifier or fingerprint, or its user has as many as allowed.</summary>
    /// <returns>The device that exists now; null if the user is at the limit, or if the conflicting device was removed or changed: then try again.</returns>
    public static Task<(DeviceRow? Row, bool IsOverLimit)> AddOrFindAsync(DbContext db, DeviceRow row, int maxDevices, CancellationToken cancellationToken)
    {
        row.WriteId = Guid.NewGuid();
        return OwnerTurn.RunAsync<(DeviceRow?, bool)>(
            db,
            async () => await Add.CountAsync(db, row, cancellationToken, ("most", (long)maxDevices)).ConfigureAwait(false) > 0 ? (row, false)
                : await FindAsync(db, row, cancellationToken).ConfigureAwait(false) is { } known ? (known, false)
                : null,
            async () => (null, await db.Set<DeviceRow>().CountAsync(other => other.UserId == row.UserId, cancellationToken).ConfigureAwait(false) >= maxDevices),
            cancellationToken);
    }

    public static Task<bool> TryReplaceAsync(DbContext db, DeviceRow to, CancellationToken cancellationToken)
    {
        var mark = Guid.NewGuid();
        return db.TryOnceAsync(
            () => db.Set<DeviceRow>()
                .Where(row => row.Id == to.Id && row.UserId == to.UserId && row.Version == to.Version)
                .ExecuteUpdateAsync(set =>
                {
                    set.SetProperty(row => row.Name, to.Name)
                        .SetProperty(row => row.Platform, to.Platform)
                        .SetProperty(row => row.Client, to.Client)
                        .SetProperty(row => row.ClientVersion, to.ClientVersion)
                        .SetProperty(row => row.IpAddress, to.IpAddress)
                        .SetProperty(row => row.MacAddress, to.MacAddress)
                        .SetProperty(row => row.Hostname, to.Hostname)
                        .SetProperty(row => row.ClientDeviceIdentifier, to.ClientDeviceIdentifier)
                        .SetProperty(row => row.Fingerprint, to.Fingerprint)
                        .SetProperty(row => row.SyncMode, to.SyncMode)
                        .SetProperty(row => row.SyncEnabled, to.SyncEnabled)
                        .SetProperty(row => row.SyncConfig, to.SyncConfig)
                        .SetProperty(row => row.Capabilities, to.Capabilities)
                        .SetProperty(row => row.UpdatedAt, to.UpdatedAt)
                        .SetProperty(row => row.Version, to.Version + 1)
                        .SetProperty(row => row.WriteId, mark);
                    if (to.LastSeenAt is { } seen)
                    {
                        set.SetProperty(row => row.LastSeenAt, row => row.LastSeenAt > seen ? row.LastSeenAt : seen); // only moves forward
                    }
                }, cancellationToken),
            () => db.Set<DeviceRow>().AnyAsync(row => row.Id == to.Id && row.WriteId == mark, cancellationToken));
    }

    private static async Task<DeviceRow?> FindAsync(DbContext db, DeviceRow row, CancellationToken cancellationToken)
    {
        var found = await db.Set<DeviceRow>().AsNoTracking()
            .Where(other => other.Id == row.Id || (other.UserId == row.UserId
                && ((row.ClientDeviceIdentifier != null && other.ClientDeviceIdentifier == row.ClientDeviceIdentifier)
                    || (row.Fingerprint != null && other.Fingerprint == row.Fingerprint))))
            .ToListAsync(cancellationToken).ConfigureAwait(false);
        return found.Find(same => same.Id == row.Id)
            ?? found.Find(same => row.ClientDeviceIdentifier is not null && same.ClientDeviceIdentifier == row.ClientDeviceIdentifier)
            ?? found.FirstOrDefault();
    }
}
