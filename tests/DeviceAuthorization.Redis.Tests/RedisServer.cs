using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace DeviceAuthorization.Redis.Tests;

/// <summary>A Redis of its own, on a free loopback port, in a temporary folder and without persistence. Started and ended as a child process.</summary>
internal sealed class RedisServer : IAsyncDisposable
{
    /// <summary>Long for a busy build machine.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private const int Attempts = 20;
    private const int BusOffset = 10_000; // where a node of a cluster listens too

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("redis-");
    private readonly string[] _arguments;
    private Process? _process;

    private RedisServer(int port, string[] arguments) => (Port, _arguments) = (port, arguments);

    public int Port { get; }

    public string EndPoint => $"127.0.0.1:{Port}";

    public static async Task<RedisServer> StartAsync(params string[] arguments)
    {
        for (var attempt = 1; ; attempt++)
        {
            var server = new RedisServer(FreePort(), arguments);
            try
            {
                await server.RestartAsync();
                return server;
            }
            catch (PortTakenException) when (attempt < Attempts)
            {
                await server.DisposeAsync();
            }
        }
    }

    /// <summary>Starts it, anew after <see cref="KillAsync"/>; it has forgotten everything then.</summary>
    public async Task RestartAsync()
    {
        _process = Run(
            "redis-server",
            ["--port", $"{Port}", "--bind", "127.0.0.1", "--dir", _folder.FullName, "--save", "", "--appendonly", "no", "--daemonize", "no", .. _arguments]);
        using var patience = new CancellationTokenSource(Patience);
        var output = new List<string>();
        while (await _process.StandardOutput.ReadLineAsync(patience.Token) is { } line)
        {
            output.Add(line);
            if (line.Contains("Ready to accept connections", StringComparison.Ordinal))
            {
                _ = _process.StandardOutput.ReadToEndAsync(CancellationToken.None); // a full pipe would stop it
                return;
            }
        }

        var all = string.Join('\n', output);
        throw all.Contains("in use", StringComparison.Ordinal) ? new PortTakenException(all) : new InvalidOperationException($"redis-server did not start:\n{all}");
    }

    /// <summary>As a crash: it gets no chance to say anything.</summary>
    public async Task KillAsync()
    {
        if (_process is not null)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
            _process.Dispose();
            _process = null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _folder.Delete(recursive: true);
    }

    /// <summary>Runs redis-cli to its end.</summary>
    public static async Task<string> CommandAsync(params string[] arguments)
    {
        using var process = Run("redis-cli", arguments);
        using var patience = new CancellationTokenSource(Patience);
        var output = await process.StandardOutput.ReadToEndAsync(patience.Token);
        await process.WaitForExitAsync(patience.Token);
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"redis-cli ended with {process.ExitCode}:\n{output}");
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
