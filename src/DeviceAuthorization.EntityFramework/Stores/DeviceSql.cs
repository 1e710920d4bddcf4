using Microsoft.EntityFrameworkCore;

namespace DeviceAuthorization;

/// <summary>The statements that write devices.</summary>
internal static class DeviceSql
{
    /// <summary>
    /// Adds the device unless there is one with its id, identifier or fingerprint, and the row of its user unless there is one; gives all
    /// that have one of the three. A unique violation means that another one was quicker: do it again.
    /// </summary>
    public static Task<List<DeviceRow>> AddOrFindAsync(DbContext db, DeviceRow row, CancellationToken cancellationToken)
    {
        var sql = new SqlBatch(db);
        var same = $"""
            {sql.Column<DeviceRow>(nameof(DeviceRow.Id))} = {sql.Value<DeviceRow>(nameof(DeviceRow.Id), row.Id)}
            OR ({sql.Column<DeviceRow>(nameof(DeviceRow.UserId))} = {sql.Value<DeviceRow>(nameof(DeviceRow.UserId), row.UserId)} AND (
                {sql.Column<DeviceRow>(nameof(DeviceRow.ClientDeviceIdentifier))} = {sql.Value<DeviceRow>(nameof(DeviceRow.ClientDeviceIdentifier), row.ClientDeviceIdentifier)}
                OR {sql.Column<DeviceRow>(nameof(DeviceRow.Fingerprint))} = {sql.Value<DeviceRow>(nameof(DeviceRow.Fingerprint), row.Fingerprint)}))
            """;
        var devices = sql.Table<DeviceRow>();
        return sql.QueryAsync<DeviceRow>($"""
            {TokenSql.InsertOwner(sql, row.UserId)};
            {sql.Insert(row)} WHERE NOT EXISTS (SELECT 1 FROM {devices} WHERE {same});
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
                        set.SetProperty(row => row.LastSeenAt, row => row.LastSeenAt > seen ? row.LastSeenAt : seen); // only ever forward
                    }
                }, cancellationToken),
            () => db.Set<DeviceRow>().AnyAsync(row => row.Id == to.Id && row.WriteId == mark, cancellationToken));
    }
}
