using System.Data.Common;
using System.Linq.Expressions;
using DeviceAuthorization.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAuthorization.EntityFramework;

/// <summary>
/// Pairings in a table. Every transition is one UPDATE with its whole condition, and the number of changed rows is the answer. This is correct at
/// READ COMMITTED without a transaction. What a device asked for (codes, client, scopes, what it says about itself) is written once.
/// </summary>
internal sealed class EntityFrameworkPairingStore(IPairingDatabase database) : IPairingStore
{
    private static readonly long Tolerance = (long)Pacing.Tolerance.TotalMilliseconds;
    private static readonly PairingStatus[] Known = Enum.GetValues<PairingStatus>();
    private static readonly long FarthestDue = (long)(Pacing.LongestInterval + Pacing.Tolerance).TotalMilliseconds;

    public ValueTask<PairingAddition> TryAddAsync(Pairing pairing, CancellationToken cancellationToken) => new(database.RunAsync(async db =>
    {
        try
        {
            await SqlBatch.AddAsync(db, PairingRow.From(pairing), cancellationToken).ConfigureAwait(false);
            return PairingAddition.Added;
        }
        catch (DbException)
        {
            // Each provider names a unique violation in its own way, but all leave the same rows to see.
            var taken = await db.Set<PairingRow>()
                .Where(row => row.DeviceCodeHash == pairing.DeviceCodeHash || row.UserCodeHash == pairing.UserCodeHash)
                .Select(row => row.Id)
                .ToListAsync(cancellationToken).ConfigureAwait(false);
            if (taken.Count == 0)
            {
                throw;
            }

            // Its own row: the first try of a repeated insert was committed after all.
            return taken.Contains(pairing.Id) ? PairingAddition.Added : PairingAddition.CodeTaken;
        }
    }));

    public ValueTask<Pairing?> FindByUserCodeAsync(string userCodeHash, CancellationToken cancellationToken) => new(database.RunAsync(async db =>
        (await ReadAsync(db, row => row.UserCodeHash == userCodeHash, cancellationToken).ConfigureAwait(false))?.ToPairing()));

    public ValueTask<PollAttempt> TryAcceptPollAsync(
        string deviceCodeHash, string? clientId, DateTimeOffset now, CancellationToken cancellationToken) => new(database.RunAsync(async db =>
    {
        var (at, due, farthest, mark) = (now.Write(), now.Write() + Tolerance, now.Write() + FarthestDue, Guid.NewGuid());
        var pairing = db.Set<PairingRow>().Where(row => row.DeviceCodeHash == deviceCodeHash);
        var mine = clientId is null ? pairing.Where(row => !row.RequiresClientId) : pairing.Where(row => row.ClientId == clientId);
        var rows = await mine
            .Where(row => row.Status == PairingStatus.Pending && row.ExpiresAt > at && (row.PollDueAt <= due || row.PollDueAt > farthest))
            .ExecuteUpdateAsync(set => set
                .SetProperty(row => row.PollDueAt, row => at + row.PollInterval)
                .SetProperty(row => row.IsSlowed, false)
                .SetProperty(row => row.PollWriteId, mark), cancellationToken).ConfigureAwait(false);
        if (rows > 0)
        {
            return PollAttempt.Accepted;
        }

        var read = await ReadAsync(db, row => row.DeviceCodeHash == deviceCodeHash, cancellationToken).ConfigureAwait(false);
        return read?.PollWriteId == mark ? PollAttempt.Accepted : PollAttempt.NotAccepted(read?.ToPairing()); // an earlier try of this statement accepted it
    }));

    public ValueTask<bool> TrySlowDownAsync(Pairing read, Pacing slower, CancellationToken cancellationToken) => new(database.RunAsync(db =>
    {
        var (from, to, mark) = (PairingRow.From(read), PairingRow.From(read with { Pacing = slower }), Guid.NewGuid());
        return db.TryOnceAsync(
            () => db.Set<PairingRow>()
                .Where(row => row.DeviceCodeHash == from.DeviceCodeHash && row.Status == PairingStatus.Pending
                    && row.PollInterval == from.PollInterval && row.PollDueAt == from.PollDueAt && row.IsSlowed == from.IsSlowed)
                .ExecuteUpdateAsync(set => set
                    .SetProperty(row => row.PollInterval, to.PollInterval)
                    .SetProperty(row => row.PollDueAt, to.PollDueAt)
                    .SetProperty(row => row.IsSlowed, to.IsSlowed)
                    .SetProperty(row => row.PollWriteId, mark), cancellationToken),
            () => db.Set<PairingRow>().AnyAsync(row => row.DeviceCodeHash == from.DeviceCodeHash && row.PollWriteId == mark, cancellationToken));
    }));

    public ValueTask<bool> TryReplaceAsync(Pairing pairing, DateTimeOffset now, CancellationToken cancellationToken) => new(database.RunAsync(db =>
    {
        var (to, at, mark) = (PairingRow.From(pairing), now.Write(), Guid.NewGuid());
        return db.TryOnceAsync(
            () => db.Set<PairingRow>()
                .Where(row => row.Id == to.Id && row.Version == to.Version && row.ExpiresAt > at)
                .ExecuteUpdateAsync(set => set
                    .SetProperty(row => row.Status, to.Status)
                    .SetProperty(row => row.ExpiresAt, to.ExpiresAt)
                    .SetProperty(row => row.ApproverId, to.ApproverId)
                    .SetProperty(row => row.ClaimedUntil, to.ClaimedUntil)
                    .SetProperty(row => row.GrantedScopes, to.GrantedScopes)
                    .SetProperty(row => row.GrantedDeviceName, to.GrantedDeviceName)
                    .SetProperty(row => row.GrantedAsNewDevice, to.GrantedAsNewDevice)
                    .SetProperty(row => row.TokenExpiresAt, to.TokenExpiresAt)
                    .SetProperty(row => row.TokenSalt, to.TokenSalt)
                    .SetProperty(row => row.DeviceId, to.DeviceId)
                    .SetProperty(row => row.MatchNumber, to.MatchNumber)
                    .SetProperty(row => row.RedeemedAt, to.RedeemedAt)
                    .SetProperty(row => row.IdempotencyKeyHash, to.IdempotencyKeyHash)
                    .SetProperty(row => row.RedeemedFrom, to.RedeemedFrom)
                    .SetProperty(row => row.Version, to.Version + 1)
                    .SetProperty(row => row.WriteId, mark), cancellationToken),
            () => db.Set<PairingRow>().AnyAsync(row => row.Id == to.Id && row.WriteId == mark, cancellationToken));
    }));

    public ValueTask<int> RemoveExpiredAsync(DateTimeOffset before, int max, CancellationToken cancellationToken) => new(database.RunAsync(db =>
    {
        var at = before.Write();
        return db.Set<PairingRow>().Where(row => row.ExpiresAt < at).OrderBy(row => row.ExpiresAt).Take(max).ExecuteDeleteAsync(cancellationToken);
    }));

    /// <summary>Treats a row with a status of a newer version as missing: it grants nothing, and does not fail each poll.</summary>
    private static Task<PairingRow?> ReadAsync(DbContext db, Expression<Func<PairingRow, bool>> which, CancellationToken cancellationToken) =>
        db.Set<PairingRow>().AsNoTracking().Where(row => EF.Constant(Known).Contains(row.Status)).FirstOrDefaultAsync(which, cancellationToken);
}
