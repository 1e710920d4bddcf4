using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.EntityFrameworkCore;

namespace DeviceAuthorization.EntityFramework;

/// <summary>
/// SQLite's client blocks its thread while another process writes, and no cancellation reaches it. It gives up after the timeout of its command, 30 seconds by
/// default. A step has a shorter one, from <see cref="DeviceAuthorizationOptions.StoreTimeout"/>. Other clients are left alone at the end of that.
/// </summary>
internal static class SqliteTimeout
{
    private static readonly ConcurrentDictionary<Type, PropertyInfo?> Properties = new(); // by type of the connection

    /// <summary>Runs a step, and gives the host's timeouts back: its pool may own the context, and <c>UseSqlite(connection)</c> the connection.</summary>
    /// <param name="limit">How long the whole call may take.</param>
    public static async Task<T> RunAsync<T>(DbContext db, TimeSpan limit, Func<DbContext, Task<T>> step)
    {
        if (limit == Timeout.InfiniteTimeSpan || db.Database.ProviderName != "Microsoft.EntityFrameworkCore.Sqlite")
        {
            return await step(db).ConfigureAwait(false);
        }

        // BEGIN and COMMIT have the timeout of the connection, which only its own type knows. This package refers to no provider.
        var connection = db.Database.GetDbConnection();
        var property = Properties.GetOrAdd(connection.GetType(), static type => type.GetProperty("DefaultTimeout"));
        var (ofContext, ofConnection) = (db.Database.GetCommandTimeout(), (int?)property?.GetValue(connection));
        try
        {
            db.Database.SetCommandTimeout(Shorten(ofContext ?? ofConnection));
            property?.SetValue(connection, Shorten(ofConnection));
            return await step(db).ConfigureAwait(false);
        }
        finally
        {
            db.Database.SetCommandTimeout(ofContext);
            property?.SetValue(connection, ofConnection);
        }

        int Shorten(int? timeout)
        {
            var seconds = (int)Math.Ceiling(limit.TotalSeconds * 0.9); // not less: the call is cancelled then, so nothing is tried again
            return timeout is > 0 ? Math.Min(timeout.Value, seconds) : seconds; // 0 waits for ever
        }
    }
}
