using System.Collections.Concurrent;
using System.Diagnostics;

namespace DeviceAuthorization.TestKit;

/// <summary>A program in a process of its own, in the Development environment: a tool that ends, or a host that listens on a free loopback port.</summary>
public sealed class ListeningProcess : IAsyncDisposable
{
    private const string Listening = "Now listening on: ";

    /// <summary>Long for a busy build machine.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly ConcurrentQueue<string> _output = new();
    private readonly TaskCompletionSource<Uri> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Process _process;

    private ListeningProcess(string folder, string program, string[] arguments)
    {
        _process = new Process
        {
            StartInfo = new ProcessStartInfo(program, arguments)
            {
                Environment = { ["ASPNETCORE_ENVIRONMENT"] = "Development" },
                RedirectStandardError = true,
                RedirectStandardOutput = true,
                UseShellExecute = false,
                WorkingDirectory = folder,
            },
        };
        _process.OutputDataReceived += (_, line) => Read(line.Data);
        _process.ErrorDataReceived += (_, line) => Read(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Runs a program to its end; what it printed.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(string folder, string program, params string[] arguments)
    {
        await using var process = new ListeningProcess(folder, program, arguments);
        await process._process.WaitForExitAsync().WaitAsync(Patience);
        return (process._process.ExitCode, process.ToString());
    }

    /// <summary>Starts a host, and waits until it listens.</summary>
    public static async Task<ListeningProcess> StartAsync(string folder, string program, params string[] arguments)
    {
        var process = new ListeningProcess(folder, program, [.. arguments, "--urls=http://127.0.0.1:0"]);
        try
        {
            _ = process._process.WaitForExitAsync().ContinueWith(
                _ => process._address.TrySetException(new InvalidOperationException($"It ended.\n{process}")), TaskScheduler.Default);
            await process._address.Task.WaitAsync(Patience);
            return process;
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>A client with cookies of its own, which follows redirects.</summary>
    public HttpClient Client() => new() { BaseAddress = _address.Task.Result };

    /// <summary>What it has printed so far.</summary>
    public override string ToString() => string.Join('\n', _output);

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true); // does nothing to a process that has ended
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private void Read(string? line)
    {
        if (line is null)
        {
            return;
        }

        _output.Enqueue(line);
        if (line.IndexOf(Listening, StringComparison.Ordinal) is >= 0 and var at)
        {
            _address.TrySetResult(new Uri(line[(at + Listening.Length)..].Trim()));
        }
    }
}
