using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;

namespace DeviceAuthorization.EntityFramework;

/// <summary>
/// SQLite has one writer at a time. A second one gets "busy", and Microsoft.Data.Sqlite then sleeps and tries again, in no order: under load some wait for
/// seconds. Here our writers of one process and file wait in a queue instead. Readers, other processes and the host's own writers are not affected.
/// </summary>
internal static class SqliteTurn
{
    private static readonly ConcurrentDictionary<string, SemaphoreSlim> Files = new(StringComparer.Ordinal);

    /// <summary>Waits for this writer's turn. Any other database needs no turns.</summary>
    /// <returns>Dispose it to end the turn; null if there are no turns.</returns>
    public static async ValueTask<IDisposable?> TakeAsync(DbContext db, CancellationToken cancellationToken)
    {
        if (db.Database.ProviderName != "Microsoft.EntityFrameworkCore.Sqlite")
        {
            return null;
        }

        var file = Files.GetOrAdd(db.Database.GetDbConnection().DataSource, _ => new SemaphoreSlim(1));
        await file.WaitAsync(cancellationToken).ConfigureAwait(false);
        return new Turn(file);
    }

    private sealed class Turn(SemaphoreSlim file) : IDisposable
    {
        public void Dispose() => file.Release();
    }
}
