using System.Globalization;
using Microsoft.EntityFrameworkCore;

namespace DeviceAuthorization.EntityFramework;

/// <summary>The statements that write devices.</summary>
internal static class DeviceSql
{
    /// <summary>Adds the device unless one has its id, identifier or fingerprint, or its user has as many as allowed. After a refusal, reads once more why.</summary>
    /// <returns>The device that exists now; null if the user is at the limit, or if the conflicting device was removed or changed: then try again.</returns>
    public static Task<(DeviceRow? Row, bool IsOverLimit)> AddOrFindAsync(DbContext db, DeviceRow row, int maxDevices, CancellationToken cancellationToken) =>
        OwnerTurn.RunAsync(
            db,
            async () =>
            {
                var found = await InsertAsync(db, row, maxDevices, cancellationToken).ConfigureAwait(false);
                var stored = found.Find(same => same.Id == row.Id)
                    ?? found.Find(same => row.ClientDeviceIdentifier is not null && same.ClientDeviceIdentifier == row.ClientDeviceIdentifier)
                    ?? found.FirstOrDefault();
                return (stored, stored is null && await db.Set<DeviceRow>().CountAsync(other => other.UserId == row.UserId, cancellationToken).ConfigureAwait(false) >= maxDevices);
            },
            cancellationToken);

    /// <summary>Returns all devices with one of the three; none if none exists and the device may not be added.</summary>
    private static Task<List<DeviceRow>> InsertAsync(DbContext db, DeviceRow row, int maxDevices, CancellationToken cancellationToken)
    {
        var sql = new SqlBatch(db);
        var isOwned = $"{sql.Column<DeviceRow>(nameof(DeviceRow.UserId))} = {sql.Value<DeviceRow>(nameof(DeviceRow.UserId), row.UserId)}";
        var same = $"""
            {sql.Column<DeviceRow>(nameof(DeviceRow.Id))} = {sql.Value<DeviceRow>(nameof(DeviceRow.Id), row.Id)}
            OR ({isOwned} AND (
                {sql.Column<DeviceRow>(nameof(DeviceRow.ClientDeviceIdentifier))} = {sql.Value<DeviceRow>(nameof(DeviceRow.ClientDeviceIdentifier), row.ClientDeviceIdentifier)}
                OR {sql.Column<DeviceRow>(nameof(DeviceRow.Fingerprint))} = {sql.Value<DeviceRow>(nameof(DeviceRow.Fingerprint), row.Fingerprint)}))
            """;
        var devices = sql.Table<DeviceRow>();
        return sql.QueryAsync<DeviceRow>($"""
            {OwnerTurn.Take(sql, row.UserId)}
            {sql.Insert(row)} WHERE NOT EXISTS (SELECT 1 FROM {devices} WHERE {same})
                AND (SELECT COUNT(*) FROM {devices} WHERE {isOwned}) < {maxDevices.ToString(CultureInfo.InvariantCulture)};
            SELECT * FROM {devices} WHERE {same}
            """, cancellationToken);
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
}
