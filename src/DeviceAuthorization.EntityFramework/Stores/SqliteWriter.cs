using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;

namespace DeviceAuthorization.EntityFramework;

/// <summary>
/// The queue of our writers of one SQLite file and model in this process. SQLite has one writer at a time: a second one gets "busy", sleeps and tries again, so under
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

    /// <summary>One caller's step. It may run on the context of another caller, but in the execution context of its own: both have the same file and model.</summary>
    private sealed class Write(Func<DbContext, Task> step, CancellationToken cancelled)
    {
        private readonly ExecutionContext? _caller = ExecutionContext.Capture();

        public CancellationToken Cancelled => cancelled;

        /// <summary>True: it is this caller's turn to write. False: another caller wrote for it.</summary>
        public TaskCompletionSource<bool> IsTurn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task RunAsync(DbContext db)
        {
            if (_caller is null)
            {
                return step(db);
            }

            var running = Task.CompletedTask;
            ExecutionContext.Run(_caller, _ => running = step(db), null);
            return running;
        }
    }

    /// <summary>The queue of a context's database; null if it needs none.</summary>
    public static SqliteWriter? Of(DbContext db) =>
        db.Database.ProviderName == "Microsoft.EntityFrameworkCore.Sqlite"
        && db.Database.GetDbConnection().DataSource is { Length: > 0 } file and not ":memory:" // each of these connections has a database of its own
            ? Files.Of(db).GetOrAdd(file, _ => new())
            : null;

    /// <summary>Waits for its turn, and runs the step: more than once, if a step beside it fails.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<T> RunAsync<T>(DbContext db, Func<DbContext, Task<T>> step, CancellationToken cancellationToken)
    {
        var result = default(T)!;
        var mine = new Write(async context => result = await step(context).ConfigureAwait(false), cancellationToken);
        if (MustWait(mine))
        {
            await using var leaving = cancellationToken.UnsafeRegister(static (write, token) => ((Write)write!).IsTurn.TrySetCanceled(token), mine).ConfigureAwait(false);
            if (!await mine.IsTurn.Task.ConfigureAwait(false))
            {
                return result;
            }
        }

        try
        {
            var others = db.Database.CreateExecutionStrategy().RetriesOnFailure ? [] : TakeWaiting(); // such a strategy refuses a transaction around it
            if (others.Count == 0)
            {
                await mine.RunAsync(db).ConfigureAwait(false);
            }
            else
            {
                await TogetherAsync(db, mine, others).ConfigureAwait(false);
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
            }
        }

        return taken;
    }

    private void EndTurn()
    {
        lock (_gate)
        {
            while (_waiting.TryDequeue(out var next))
            {
                if (next.IsTurn.TrySetResult(true))
                {
                    return;
                }
            }

            _isWriting = false;
        }
    }

    private static async Task TogetherAsync(DbContext db, Write mine, List<Write> others)
    {
        var isBegun = false;
        var isCommitting = false;
        try
        {
            var transaction = await db.Database.BeginTransactionAsync().ConfigureAwait(false);
            isBegun = true;
            await using (transaction.ConfigureAwait(false))
            {
                await mine.RunAsync(db).ConfigureAwait(false);
                foreach (var other in others)
                {
                    await other.RunAsync(db).ConfigureAwait(false);
                }

                isCommitting = true;
                await transaction.CommitAsync().ConfigureAwait(false);
            }
        }
        catch (Exception) when (isBegun && !isCommitting)
        {
            // One step failed, and nothing is written: each runs alone, so only that one fails.
            foreach (var other in others)
            {
                await AloneAsync(db, other).ConfigureAwait(false);
            }

            await mine.RunAsync(db).ConfigureAwait(false);
            return;
        }
        catch (Exception exception)
        {
            // The file is locked, or nobody knows whether the commit took effect: it is the same for all. A repetition would not recognise its own work.
            others.ForEach(other => other.IsTurn.TrySetException(exception));
            throw;
        }

        others.ForEach(other => other.IsTurn.TrySetResult(false));
    }

    private static async Task AloneAsync(DbContext db, Write write)
    {
        try
        {
            write.Cancelled.ThrowIfCancellationRequested();
            await write.RunAsync(db).ConfigureAwait(false);
            write.IsTurn.TrySetResult(false);
        }
        catch (Exception exception)
        {
            write.IsTurn.TrySetException(exception);
        }
    }
}
