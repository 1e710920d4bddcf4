using System.Data.Common;
using DeviceAuthorization.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAuthorization.EntityFramework;

/// <summary>
/// Devices and tokens in tables. A step on one row is one UPDATE with its whole condition. A step on more rows (add a device, issue a token, delete a
/// device, sign a user out) is a transaction that first takes the user's lock (<see cref="OwnerTurn"/>). Both are therefore correct at READ COMMITTED.
/// </summary>
internal sealed class EntityFrameworkDeviceRepository(IDeviceDatabase database, SyncConfigColumn configs) : IDeviceRepository
{
    private static readonly PerModel<Func<DbContext, string, CancellationToken, Task<Found?>>> ByHash = new(_ => EF.CompileAsyncQuery((DbContext db, string hash, CancellationToken _) =>
        db.Set<TokenRow>().AsNoTracking()
            .Where(token => token.Hash == hash && token.RevokedAt == null)
            .LeftJoin(
                db.Set<DeviceRow>().AsNoTracking(),
                token => new { Id = token.DeviceId, token.UserId },
                device => new { Id = (string?)device.Id, device.UserId },
                (token, device) => new Found(token, device))
            .FirstOrDefault()));

    // A user without a row of their own has nothing.
    private static readonly PerModel<Func<DbContext, string, long, CancellationToken, Task<OwnedCounts>>> Owned = new(_ => EF.CompileAsyncQuery(
        (DbContext db, string userId, long now, CancellationToken _) => db.Set<TokenOwnerRow>().Where(owner => owner.UserId == userId)
            .Select(owner => new OwnedCounts(
                db.Set<DeviceRow>().Count(device => device.UserId == userId),
                db.Set<TokenRow>().Count(token => token.UserId == userId && token.RevokedAt == null && (token.ExpiresAt == null || token.ExpiresAt > now)))
            { SignOuts = owner.SignOuts ?? 0 })
            .FirstOrDefault()));

    // Retries when the conflicting device changed before it was read.
    private const int AddAttempts = 3;

    /// <summary>Names the database in the log at start.</summary>
    public override string ToString() => database.ToString()!;

    public ValueTask<Device?> AddOrFindAsync(Device device, int maxDevices, CancellationToken cancellationToken) => new(database.WriteAsync(async db =>
    {
        for (var attempt = 0; attempt < AddAttempts; attempt++)
        {
            var (row, isOverLimit) = await DeviceSql.AddOrFindAsync(db, DeviceRow.From(device, configs), maxDevices, cancellationToken).ConfigureAwait(false);
            if (row is not null || isOverLimit)
            {
                return row?.ToDevice(configs);
            }
        }

        throw new DbUpdateConcurrencyException("A device was found and then gone, several times in a row.");
    }, cancellationToken));

    public ValueTask<Device?> FindAsync(string userId, string deviceId, CancellationToken cancellationToken) => new(database.ReadAsync(async db =>
        (await db.Set<DeviceRow>().AsNoTracking().FirstOrDefaultAsync(row => row.Id == deviceId && row.UserId == userId, cancellationToken).ConfigureAwait(false))
            ?.ToDevice(configs)));

    public ValueTask<Device?> FindByIdentifierAsync(string userId, string clientDeviceIdentifier, CancellationToken cancellationToken) => new(database.ReadAsync(async db =>
        (await db.Set<DeviceRow>().AsNoTracking()
            .FirstOrDefaultAsync(row => row.UserId == userId && row.ClientDeviceIdentifier == clientDeviceIdentifier, cancellationToken).ConfigureAwait(false))
            ?.ToDevice(configs)));

    public ValueTask<IReadOnlyList<Device>> ListAsync(string userId, CancellationToken cancellationToken) => new(database.ReadAsync<IReadOnlyList<Device>>(async db =>
    {
        var rows = await db.Set<DeviceRow>().AsNoTracking().Where(row => row.UserId == userId).ToListAsync(cancellationToken).ConfigureAwait(false);
        return [.. rows.OrderBy(row => row.CreatedAt).ThenBy(row => row.Id, StringComparer.Ordinal).Select(row => row.ToDevice(configs))];
    }));

    public ValueTask<OwnedCounts> CountAsync(string userId, DateTimeOffset now, CancellationToken cancellationToken) =>
        new(database.ReadAsync(db => Owned.Of(db)(db, userId, now.Write(), cancellationToken)));

    public ValueTask<DeviceReplacement> TryReplaceAsync(Device device, CancellationToken cancellationToken) => new(database.WriteAsync(async db =>
    {
        try
        {
            return await DeviceSql.TryReplaceAsync(db, DeviceRow.From(device, configs), cancellationToken).ConfigureAwait(false)
                ? DeviceReplacement.Replaced
                : DeviceReplacement.Stale;
        }
        catch (DbException)
        {
            var isDouble = await db.Set<DeviceRow>().AnyAsync(
                row => row.UserId == device.UserId && row.Id != device.Id
                    && ((device.ClientDeviceIdentifier != null && row.ClientDeviceIdentifier == device.ClientDeviceIdentifier)
                        || (device.Fingerprint != null && row.Fingerprint == device.Fingerprint)),
                cancellationToken).ConfigureAwait(false);
            if (!isDouble)
            {
                throw;
            }

            return DeviceReplacement.Conflict;
        }
    }, cancellationToken));

