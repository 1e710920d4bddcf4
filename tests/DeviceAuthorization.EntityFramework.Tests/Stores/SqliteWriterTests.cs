using DeviceAuthorization.EntityFramework;
using Microsoft.EntityFrameworkCore;

namespace DeviceAuthorization.Tests;

/// <summary>Writers of one SQLite file wait in a queue, and those that wait together share a commit.</summary>
public sealed class SqliteWriterTests : IDisposable
{
    private readonly SqliteDatabase _database = new(repeats: false);
    private readonly IPairingDatabase _writers;
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public SqliteWriterTests() => _writers = _database.CreateHost().GetRequiredService<IPairingDatabase>();

    public void Dispose() => _database.Dispose();

    [Fact]
    public async Task Writers_that_wait_together_share_one_commit()
    {
        var writing = WriteUntilReleasedAsync();
        var waiting = Enumerable.Range(0, 10).Select(i => AddAsync($"writer {i}")).ToArray();
        Assert.All(waiting, writer => Assert.False(writer.IsCompleted));
        _first.SetResult();
        await writing;
        await Task.WhenAll(waiting);
        Assert.Equal(1, _database.Wire.Commits);
        Assert.Equal(10, (await LeasesAsync()).Length);
    }

    [Fact]
    public async Task Writers_of_two_hosts_of_the_process_share_the_queue()
    {
        var other = _database.CreateHost().GetRequiredService<IPairingDatabase>();
        var writing = WriteUntilReleasedAsync();
        var waiting = AddAsync("other", other);
        Assert.False(waiting.IsCompleted);
        _first.SetResult();
        await Task.WhenAll(writing, waiting);
        Assert.Equal(["other"], await LeasesAsync());
    }

    [Fact]
    public async Task A_writer_that_fails_fails_alone_and_the_others_write_once()
    {
        var writing = WriteUntilReleasedAsync();
        var before = AddAsync("before");
        var failing = _writers.WriteAsync<int>(_ => throw new InvalidOperationException("It failed."), default);
        var after = AddAsync("after");
        _first.SetResult();
        await writing;
        Assert.Equal(1, await before);
        Assert.Equal("It failed.", (await Assert.ThrowsAsync<InvalidOperationException>(() => failing)).Message);
        Assert.Equal(1, await after);
        Assert.Equal(["after", "before"], await LeasesAsync());
    }

    [Fact]
    public async Task A_writer_whose_caller_left_while_it_waited_writes_nothing()
    {
        using var left = new CancellationTokenSource();
        var writing = WriteUntilReleasedAsync();
        var next = AddAsync("next");
        var leaving = AddAsync("left", cancellationToken: left.Token);
        await left.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving); // at once, not at its turn
        _first.SetResult();
        await writing;
        Assert.Equal(1, await next);
        Assert.Equal(["next"], await LeasesAsync());
    }

    [Fact]
    public async Task A_commit_in_doubt_is_an_error_for_all_and_is_not_repeated()
    {
        var writing = WriteUntilReleasedAsync();
        var waiting = Enumerable.Range(0, 3).Select(i => AddAsync($"writer {i}")).ToArray();
        _database.Wire.LoseAnswerOf("COMMIT");
        _first.SetResult();
        await writing;
        foreach (var writer in waiting)
        {
            await Assert.ThrowsAsync<LostAnswerException>(() => writer);
        }

        Assert.Equal(3, (await LeasesAsync()).Length); // it took effect: to run again would violate the key
        Assert.Equal(1, await AddAsync("next"));
    }

    [Fact]
    public async Task A_step_runs_in_the_execution_context_of_its_own_caller()
    {
        var caller = new AsyncLocal<string>();
        var seen = new List<string?>();
        var writing = WriteUntilReleasedAsync();
        var waiting = new List<Task>();
        foreach (var name in new[] { "alice", "bob" })
        {
            caller.Value = name;
            waiting.Add(_writers.WriteAsync(
                _ =>
                {
                    seen.Add(caller.Value);
                    return Task.FromResult(0);
                },
                default));
        }

        _first.SetResult();
        await writing;
        await Task.WhenAll(waiting);
        Assert.Equal(["alice", "bob"], seen);
    }

    [Fact]
    public async Task Readers_do_not_wait()
    {
        var writing = WriteUntilReleasedAsync();
        Assert.Empty(await _writers.ReadAsync(db => db.Set<LeaseRow>().ToListAsync()));
        Assert.False(writing.IsCompleted);
        _first.SetResult();
        await writing;
    }

    private Task<int> WriteUntilReleasedAsync() => _writers.WriteAsync(
        async _ =>
        {
            await _first.Task;
            return 0;
        },
        default);

    private Task<int> AddAsync(string name, IPairingDatabase? writers = null, CancellationToken cancellationToken = default) => (writers ?? _writers).WriteAsync(
        db => db.Database.ExecuteSqlAsync($"INSERT INTO DeviceAuthorizationLeases VALUES ({name}, 0)", cancellationToken), cancellationToken);

    private Task<string[]> LeasesAsync() => _database.QueryAsync(db => db.Set<LeaseRow>().Select(lease => lease.Name).Order().ToArrayAsync());
}
