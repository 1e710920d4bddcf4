using System.Data.Common;
using DeviceAuthorization.EntityFramework;
using DeviceAuthorization.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Tests;

/// <summary>A real database, empty when the test starts.</summary>
public abstract class TestDatabase : IDisposable
{
    private readonly List<ServiceProvider> _hosts = [];

    /// <summary>Watches and breaks what is sent.</summary>
    public Wire Wire { get; } = new();

    public abstract void Use(DbContextOptionsBuilder options);

    /// <summary>With the values of each statement in the log, which a host may ask for: no secret is in them either.</summary>
    public void AddTo(IServiceCollection services) => services.AddDbContext<HostContext>(options => Use(options.EnableSensitiveDataLogging().AddInterceptors(Wire)));

    /// <summary>As a host does.</summary>
    public void AddStores(DeviceAuthorizationBuilder builder)
    {
        AddTo(builder.Services);
        builder.AddEntityFrameworkStores<HostContext>();
    }

    /// <summary>Another host's way to the database: connections, contexts and stores of its own.</summary>
    public ServiceProvider CreateHost()
    {
        var services = new ServiceCollection();
        AddTo(services);
        services.AddSingleton<IPairingDatabase, HostDatabase<HostContext>>();
        services.AddSingleton<IDeviceDatabase, HostDatabase<HostContext>>();
        services.AddSingleton(Options.Create(new DeviceAuthorizationOptions()));
        services.AddSingleton(Options.Create(new EntityFrameworkStoreOptions()));
        services.AddSingleton<SyncConfigColumn>();
        services.AddSingleton<IPairingStore, EntityFrameworkPairingStore>();
        services.AddSingleton<IDeviceRepository, EntityFrameworkDeviceRepository>();
        var host = services.BuildServiceProvider();
        lock (_hosts)
        {
            _hosts.Add(host);
        }

        return host;
    }

    public IPairingStore CreateStore() => CreateHost().GetRequiredService<IPairingStore>();

    public IDeviceRepository CreateRepository() => CreateHost().GetRequiredService<IDeviceRepository>();

    public async Task<T> QueryAsync<T>(Func<HostContext, Task<T>> query)
    {
        await using var scope = CreateHost().CreateAsyncScope();
        return await query(scope.ServiceProvider.GetRequiredService<HostContext>());
    }

    /// <summary>All that somebody finds who takes the database away, as far as it is text.</summary>
    public abstract Task<string> DumpAsync();

    public void Dispose()
    {
        _hosts.ForEach(host => host.Dispose());
        Delete();
        GC.SuppressFinalize(this);
    }

    protected abstract void Delete();
}

/// <summary>Counts the commands, and can lose an answer on the way back: the database has done what it was told, the caller does not know.</summary>
public sealed class Wire : DbCommandInterceptor, IDbTransactionInterceptor
{
    private int _commands;
    private int _commits;
    private string? _lost;
    private string? _broken;

    public int Commands => Volatile.Read(ref _commands);

    /// <summary>The transactions that were committed. A single statement needs none.</summary>
    public int Commits => Volatile.Read(ref _commits);

    public bool IsLosing => _lost is not null;

    /// <summary>Loses the answer of the next command that holds a word, or of the next COMMIT.</summary>
    public void LoseAnswerOf(string word) => _lost = word;

    public bool IsBreaking => Volatile.Read(ref _broken) is not null;

    /// <summary>Loses the answer of the next statement that changes rows for good: of the COMMIT, where it is part of a transaction.</summary>
    public bool LoseNextAnswer()
    {
        Assert.False(IsLosing); // the one before was lost indeed
        _lost = "";
        return true;
    }

    /// <summary>Lets the next statement that changes rows and holds a word fail before it is sent, in a way that nobody repeats.</summary>
    public void BreakAt(string word) => Volatile.Write(ref _broken, word);

    public async Task<int> CountAsync(Func<Task> step)
    {
        var before = Commands;
        await step();
        return Commands - before;
    }

    public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _commands);
        return ValueTask.FromResult(result);
    }

    public override ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
    {
        CountOrBreak(command);
        return ValueTask.FromResult(result);
    }

    public override ValueTask<InterceptionResult<object>> ScalarExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<object> result, CancellationToken cancellationToken = default)
    {
        CountOrBreak(command);
        return ValueTask.FromResult(result);
    }

    public override ValueTask<object?> ScalarExecutedAsync(
        DbCommand command, CommandExecutedEventData eventData, object? result, CancellationToken cancellationToken = default)
    {
        LoseIf(command);
        return ValueTask.FromResult(result);
    }

    private void CountOrBreak(DbCommand command)
    {
        Interlocked.Increment(ref _commands);
        if (Volatile.Read(ref _broken) is { } word && command.CommandText.Contains(word, StringComparison.Ordinal))
        {
            Volatile.Write(ref _broken, null);
            throw new IOException("The database is away.");
        }
    }

    public override async ValueTask<DbDataReader> ReaderExecutedAsync(
        DbCommand command, CommandExecutedEventData eventData, DbDataReader result, CancellationToken cancellationToken = default)
    {
        try
        {
            LoseIf(command);
            return result;
        }
        catch (LostAnswerException)
        {
            await result.DisposeAsync();
            throw;
        }
    }

    public override ValueTask<int> NonQueryExecutedAsync(
        DbCommand command, CommandExecutedEventData eventData, int result, CancellationToken cancellationToken = default)
    {
        LoseIf(command);
        return ValueTask.FromResult(result);
    }

    public Task TransactionCommittedAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _commits);
        LoseIf("COMMIT");
        return Task.CompletedTask;
    }

    private void LoseIf(DbCommand command)
    {
        if (_lost != "" || (command.Transaction is null && !command.CommandText.StartsWith("SELECT", StringComparison.Ordinal)))
        {
            LoseIf(command.CommandText);
        }
    }

    private void LoseIf(string sent)
    {
        if (_lost is { } word && sent.Contains(word, StringComparison.Ordinal))
        {
            _lost = null;
            throw new LostAnswerException();
        }
    }
}

public sealed class LostAnswerException : Exception;

/// <summary>What a host sets up against connections that break (<c>EnableRetryOnFailure()</c>), with the one fault of these tests.</summary>
public sealed class RetryLostAnswers(ExecutionStrategyDependencies dependencies) : ExecutionStrategy(dependencies, 3, TimeSpan.FromMilliseconds(1))
{
    protected override bool ShouldRetryOn(Exception exception) => exception is LostAnswerException;
}
