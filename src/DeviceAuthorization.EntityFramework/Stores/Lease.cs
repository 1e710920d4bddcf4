using System.Data.Common;
using Microsoft.EntityFrameworkCore;

namespace DeviceAuthorization.EntityFramework;

/// <summary>Work that one node does in each period: the first to take the lease. A lease is never returned or renewed; it ends.</summary>
internal class LeaseRow
{
    public virtual required string Name { get; set; }

    public virtual long Until { get; set; }
}

internal static class Lease
{
    private static readonly Statement Add = new(sql => sql.Table<LeaseRow>().Insert());

    /// <summary>Takes the lease for this period, unless another node has it. If that node dies, another one takes the next period.</summary>
    public static async Task<bool> TryTakeAsync(DbContext db, string name, DateTimeOffset now, TimeSpan period, CancellationToken cancellationToken)
    {
        // A tenth short of the period: this node's next tick may come a little early. If a lease lasts longer than any that is taken now, the clock has
        // been set back since, or the period was longer then.
        var (at, until, farthest) = (now.Write(), (now + (period * 0.9)).Write(), (now + period).Write());
        var lease = db.Set<LeaseRow>().Where(row => row.Name == name);
        if (await lease.Where(row => row.Until <= at || row.Until > farthest)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.Until, until), cancellationToken).ConfigureAwait(false) > 0)
        {
            return true;
        }

        if (await lease.AnyAsync(cancellationToken).ConfigureAwait(false))
        {
            return false;
        }

        try
        {
            await Add.ExecuteAsync(db, new LeaseRow { Name = name, Until = until }, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (DbException) when (!cancellationToken.IsCancellationRequested)
        {
            if (await lease.AnyAsync(cancellationToken).ConfigureAwait(false))
            {
                return false; // another node added it meanwhile
            }

            throw;
        }
    }
}