    public ValueTask<EndedAccess> DeleteAsync(string userId, string deviceId, DateTimeOffset now, CancellationToken cancellationToken) => new(database.WriteAsync(async db =>
    {
        var (mark, removed) = (Guid.NewGuid(), 0);
        return await OwnerTurn.RunAsync(
            db,
            userId,
            async () =>
            {
                var device = db.Set<DeviceRow>().Where(row => row.Id == deviceId && row.UserId == userId);
                var revoked = await TokenSql.RevokeAsync(db, userId, row => row.DeviceId == deviceId && device.Any(), now, mark, cancellationToken).ConfigureAwait(false);

                // One stays: if the commit is in doubt and this is repeated, we removed the device, and its tokens no longer name it.
                removed = Math.Max(removed, await device.ExecuteDeleteAsync(cancellationToken).ConfigureAwait(false));
                return new EndedAccess([.. revoked.Select(token => token with { DeviceId = deviceId })], removed);
            },
            cancellationToken).ConfigureAwait(false);
    }, cancellationToken));

    public ValueTask<EndedAccess> SignOutAsync(string userId, SignOutDevices devices, DateTimeOffset now, CancellationToken cancellationToken) => new(database.WriteAsync(async db =>
    {
        var (mark, removed) = (Guid.NewGuid(), 0);
        return await OwnerTurn.RunAsync(
            db,
            userId,
            async () =>
            {
                await db.Set<TokenOwnerRow>().Where(owner => owner.UserId == userId)
                    .ExecuteUpdateAsync(set => set.SetProperty(owner => owner.SignOuts, owner => (owner.SignOuts ?? 0) + 1), cancellationToken).ConfigureAwait(false);
                var revoked = await TokenSql.RevokeAsync(db, userId, _ => true, now, mark, cancellationToken).ConfigureAwait(false);
                var deleted = devices == SignOutDevices.Keep ? 0
                    : await db.Set<DeviceRow>().Where(row => row.UserId == userId).ExecuteDeleteAsync(cancellationToken).ConfigureAwait(false);

                removed = Math.Max(removed, deleted); // if the commit is in doubt and this is repeated, the first try removed them
                return new EndedAccess(revoked, removed);
            },
            cancellationToken).ConfigureAwait(false);
    }, cancellationToken));

    public ValueTask<TokenIssue> TryIssueTokenAsync(AccessToken token, TokenIssueConditions issue, CancellationToken cancellationToken) => new(database.WriteAsync(async db =>
    {
        var (row, replaced, isOverLimit) = await TokenSql.TryIssueAsync(db, TokenRow.From(token), issue, cancellationToken).ConfigureAwait(false);
        return new TokenIssue(row?.ToToken(), isOverLimit) { Replaced = replaced };
    }, cancellationToken));

    public ValueTask<TokenWithDevice?> FindTokenAsync(string hash, CancellationToken cancellationToken) => new(database.ReadAsync(async db =>
    {
        var found = await ByHash.Of(db)(db, hash, cancellationToken).ConfigureAwait(false);
        return found is null || (found.Token.IsBound && found.Device is null) ? null : new TokenWithDevice(found.Token.ToToken(), found.Device?.ToDevice(configs));
    }));

    public ValueTask<AccessToken?> FindTokenOfPairingAsync(Guid pairingId, CancellationToken cancellationToken) => new(database.ReadAsync(async db =>
        (await db.Set<TokenRow>().AsNoTracking().FirstOrDefaultAsync(row => row.PairingId == pairingId, cancellationToken).ConfigureAwait(false))?.ToToken()));

    public ValueTask<IReadOnlyList<AccessToken>> ListTokensAsync(string userId, CancellationToken cancellationToken) => new(database.ReadAsync<IReadOnlyList<AccessToken>>(async db =>
    {
        var rows = await db.Set<TokenRow>().AsNoTracking().Where(row => row.UserId == userId && row.RevokedAt == null).ToListAsync(cancellationToken).ConfigureAwait(false);
        return [.. rows.OrderByDescending(row => row.CreatedAt).ThenBy(row => row.Id).Select(row => row.ToToken())];
    }));

    public ValueTask<IReadOnlyList<AccessToken>> ListPairedTokensAsync(DateTimeOffset from, DateTimeOffset to, string? clientId, CancellationToken cancellationToken) =>
        new(database.ReadAsync<IReadOnlyList<AccessToken>>(async db =>
        {
            var (earliest, tooLate) = (from.Write(), to.Write());
            var rows = await db.Set<TokenRow>().AsNoTracking()
                .Where(row => row.PairingId != null && row.RevokedAt == null && row.CreatedAt >= earliest && row.CreatedAt < tooLate && (clientId == null || row.ClientId == clientId))
                .ToListAsync(cancellationToken).ConfigureAwait(false);
            return [.. rows.Where(row => clientId is null || row.ClientId == clientId).Select(row => row.ToToken())]; // the column's collation may ignore case
        }));

    public ValueTask<bool> TryReplaceTokenAsync(AccessToken token, CancellationToken cancellationToken) =>
        new(database.WriteAsync(db => TokenSql.TryReplaceAsync(db, TokenRow.From(token), cancellationToken), cancellationToken));

    public ValueTask TouchAsync(Guid tokenId, DateTimeOffset now, TimeSpan debounce, CancellationToken cancellationToken) =>
        new(database.WriteAsync(db => TokenSql.TouchAsync(db, tokenId, now, debounce, cancellationToken), cancellationToken));

    private sealed record Found(TokenRow Token, DeviceRow? Device);
}
