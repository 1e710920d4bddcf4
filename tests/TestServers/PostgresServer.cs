using System.Diagnostics;
using Npgsql;

namespace DeviceAuthorization.TestServers;

/// <summary>
/// A PostgreSQL of this run's own: a child process with its data and its Unix socket in a temporary folder. Where none is installed the tests
/// fail; ./test installs it where the system's package manager can.
/// </summary>
public sealed class PostgresServer : IAsyncLifetime
{
    private const string User = "postgres"; // PostgreSQL does not run as root

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("da-pg-");
    private Process? _server;

    private string Data => Path.Combine(_folder.FullName, "data");

    /// <summary>Whether each commit waits for the disk, as in production. Tests do not wait.</summary>
    public bool IsDurable { get; init; }

    /// <summary>The server itself. The processes of its connections are its children.</summary>
    public int ProcessId => _server!.Id;

    /// <summary>To a database that is empty at first.</summary>
    public string Connection => ConnectionTo("postgres");

    /// <summary>Adds an empty database.</summary>
    /// <returns>A connection string to it.</returns>
    public async Task<string> CreateDatabaseAsync()
    {
        var name = $"test_{Guid.NewGuid():N}";
        await using var connection = new NpgsqlConnection(Connection);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
        await command.ExecuteNonQueryAsync();
        return ConnectionTo(name);
    }

    /// <summary>What <c>pg_dump</c> makes of <see cref="Connection"/>'s database.</summary>
    public Task<string> DumpAsync() => RunAsync([.. AsUser(), Find("pg_dump"), "-h", _folder.FullName, "-U", User, "postgres"]);

    public async Task InitializeAsync()
    {
        if (Environment.IsPrivilegedProcess)
        {
            await RunAsync("chown", User, _folder.FullName);
        }

        await RunAsync([.. AsUser(), Find("initdb"), "-D", Data, "-U", User, "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"]);
        await StartAsync();
    }

    /// <summary>As a crash: neither it nor the processes of its connections get a chance to write anything. Then starts it again.</summary>
    public async Task KillAndRestartAsync()
    {
        await KillAsync();
        await StartAsync();
    }

    /// <summary>As a crash, until <see cref="StartAsync"/>.</summary>
    public async Task KillAsync()
    {
        _server!.Kill(entireProcessTree: true);
        await EndedAsync();
    }

    /// <summary>Stops it in the middle: it takes connections and answers nothing, until <see cref="ThawAsync"/>.</summary>
    public Task FreezeAsync() => SignalAsync("STOP");

    public Task ThawAsync() => SignalAsync("CONT");

    public async Task StartAsync()
    {
        _server = Start([.. AsUser(), Find("postgres"), "-D", Data, "-k", _folder.FullName, "-h", "", "-c", $"fsync={(IsDurable ? "on" : "off")}", "-c", "max_connections=100"]);
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
    }

    /// <summary>As a system does that updates it ("fast shutdown"): it ends its connections, then itself. Until <see cref="StartAsync"/>.</summary>
    public async Task StopAsync()
    {
        await RunAsync("sh", "-c", $"kill -INT {_server!.Id}");
        await EndedAsync();
    }

    public async Task DisposeAsync()
    {
        if (_server is { HasExited: false })
        {
            await StopAsync();
        }

        _server?.Dispose(); // it ended by itself
        _folder.Delete(recursive: true);
    }

    private async Task EndedAsync()
    {
        await _server!.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
        _server.Dispose();
        _server = null;
    }

    private Task<string> SignalAsync(string signal) => RunAsync("sh", "-c", $"kill -{signal} {_server!.Id} $(cat /proc/{_server.Id}/task/{_server.Id}/children)");

    private string ConnectionTo(string database) => $"Host={_folder.FullName};Username={User};Database={database};Maximum Pool Size=80";

    private static string Find(string program)
    {
        const string Debian = "/usr/lib/postgresql";
        string[] folders =
        [
            .. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator),
            .. Directory.Exists(Debian) ? Directory.GetDirectories(Debian).OrderDescending(StringComparer.Ordinal).Select(version => Path.Combine(version, "bin")) : [],
        ];
        return folders.Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException($"PostgreSQL is not installed (no {program} on the PATH or below {Debian}). ./test installs it.");
    }

    private static string[] AsUser() => Environment.IsPrivilegedProcess ? ["setpriv", $"--reuid={User}", $"--regid={User}", "--clear-groups"] : [];

    private static Process Start(params string[] command) => Process.Start(new ProcessStartInfo(command[0], command[1..])
    {
        UseShellExecute = false,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        WorkingDirectory = Path.GetTempPath(),
    })!;

    private static async Task<string> RunAsync(params string[] command)
    {
        using var process = Start(command);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{string.Join(' ', command)} ended with {process.ExitCode}: {await output}{await error}");
        return await output;
    }
}
