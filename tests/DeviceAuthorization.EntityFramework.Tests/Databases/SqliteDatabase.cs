using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace DeviceAuthorization.Tests;

/// <summary>A file, written ahead (WAL), as a host of one machine has it.</summary>
public sealed class SqliteDatabase : TestDatabase
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("device-authorization-");
    private readonly bool _repeats;

    /// <param name="repeats">Whether the host has an execution strategy that repeats what failed. Without one, writers that wait share a commit.</param>
    public SqliteDatabase(bool repeats = true)
    {
        _repeats = repeats;
        Connection = new SqliteConnectionStringBuilder { DataSource = Path.Combine(_folder.FullName, "host.db") }.ToString();
        using var context = new HostContext(Options());
        context.Database.EnsureCreated();
        Assert.Equal("wal", context.Database.SqlQueryRaw<string>("PRAGMA journal_mode").AsEnumerable().Single());
    }

    public string Connection { get; }

    public override void Use(DbContextOptionsBuilder options) => options.UseSqlite(
        Connection, sqlite => _ = _repeats ? sqlite.ExecutionStrategy(to => new RetryLostAnswers(to)) : sqlite);

    public override async Task<string> DumpAsync()
    {
        var text = "";
        foreach (var file in _folder.EnumerateFiles())
        {
            using var reader = new StreamReader(new FileStream(file.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete), Encoding.Latin1);
            text += await reader.ReadToEndAsync();
        }

        return text;
    }

    protected override void Delete()
    {
        using var connection = new SqliteConnection(Connection);
        SqliteConnection.ClearPool(connection);
        _folder.Delete(recursive: true);
    }

    private DbContextOptions<HostContext> Options()
    {
        var options = new DbContextOptionsBuilder<HostContext>();
        Use(options);
        return options.Options;
    }
}
