using System.Linq.Expressions;
using DeviceAuthorization.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAuthorization.EntityFramework;

/// <summary>The statements that write tokens.</summary>
internal static class TokenSql
{
    private static readonly Statement IssueAndReplace = Issue(replaces: true);
    private static readonly Statement IssueBeside = Issue(replaces: false);

    private static readonly Statement UpdateUse = new(sql =>
    {
        var (tokens, devices) = (sql.Table<TokenRow>(), sql.Table<DeviceRow>());
        var isToken = $"{tokens[row => row.Id]} = {tokens.Value(row => row.Id, "id")}";
        var (seen, used) = (devices[row => row.LastSeenAt], tokens[row => row.LastUsedAt]);
        var (now, old) = (tokens.Value(row => row.LastUsedAt, "now"), tokens.Value(row => row.LastUsedAt, "old"));
        return $"""
            UPDATE {tokens} SET {used} = {now} WHERE {isToken} AND {tokens[row => row.RevokedAt]} IS NULL AND ({used} IS NULL OR {used} <= {old});
            UPDATE {devices} SET {seen} = {now}
                WHERE {devices[row => row.Id]} = (SELECT {tokens[row => row.DeviceId]} FROM {tokens} WHERE {isToken}) AND ({seen} IS NULL OR {seen} <= {old})
            """;
    });

