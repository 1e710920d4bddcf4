using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;

namespace DeviceAuthorization.EntityFramework;

/// <summary>
/// The queue of our writers of one SQLite file in this process. SQLite has one writer at a time: a second one gets "busy", sleeps and tries again, so under
/// load some would wait for seconds. Here they wait in order, and those that wait together share one commit, which costs more than what it commits.
/// Readers, other processes and the host's own writers are not affected.
/// </summary>
internal sealed class SqliteWriter
{
    private const int MostTogether = 64;
    private static readonly PerModel<ConcurrentDictionary<string, SqliteWriter>> Files = new(_ => new(StringComparer.Ordinal));

    private readonly Lock _gate = new();
    private readonly Queue<Write> _waiting = [];
    private bool _isWriting;

    private SqliteWriter()
    {
    }

    /// <summary>One caller's step. It may run on the context of another caller: both have the same file and model.</summary>
    private sealed record Write(Func<DbContext, Task> Step, CancellationToken Cancelled)
    {
        /// <summary>True: it is this caller's turn to write. False: another caller wrote for it.</summary>
        public TaskCompletionSource<bool> IsTurn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>The queue of a context's database; null if it needs none.</summary>
    public static SqliteWriter? Of(DbContext db) =>
        db.Database.ProviderName == "Microsoft.EntityFrameworkCore.Sqlite"
        && db.Database.GetDbConnection().DataSource is { Length: > 0 } file and not ":memory:" // each of these connections has a database of its own
            ? Files.Of(db).GetOrAdd(file, _ => new())
            : null;

    /// <summary>Waits for its turn, and runs the step: more than once, if a step beside it fails.</summary>
    public async Task<T> RunAsync<T>(DbContext db, Func<DbContext, Task<T>> step, CancellationToken cancellationToken)
    {
        var result = default(T)!;
        var mine = new Write(async context => result = await step(context).ConfigureAwait(false), cancellationToken);
        if (MustWait(mine) && !await mine.IsTurn.Task.ConfigureAwait(false))
        {
            return result;
        }

        try
        {
            var others = db.Database.CreateExecutionStrategy().RetriesOnFailure ? [] : TakeWaiting(); // such a strategy refuses a transaction around it
            if (others.Count == 0 || !await TryTogetherAsync(db, mine, others).ConfigureAwait(false))
            {
                foreach (var other in others)
                {
                    await AloneAsync(db, other).ConfigureAwait(false);
                }

                await mine.Step(db).ConfigureAwait(false);
            }
        }
        finally
        {
            EndTurn();
        }

        return result;
    }

    private bool MustWait(Write write)
    {
        lock (_gate)
        {
            if (_isWriting)
            {
                _waiting.Enqueue(write);
                return true;
            }

            _isWriting = true;
            return false;
        }
    }

    private List<Write> TakeWaiting()
    {
        var taken = new List<Write>();
        lock (_gate)
        {
            while (taken.Count < MostTogether && _waiting.TryDequeue(out var next))
            {
                if (!next.Cancelled.IsCancellationRequested)
                {
                    taken.Add(next);
                }
                else
                {
                    next.IsTurn.SetCanceled(next.Cancelled);
                }
            }
        }

        return taken;
    }

    private void EndTurn()
    {
        lock (_gate)
        {
            if (_waiting.TryDequeue(out var next))
            {
                next.IsTurn.SetResult(true);
            }
            else
            {
                _isWriting = false;
            }
        }
    }

    /// <summary>Commits all steps or none.</summary>
    private static async Task<bool> TryTogetherAsync(DbContext db, Write mine, List<Write> others)
    {
        try
        {
            var transaction = await db.Database.BeginTransactionAsync().ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                await mine.Step(db).ConfigureAwait(false);
                foreach (var other in others)
                {
                    await other.Step(db).ConfigureAwait(false);
                }

                await transaction.CommitAsync().ConfigureAwait(false);
            }
        }
        catch (Exception)
        {
            return false; // each then runs alone, and fails alone
        }

        others.ForEach(other => other.IsTurn.SetResult(false));
        return true;
    }

    private static async Task AloneAsync(DbContext db, Write write)
    {
        try
        {
            await write.Step(db).ConfigureAwait(false);
            write.IsTurn.SetResult(false);
        }
        catch (Exception exception)
        {
            write.IsTurn.SetException(exception);
        }
    }
}
