using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;

namespace DeviceAuthorization.Benchmarks;

/// <summary>This program again, as the server of one target, on a core of its own.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private const string Core = "0";
    private const string Ready = "listening on ";

    private readonly Process _process;

    private ServerProcess(Process process) => _process = process;

    public int ProcessId => _process.Id;

    public int Port { get; private init; }

    public static async Task<ServerProcess> StartAsync(string name, StoreServer store, int pollingInterval, CancellationToken stopped)
    {
        var process = Process.Start(new ProcessStartInfo(
            "taskset", ["--cpu-list", Core, Environment.ProcessPath!, Server.Command, name, store.Connection, pollingInterval.ToString(CultureInfo.InvariantCulture)])
        {
            UseShellExecute = false,
            RedirectStandardInput = true, // the server ends when its input does: also if this process is killed
            RedirectStandardOutput = true,

            // Otherwise the runtime puts off optimising what it compiles for as long as new code keeps coming, and a busy core measures slow code for
            // half a minute: https://learn.microsoft.com/dotnet/core/runtime-config/compilation
            Environment = { ["DOTNET_TC_CallCountingDelayMs"] = "0" },
        })!;
        var output = new List<string>();
        while (await process.StandardOutput.ReadLineAsync(stopped) is { } line)
        {
            if (line.StartsWith(Ready, StringComparison.Ordinal))
            {
                _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None); // a full pipe would stop it
                return new ServerProcess(process) { Port = int.Parse(line[Ready.Length..], CultureInfo.InvariantCulture) };
            }

            output.Add(line);
        }

        throw new InvalidOperationException($"The server '{name}' ended at its start:\n{string.Join('\n', output)}");
    }

    /// <summary>What the server has in memory, all that the runtime keeps included.</summary>
    public long ResidentBytes()
    {
        _process.Refresh();
        return _process.WorkingSet64;
    }

    /// <summary>What is on the server's heap after a full collection.</summary>
    public async Task<long> BytesOfHeapAsync()
    {
        using var connection = await HttpConnection.OpenAsync(Port, IPAddress.Loopback);
        var answer = await connection.SendAsync(Encoding.ASCII.GetBytes($"GET {Hosts.Heap} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        return Utf8Parser.TryParse(answer.Body.Span, out long bytes, out _) ? bytes : throw new InvalidOperationException("The server did not say how large its heap is.");
    }

    /// <summary>In the server: says that it is ready, and ends when nobody is there any more.</summary>
    public static void Announce(int port)
    {
        Console.WriteLine($"{Ready}{port}");
        new Thread(() =>
        {
            Console.In.ReadToEnd();
            Environment.Exit(0);
        }).Start();
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
