using System.Globalization;
using DeviceAuthorization.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAuthorization.EntityFramework;

/// <summary>The statements that write tokens.</summary>
internal static class TokenSql
{
    /// <summary>Issues the token in one transaction and one command. After a refusal, reads once more why. A repetition finds the token by its id.</summary>
    /// <returns>The token, or the pairing's earlier one; null if the user is at the limit, or if the device no longer exists.</returns>
    public static Task<(TokenRow? Row, bool IsOverLimit)> TryIssueAsync(DbContext db, TokenRow row, TokenIssueConditions issue, CancellationToken cancellationToken) =>
        OwnerTurn.RunAsync(
            db,
            async () =>
            {
                var stored = (await IssueAsync(db, row, issue, cancellationToken).ConfigureAwait(false)).FirstOrDefault();
                var isOverLimit = stored is null && (row.DeviceId is null
                    || await db.Set<DeviceRow>().AnyAsync(device => device.Id == row.DeviceId && device.UserId == row.UserId, cancellationToken).ConfigureAwait(false));
                return (stored, isOverLimit);
            },
            cancellationToken);

    private static Task<List<TokenRow>> IssueAsync(DbContext db, TokenRow row, TokenIssueConditions issue, CancellationToken cancellationToken)
    {
        var sql = new SqlBatch(db);
        string Column(string name) => sql.Column<TokenRow>(name);
        var (tokens, devices) = (sql.Table<TokenRow>(), sql.Table<DeviceRow>());
        var now = sql.Value<TokenRow>(nameof(TokenRow.RevokedAt), issue.Now.Write());
        var user = sql.Value<TokenRow>(nameof(TokenRow.UserId), row.UserId);
        var device = sql.Value<TokenRow>(nameof(TokenRow.DeviceId), row.DeviceId);
        var same = $"""
            {Column(nameof(TokenRow.Id))} = {sql.Value<TokenRow>(nameof(TokenRow.Id), row.Id)}
            OR {Column(nameof(TokenRow.PairingId))} = {sql.Value<TokenRow>(nameof(TokenRow.PairingId), row.PairingId)}
            """;
        var hasDevice = row.DeviceId is null ? "" : $"""
            AND EXISTS (SELECT 1 FROM {devices}
                WHERE {sql.Column<DeviceRow>(nameof(DeviceRow.Id))} = {device} AND {sql.Column<DeviceRow>(nameof(DeviceRow.UserId))} = {user})
            """;
        var replaces = issue.ReplacesEarlier && row.DeviceId is not null;
        var stays = replaces ? $"AND ({Column(nameof(TokenRow.DeviceId))} IS NULL OR {Column(nameof(TokenRow.DeviceId))} <> {device})" : "";
        var mayIssue = $"""
            NOT EXISTS (SELECT 1 FROM {tokens} WHERE {same})
            {hasDevice}
            AND (SELECT COUNT(*) FROM {tokens}
                WHERE {Column(nameof(TokenRow.UserId))} = {user} AND {Column(nameof(TokenRow.RevokedAt))} IS NULL
                AND ({Column(nameof(TokenRow.ExpiresAt))} IS NULL OR {Column(nameof(TokenRow.ExpiresAt))} > {now}) {stays}
            ) < {issue.MaxLiveTokens.ToString(CultureInfo.InvariantCulture)}
            """;
        var revoke = !replaces ? "" : $"""
            UPDATE {tokens} SET {Column(nameof(TokenRow.RevokedAt))} = {now}, {Column(nameof(TokenRow.Version))} = {Column(nameof(TokenRow.Version))} + 1,
                {Column(nameof(TokenRow.WriteId))} = {sql.Value<TokenRow>(nameof(TokenRow.WriteId), Guid.NewGuid())}
                WHERE {Column(nameof(TokenRow.DeviceId))} = {device} AND {Column(nameof(TokenRow.RevokedAt))} IS NULL AND {mayIssue};
            """;
        return sql.QueryAsync<TokenRow>($"""
            {OwnerTurn.Take(sql, row.UserId)}
            {revoke}
            {sql.Insert(row)} WHERE {mayIssue};
            SELECT * FROM {tokens} WHERE {same}
            """, cancellationToken);
    }

    public static Task<bool> TryReplaceAsync(DbContext db, TokenRow to, CancellationToken cancellationToken)
    {
        var mark = Guid.NewGuid();
        return db.TryOnceAsync(
            () => db.Set<TokenRow>()
                .Where(row => row.Id == to.Id && row.Version == to.Version)
                .ExecuteUpdateAsync(set => set
                    .SetProperty(row => row.Hash, to.Hash)
                    .SetProperty(row => row.Name, to.Name)
                    .SetProperty(row => row.Scopes, to.Scopes)
                    .SetProperty(row => row.ExpiresAt, to.ExpiresAt)
                    .SetProperty(row => row.LastUsedAt, row => row.Hash == to.Hash && (to.LastUsedAt == null || row.LastUsedAt > to.LastUsedAt)
                        ? row.LastUsedAt
                        : to.LastUsedAt) // only moves forward, except with a new secret
                    .SetProperty(row => row.RevokedAt, to.RevokedAt)
                    .SetProperty(row => row.Version, to.Version + 1)
                    .SetProperty(row => row.WriteId, mark), cancellationToken),
            () => db.Set<TokenRow>().AnyAsync(row => row.Id == to.Id && row.WriteId == mark, cancellationToken));
    }
}