    /// <summary>Issues the token in one transaction and one command. A repetition recognises its token by the mark.</summary>
    /// <returns>
    /// The token, or the pairing's earlier one; null if the user is at the limit or was signed out, or if the device no longer exists. And what it replaced.
    /// </returns>
    public static Task<(TokenRow? Row, IReadOnlyList<AccessToken> Replaced, bool IsOverLimit)> TryIssueAsync(DbContext db, TokenRow row, TokenIssueConditions issue, CancellationToken cancellationToken)
    {
        var statement = issue.ReplacesEarlier && row.DeviceId is not null ? IssueAndReplace : IssueBeside;
        row.WriteId = Guid.NewGuid();
        return OwnerTurn.RunAsync<(TokenRow?, IReadOnlyList<AccessToken>, bool)>(
            db,
            async () =>
            {
                var written = await statement.CountAsync(db, row, cancellationToken, ("now", issue.Now.Write()), ("most", (long)issue.MaxLiveTokens), ("signOuts", issue.SignOuts)).ConfigureAwait(false);
                if (written > 1) // a look-up more, but only where a device pairs again
                {
                    var marked = await MarkedAsync(db, row.UserId, row.WriteId, CancellationToken.None).ConfigureAwait(false); // it is issued: only we know what it replaced
                    return (row, [.. marked.Where(token => token.Id != row.Id)], false);
                }

                var stored = written > 0 ? row
                    : await db.Set<TokenRow>().AsNoTracking()
                        .FirstOrDefaultAsync(token => token.Id == row.Id || (row.PairingId != null && token.PairingId == row.PairingId), cancellationToken).ConfigureAwait(false);
                return stored is null ? null : (stored, [], false);
            },
            async () => (null, [], (row.DeviceId is null
                    || await db.Set<DeviceRow>().AnyAsync(device => device.Id == row.DeviceId && device.UserId == row.UserId, cancellationToken).ConfigureAwait(false))
                && (issue.SignOuts is null
                    || await db.Set<TokenOwnerRow>().AnyAsync(owner => owner.UserId == row.UserId && (owner.SignOuts ?? 0) == issue.SignOuts, cancellationToken).ConfigureAwait(false))),
            cancellationToken);
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

    /// <summary>Revokes tokens of a user, whose turn it is. A repetition with the same mark finds those of the first try.</summary>
    public static async Task<IReadOnlyList<AccessToken>> RevokeAsync(
        DbContext db, string userId, Expression<Func<TokenRow, bool>> which, DateTimeOffset now, Guid mark, CancellationToken cancellationToken)
    {
        await db.Set<TokenRow>().Where(row => row.UserId == userId && row.RevokedAt == null).Where(which)
            .ExecuteUpdateAsync(set => set
                .SetProperty(row => row.RevokedAt, now.Write())
                .SetProperty(row => row.Version, row => row.Version + 1)
                .SetProperty(row => row.WriteId, mark), cancellationToken).ConfigureAwait(false);
        return await MarkedAsync(db, userId, mark, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<IReadOnlyList<AccessToken>> MarkedAsync(DbContext db, string userId, Guid mark, CancellationToken cancellationToken)
    {
        var rows = await db.Set<TokenRow>().AsNoTracking().Where(row => row.UserId == userId && row.WriteId == mark).ToListAsync(cancellationToken).ConfigureAwait(false);
        return [.. rows.Select(row => row.ToToken())];
    }

    /// <summary>Two statements, each complete without the other: the times of the token and of its device.</summary>
    public static Task<int> TouchAsync(DbContext db, Guid tokenId, DateTimeOffset now, TimeSpan debounce, CancellationToken cancellationToken) =>
        UpdateUse.ExecuteAsync(db, null, cancellationToken, ("id", tokenId), ("now", now.Write()), ("old", (now - debounce).Write()));

    private static Statement Issue(bool replaces) => new(sql =>
    {
        var (tokens, devices, owners) = (sql.Table<TokenRow>(), sql.Table<DeviceRow>(), sql.Table<TokenOwnerRow>());
        var (id, user, device, revoked) = (tokens[row => row.Id], tokens[row => row.UserId], tokens[row => row.DeviceId], tokens[row => row.RevokedAt]);
        var (newId, ofUser, ofDevice, now) = (tokens.Value(row => row.Id), tokens.Value(row => row.UserId), tokens.Value(row => row.DeviceId), tokens.Value(row => row.RevokedAt, "now"));
        var isMine = $"{id} = {newId} AND {tokens[row => row.WriteId]} = {tokens.Value(row => row.WriteId)}"; // not an earlier call's, which may have been replaced since
        var (isOwner, signOuts) = ($"{owners[row => row.UserId]} = {ofUser}", owners.Value(row => row.SignOuts, "signOuts"));
        var isIssued = $"EXISTS (SELECT 1 FROM {tokens} WHERE {isMine})";
        return $"""
            {OwnerTurn.Take(sql)}
            {tokens.Insert()}
                WHERE NOT EXISTS (SELECT 1 FROM {tokens} WHERE {id} = {newId})
                AND NOT EXISTS (SELECT 1 FROM {tokens} WHERE {tokens[row => row.PairingId]} = {tokens.Value(row => row.PairingId)})
                AND ({signOuts} IS NULL OR EXISTS (SELECT 1 FROM {owners} WHERE {isOwner} AND COALESCE({owners[row => row.SignOuts]}, 0) = {signOuts}))
                AND ({ofDevice} IS NULL OR EXISTS (SELECT 1 FROM {devices} WHERE {devices[row => row.Id]} = {ofDevice} AND {devices[row => row.UserId]} = {ofUser}))
                AND (SELECT COUNT(*) FROM {tokens}
                    WHERE {user} = {ofUser} AND {revoked} IS NULL AND ({tokens[row => row.ExpiresAt]} IS NULL OR {tokens[row => row.ExpiresAt]} > {now})
                    {(replaces ? $"AND ({device} IS NULL OR {device} <> {ofDevice})" : "")}) < {tokens.Value(row => row.Version, "most")};
            {(!replaces ? "" : $"""
            UPDATE {tokens}
                SET {revoked} = {now}, {tokens[row => row.Version]} = {tokens[row => row.Version]} + 1, {tokens[row => row.WriteId]} = {tokens.Value(row => row.WriteId)}
                WHERE {device} = {ofDevice} AND {revoked} IS NULL AND {id} <> {newId} AND {isIssued};
            """)}
            SELECT (SELECT COUNT(*) FROM {tokens} WHERE {isMine}){(!replaces ? "" : $"""
             * (SELECT 1 + COUNT(*) FROM {tokens} WHERE {device} = {ofDevice} AND {tokens[row => row.WriteId]} = {tokens.Value(row => row.WriteId)} AND {id} <> {newId})
            """)}
            """;
    });
}
