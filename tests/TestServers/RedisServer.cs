using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace DeviceAuthorization.TestServers;

/// <summary>
/// A private Redis, or Garnet, as a child process: on a free loopback port, in a temporary folder, without persistence unless its arguments say otherwise.
/// </summary>
public sealed class RedisServer : IAsyncDisposable
{
    /// <summary>Long for a busy build machine.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private const string Ready = "Ready to accept connections";
    private const int Attempts = 20;
    private const int BusOffset = 10_000; // where a node of a cluster listens too

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("redis-");
    private readonly string _program;
    private readonly string[] _arguments;
    private Process? _process;

    private RedisServer(int port, string program, string[] arguments)
    {
        (Port, _program) = (port, program);
        _arguments = [.. arguments.Select(argument => argument.Replace("{port}", $"{port}", StringComparison.Ordinal).Replace("{folder}", _folder.FullName, StringComparison.Ordinal))];
    }

    public int Port { get; }

    public int ProcessId => _process!.Id;

    /// <summary>Where it keeps what it persists.</summary>
    public string Folder => _folder.FullName;

    public string EndPoint => $"127.0.0.1:{Port}";

    public static Task<RedisServer> StartAsync(params string[] arguments) => LaunchAsync(
        "redis-server",
        ["--port", "{port}", "--bind", "127.0.0.1", "--dir", "{folder}", "--save", "", "--appendonly", "no", "--daemonize", "no", .. arguments]);

    /// <summary>Its scripts are not atomic unless it is told so.</summary>
    public static Task<RedisServer> StartGarnetAsync() =>
        LaunchAsync("dotnet", ["garnet-server", "--port", "{port}", "--bind", "127.0.0.1", "--lua", "true", "--lua-transaction-mode", "true"]);

    /// <summary>A Sentinel of one, which finds out within two seconds that the primary is gone. It writes to its file.</summary>
    public static Task<RedisServer> StartSentinelAsync(string file) =>
        LaunchAsync("redis-server", [file, "--sentinel", "--port", "{port}", "--bind", "127.0.0.1", "--dir", "{folder}"], "+monitor");

    private static async Task<RedisServer> LaunchAsync(string program, string[] arguments, string until = Ready)
    {
        for (var attempt = 1; ; attempt++)
        {
            var server = new RedisServer(FreePort(), program, arguments);
            try
            {
                await server.RestartAsync(until);
                return server;
            }
            catch (Exception exception)
            {
                await server.DisposeAsync(); // after any failure the process does not stay behind
                if (exception is not PortTakenException || attempt == Attempts)
                {
                    throw;
                }
            }
        }
    }

    /// <summary>Starts it, or starts it again after <see cref="KillAsync"/>; what was not on disk is forgotten.</summary>
    /// <param name="until">What it says when it is as far as is wanted.</param>
    /// <param name="more">Further arguments, for this time.</param>
    public async Task RestartAsync(string until = Ready, params string[] more)
    {
        _process = Run(_program, [.. _arguments, .. more]);
        using var patience = new CancellationTokenSource(Patience);
        var output = new List<string>();
        while (await _process.StandardOutput.ReadLineAsync(patience.Token) is { } line)
        {
            output.Add(line);
            if (line.Contains(until, StringComparison.Ordinal))
            {
                _ = _process.StandardOutput.ReadToEndAsync(CancellationToken.None); // a full pipe would stop it
                return;
            }
        }

        var all = string.Join('\n', output);
        throw all.Contains("in use", StringComparison.Ordinal) ? new PortTakenException(all) : new InvalidOperationException($"{_program} did not start:\n{all}");
    }

    /// <summary>As a crash: it gets no chance to say anything.</summary>
    public async Task KillAsync()
    {
        if (_process is not null)
        {
            _process.Kill(entireProcessTree: true); // dotnet runs a tool as a child
            await _process.WaitForExitAsync();
            _process.Dispose();
            _process = null;
        }
    }

    /// <summary>Lets it end in order (SIGTERM): it writes its log to the end first.</summary>
    public async Task StopAsync()
    {
        await SignalAsync("TERM");
        await _process!.WaitForExitAsync().WaitAsync(Patience);
        _process.Dispose();
        _process = null;
    }

    /// <summary>Stops it in the middle: it takes connections and answers nothing, until <see cref="ThawAsync"/>.</summary>
    public Task FreezeAsync() => SignalAsync("STOP");

    public Task ThawAsync() => SignalAsync("CONT");

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _folder.Delete(recursive: true);
    }

    /// <summary>Runs redis-cli against this server.</summary>
    public Task<string> CliAsync(params string[] arguments) => CommandAsync(["-p", $"{Port}", .. arguments]);

    /// <summary>Runs redis-cli to its end. That Redis answers with an error is an answer.</summary>
    /// <exception cref="IOException">Redis could not be reached, or the connection ended before the answer.</exception>
    public static async Task<string> CommandAsync(params string[] arguments)
    {
        using var process = Run("redis-cli", arguments);
        using var patience = new CancellationTokenSource(Patience);
        var output = await process.StandardOutput.ReadToEndAsync(patience.Token);
        await process.WaitForExitAsync(patience.Token);
        return process.ExitCode == 0 ? output : throw new IOException($"redis-cli ended with {process.ExitCode}:\n{output}");
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Run("sh", ["-c", $"kill -{signal} {ProcessId}"]);
        await kill.WaitForExitAsync();
    }

    private static Process Run(string program, IEnumerable<string> arguments)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, UseShellExecute = false })!;
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new InvalidOperationException($"{program} is not on the PATH. These tests run against a real Redis: ./test installs it where it can.", exception);
        }
    }

    private static int FreePort()
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var port = RandomNumberGenerator.GetInt32(12_000, 22_000);
            if (IsFree(port) && IsFree(port + BusOffset))
            {
                return port;
            }
        }

        throw new InvalidOperationException("No free port was found.");
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private sealed class PortTakenException(string message) : Exception(message);
}
