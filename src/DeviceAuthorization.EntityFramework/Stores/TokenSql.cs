using System.Data;
using System.Data.Common;
using System.Globalization;
using Microsoft.EntityFrameworkCore;

namespace DeviceAuthorization;

/// <summary>The statements that write tokens and the rows of their users.</summary>
internal static class TokenSql
{
    /// <summary>
    /// Issues the token in one transaction and one command. Its first statement takes the lock of the user, so that those who issue or
    /// delete for the same user follow one another, and each later statement sees what the one before committed: READ COMMITTED takes a
    /// new view for every statement. A repetition finds the token by its id.
    /// </summary>
    /// <returns>The pairing's token; null when there is none, because the user is unknown or at the limit, or the device is gone.</returns>
    public static async Task<TokenRow?> TryIssueAsync(DbContext db, TokenRow row, TokenIssueConditions issue, CancellationToken cancellationToken)
    {
        var stored = await InTransactionAsync(db, () => IssueAsync(db, row, issue, cancellationToken), cancellationToken).ConfigureAwait(false);
        return stored.FirstOrDefault();
    }

    private static Task<List<TokenRow>> IssueAsync(DbContext db, TokenRow row, TokenIssueConditions issue, CancellationToken cancellationToken)
    {
        var sql = new SqlBatch(db);
        string Column(string name) => sql.Column<TokenRow>(name);
        var (tokens, devices, owners) = (sql.Table<TokenRow>(), sql.Table<DeviceRow>(), sql.Table<TokenOwnerRow>());
        var now = sql.Value<TokenRow>(nameof(TokenRow.RevokedAt), issue.Now.Write());
        var user = sql.Value<TokenRow>(nameof(TokenRow.UserId), row.UserId);
        var device = sql.Value<TokenRow>(nameof(TokenRow.DeviceId), row.DeviceId);
        var owner = $"{sql.Column<TokenOwnerRow>(nameof(TokenOwnerRow.UserId))} = {user}";
        var turn = sql.Column<TokenOwnerRow>(nameof(TokenOwnerRow.Turn));
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
            EXISTS (SELECT 1 FROM {owners} WHERE {owner})
            AND NOT EXISTS (SELECT 1 FROM {tokens} WHERE {same})
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
            UPDATE {owners} SET {turn} = {turn} + 1 WHERE {owner};
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
                        : to.LastUsedAt) // only ever forward, but for a new secret
                    .SetProperty(row => row.RevokedAt, to.RevokedAt)
                    .SetProperty(row => row.Version, to.Version + 1)
                    .SetProperty(row => row.WriteId, mark), cancellationToken),
            () => db.Set<TokenRow>().AnyAsync(row => row.Id == to.Id && row.WriteId == mark, cancellationToken));
    }

    /// <summary>Adds the row of a user unless there is one. Outside of transactions: a unique violation would end them.</summary>
    public static async Task AddOwnerAsync(DbContext db, string userId, int attempts, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await db.Database.CreateExecutionStrategy().ExecuteAsync(() =>
                {
                    var sql = new SqlBatch(db);
                    return sql.ExecuteAsync(InsertOwner(sql, userId), cancellationToken);
                }).ConfigureAwait(false);
                return;
            }
            catch (DbException) when (attempt < attempts)
            {
                // Added by another one meanwhile. Anything else comes again, and is thrown.
            }
        }
    }

    public static string InsertOwner(SqlBatch sql, string userId)
    {
        var user = sql.Value<TokenOwnerRow>(nameof(TokenOwnerRow.UserId), userId);
        return $"""
            {sql.Insert(new TokenOwnerRow { UserId = userId })}
            WHERE NOT EXISTS (SELECT 1 FROM {sql.Table<TokenOwnerRow>()} WHERE {sql.Column<TokenOwnerRow>(nameof(TokenOwnerRow.UserId))} = {user})
            """;
    }

    public static Task<T> InTransactionAsync<T>(DbContext db, Func<Task<T>> step, CancellationToken cancellationToken) =>
        db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
        {
            // Said aloud: a database or host with a stricter default would fail those who wait, instead of letting them follow.
            var transaction = await db.Database.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken).ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                var result = await step().ConfigureAwait(false);
                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                return result;
            }
        });
}
