using System.Data.Common;
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

    private static readonly Statement Add = new(sql => sql.Table<PairingRow>().Insert());
    private static readonly Statement AcceptPollOfClient = AcceptPoll(pairings => $"{pairings[row => row.ClientId]} = {pairings.Value(row => row.ClientId, "client")}");
    private static readonly Statement AcceptPollOfAny = AcceptPoll(pairings => $"{pairings[row => row.RequiresClientId]} = {pairings.Value(row => row.RequiresClientId, "no")}");

    private static readonly Statement SlowDown = new(sql =>
    {
        var pairings = sql.Table<PairingRow>();
        return $"""
            UPDATE {pairings} SET {pairings.Set(row => row.PollInterval, row => row.PollDueAt, row => row.IsSlowed, row => row.PollWriteId)}
            WHERE {pairings[row => row.DeviceCodeHash]} = {pairings.Value(row => row.DeviceCodeHash)} AND {pairings[row => row.Status]} = {pairings.Value(row => row.Status, "pending")}
            AND {pairings[row => row.PollInterval]} = {pairings.Value(row => row.PollInterval, "interval")} AND {pairings[row => row.PollDueAt]} = {pairings.Value(row => row.PollDueAt, "due")}
            AND {pairings[row => row.IsSlowed]} = {pairings.Value(row => row.IsSlowed, "slowed")}
            """;
    });

    private static readonly Statement Replace = new(sql =>
    {
        var pairings = sql.Table<PairingRow>();
        var set = pairings.Set(
            row => row.Status, row => row.ExpiresAt, row => row.ApproverId, row => row.ClaimedUntil, row => row.IsSuspected, row => row.GrantedScopes,
            row => row.GrantedDeviceName, row => row.GrantedAsNewDevice, row => row.TokenExpiresAt, row => row.TokenSalt, row => row.DeviceId, row => row.GrantedSignOuts, row => row.GrantedAccountStamp, row => row.MatchNumber,
            row => row.RedeemedAt, row => row.IdempotencyKeyHash, row => row.RedeemedFrom, row => row.WriteId);
        var version = pairings[row => row.Version];
        return $"""
            UPDATE {pairings} SET {set}, {version} = {version} + 1
            WHERE {pairings[row => row.Id]} = {pairings.Value(row => row.Id)} AND {version} = {pairings.Value(row => row.Version)}
            AND {pairings[row => row.ExpiresAt]} > {pairings.Value(row => row.ExpiresAt, "now")}
            """;
    });

    // A row with a status of a newer version counts as missing: it grants nothing, and does not fail each poll.
    private static readonly PerModel<Func<DbContext, string, CancellationToken, Task<PairingRow?>>> ByDeviceCode = new(_ => EF.CompileAsyncQuery((DbContext db, string hash, CancellationToken _) =>
        db.Set<PairingRow>().AsNoTracking().FirstOrDefault(row => row.DeviceCodeHash == hash && Known.Contains(row.Status))));

    private static readonly PerModel<Func<DbContext, string, CancellationToken, Task<PairingRow?>>> ByUserCode = new(_ => EF.CompileAsyncQuery((DbContext db, string hash, CancellationToken _) =>
        db.Set<PairingRow>().AsNoTracking().FirstOrDefault(row => row.UserCodeHash == hash && Known.Contains(row.Status))));

    /// <summary>Names the database in the log at start.</summary>
    public override string ToString() => database.ToString()!;

    public ValueTask<PairingAddition> TryAddAsync(Pairing pairing, CancellationToken cancellationToken) => new(database.WriteAsync(async db =>
    {
        try
        {
            await Add.ExecuteAsync(db, PairingRow.From(pairing), cancellationToken).ConfigureAwait(false);
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
    }, cancellationToken));

    public ValueTask<Pairing?> FindByUserCodeAsync(string userCodeHash, CancellationToken cancellationToken) => new(database.ReadAsync(async db =>
        (await ByUserCode.Of(db)(db, userCodeHash, cancellationToken).ConfigureAwait(false))?.ToPairing()));

    public ValueTask<Pairing?> FindByDeviceCodeAsync(string deviceCodeHash, CancellationToken cancellationToken) => new(database.ReadAsync(async db =>
        (await ByDeviceCode.Of(db)(db, deviceCodeHash, cancellationToken).ConfigureAwait(false))?.ToPairing()));

    public ValueTask<IReadOnlyCollection<string>> FindDecidedAsync(IReadOnlyCollection<string> deviceCodeHashes, CancellationToken cancellationToken) => new(database.ReadAsync(async db =>
        (IReadOnlyCollection<string>)await db.Set<PairingRow>()
            .Where(row => deviceCodeHashes.Contains(row.DeviceCodeHash) && row.Status != PairingStatus.Pending)
            .Select(row => row.DeviceCodeHash)
            .ToListAsync(cancellationToken).ConfigureAwait(false)));

    public ValueTask<PollAttempt> TryAcceptPollAsync(
        string deviceCodeHash, string? clientId, DateTimeOffset now, CancellationToken cancellationToken) => new(database.WriteAsync(async db =>
    {
        var (at, mark) = (now.Write(), Guid.NewGuid());
        var rows = await (clientId is null ? AcceptPollOfAny : AcceptPollOfClient).ExecuteAsync(
            db,
            null,
            cancellationToken,
            ("hash", deviceCodeHash), ("client", clientId), ("pending", PairingStatus.Pending), ("no", false), ("mark", mark),
            ("now", at), ("due", at + Tolerance), ("farthest", at + FarthestDue)).ConfigureAwait(false);
        if (rows > 0)
        {
            return PollAttempt.Accepted;
        }

        var read = await ByDeviceCode.Of(db)(db, deviceCodeHash, cancellationToken).ConfigureAwait(false);
        return read?.PollWriteId == mark ? PollAttempt.Accepted : PollAttempt.NotAccepted(read?.ToPairing()); // an earlier try of this statement accepted it
    }, cancellationToken));

    public ValueTask<bool> TrySlowDownAsync(Pairing read, Pacing slower, CancellationToken cancellationToken) => new(database.WriteAsync(db =>
    {
        var (from, to) = (PairingRow.From(read), PairingRow.From(read with { Pacing = slower }));
        to.PollWriteId = Guid.NewGuid();
        return db.TryOnceAsync(
            () => SlowDown.ExecuteAsync(
                db, to, cancellationToken, ("pending", PairingStatus.Pending), ("interval", from.PollInterval), ("due", from.PollDueAt), ("slowed", from.IsSlowed)),
            () => db.Set<PairingRow>().AnyAsync(row => row.DeviceCodeHash == to.DeviceCodeHash && row.PollWriteId == to.PollWriteId, cancellationToken));
    }, cancellationToken));

    public ValueTask<bool> TryReplaceAsync(Pairing pairing, DateTimeOffset now, CancellationToken cancellationToken) => new(database.WriteAsync(db =>
    {
        var to = PairingRow.From(pairing);
        to.WriteId = Guid.NewGuid();
        return db.TryOnceAsync(
            () => Replace.ExecuteAsync(db, to, cancellationToken, ("now", now.Write())),
            () => db.Set<PairingRow>().AnyAsync(row => row.Id == to.Id && row.WriteId == to.WriteId, cancellationToken));
    }, cancellationToken));

    public ValueTask<int> RemoveExpiredAsync(DateTimeOffset before, int max, CancellationToken cancellationToken) => new(database.WriteAsync(db =>
    {
        var at = before.Write();
        return db.Set<PairingRow>().Where(row => row.ExpiresAt < at).OrderBy(row => row.ExpiresAt).Take(max).ExecuteDeleteAsync(cancellationToken);
    }, cancellationToken));

    private static Statement AcceptPoll(Func<TableText<PairingRow>, string> belongs) => new(sql =>
    {
        var pairings = sql.Table<PairingRow>();
        var (due, now) = (pairings[row => row.PollDueAt], pairings.Value(row => row.PollDueAt, "now"));
        return $"""
            UPDATE {pairings} SET {due} = {now} + {pairings[row => row.PollInterval]}, {pairings[row => row.IsSlowed]} = {pairings.Value(row => row.IsSlowed, "no")},
                {pairings[row => row.PollWriteId]} = {pairings.Value(row => row.PollWriteId, "mark")}
            WHERE {pairings[row => row.DeviceCodeHash]} = {pairings.Value(row => row.DeviceCodeHash, "hash")} AND {belongs(pairings)}
            AND {pairings[row => row.Status]} = {pairings.Value(row => row.Status, "pending")} AND {pairings[row => row.ExpiresAt]} > {now}
            AND ({due} <= {pairings.Value(row => row.PollDueAt, "due")} OR {due} > {pairings.Value(row => row.PollDueAt, "farthest")})
            """;
    });
}
