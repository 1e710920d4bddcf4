using System.Diagnostics;
using Microsoft.EntityFrameworkCore;

namespace DeviceAuthorization.Tests;

/// <summary>The tests that share the server: one after the other, for they share its database too.</summary>
[CollectionDefinition(Name)]
public sealed class PostgresTests : ICollectionFixture<PostgresServer>
{
    public const string Name = "PostgreSQL";
}

/// <summary>
/// A PostgreSQL of this run's own: a child process with its data and its Unix socket in a temporary folder. Where none is installed the tests
/// fail; ./test installs it where the system's package manager can.
/// </summary>
public sealed class PostgresServer : IAsyncLifetime
{
    private const string User = "postgres"; // PostgreSQL does not run as root

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("da-pg-");
    private Process? _server;

    public string Connection => $"Host={_folder.FullName};Username={User};Database=postgres;Maximum Pool Size=80";

    public async Task InitializeAsync()
    {
        var programs = Programs();
        var data = Path.Combine(_folder.FullName, "data");
        if (Environment.IsPrivilegedProcess)
        {
            await RunAsync("chown", User, _folder.FullName);
        }

        await RunAsync([.. AsUser(), Path.Combine(programs, "initdb"), "-D", data, "-U", User, "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"]);
        _server = Start([.. AsUser(), Path.Combine(programs, "postgres"), "-D", data, "-k", _folder.FullName, "-h", "", "-c", "fsync=off", "-c", "max_connections=100"]);
        _server.OutputDataReceived += (_, _) => { };
        _server.BeginOutputReadLine();

        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _server.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is null)
            {
                ready.TrySetException(new InvalidOperationException("PostgreSQL ended at its start."));
            }
            else if (line.Data.Contains("ready to accept connections", StringComparison.Ordinal))
            {
                ready.TrySetResult();
            }
        };
        _server.BeginErrorReadLine();
        await ready.Task.WaitAsync(TimeSpan.FromMinutes(1));

        await using var context = new HostContext(new DbContextOptionsBuilder<HostContext>().UseNpgsql(Connection).Options);
        await context.Database.ExecuteSqlRawAsync(context.Database.GenerateCreateScript());
    }

    public async Task DisposeAsync()
    {
        if (_server is { HasExited: false })
        {
            await RunAsync("sh", "-c", $"kill -INT {_server.Id}"); // "fast shutdown": ends its connections, then itself
            await _server.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
        }

        _server?.Dispose();
        _folder.Delete(recursive: true);
    }

    private static string Programs()
    {
        const string Debian = "/usr/lib/postgresql";
        string[] folders =
        [
            .. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator),
            .. Directory.Exists(Debian) ? Directory.GetDirectories(Debian).OrderDescending(StringComparer.Ordinal).Select(version => Path.Combine(version, "bin")) : [],
        ];
        return folders.FirstOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")))
            ?? throw new InvalidOperationException("PostgreSQL is not installed (no initdb on the PATH or below /usr/lib/postgresql). ./test installs it.");
    }

    private static string[] AsUser() => Environment.IsPrivilegedProcess ? ["setpriv", $"--reuid={User}", $"--regid={User}", "--clear-groups"] : [];

    private static Process Start(params string[] command) => Process.Start(new ProcessStartInfo(command[0], command[1..])
    {
        UseShellExecute = false,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        WorkingDirectory = Path.GetTempPath(),
    })!;

    private static async Task RunAsync(params string[] command)
    {
        using var process = Start(command);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{string.Join(' ', command)} ended with {process.ExitCode}: {await output}{await error}");
    }
}

/// <summary>The one database of the server, emptied.</summary>
public sealed class PostgresDatabase : TestDatabase
{
    private readonly string _connection;

    public PostgresDatabase(PostgresServer server)
    {
        _connection = server.Connection;
        using var context = new HostContext(new DbContextOptionsBuilder<HostContext>().UseNpgsql(_connection).Options);
        context.Database.ExecuteSqlRaw("""TRUNCATE "DevicePairings", "PairedDevices", "DeviceTokens", "DeviceTokenOwners", "Games" """);
    }

    public override void Use(DbContextOptionsBuilder options) => options.UseNpgsql(_connection, postgres => postgres.ExecutionStrategy(to => new RetryLostAnswers(to)));

    protected override void Delete()
    {
    }
}
