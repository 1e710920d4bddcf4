using System.Collections.Concurrent;
using System.Diagnostics;
using System.Reflection;
using System.Text;
using System.Threading.Channels;

namespace DeviceAuthorization.BrowserTests;

/// <summary>A program of this repository that runs as a process of its own, as its users run it.</summary>
internal sealed class ChildProgram : IAsyncDisposable
{
    /// <summary>Long for a busy build machine; a device that polls every five seconds needs some of it anyway.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly Process _process;
    private readonly string _name;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly Channel<string> _unread = Channel.CreateUnbounded<string>();

    private ChildProgram(string name, ProcessStartInfo start)
    {
        _name = name;
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is null)
            {
                _unread.Writer.Complete();
                return;
            }

            _output.Enqueue(line.Data);
            _unread.Writer.TryWrite(line.Data);
        };
        _process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is not null)
            {
                _output.Enqueue(line.Data);
            }
        };
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Everything that the program has written so far, errors too.</summary>
    public string Output => string.Join('\n', _output);

    public static ChildProgram Start(string name, params string[] arguments)
    {
        var relative = typeof(ChildProgram).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(program => program.Key == name).Value!;
        var path = Path.GetFullPath(relative, AppContext.BaseDirectory);
        return new ChildProgram(name, new ProcessStartInfo("dotnet", [path, .. arguments])
        {
            Environment = { ["ASPNETCORE_ENVIRONMENT"] = "Development" },
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            StandardErrorEncoding = Encoding.UTF8,
            StandardOutputEncoding = Encoding.UTF8,
            UseShellExecute = false,
            WorkingDirectory = Path.GetDirectoryName(path), // a host reads its settings there
        });
    }

    /// <summary>Reads the standard output on, up to the line that holds the text.</summary>
    public async Task<string> ReadLineAsync(string text)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await foreach (var line in _unread.Reader.ReadAllAsync(patience.Token))
            {
                if (line.Contains(text, StringComparison.Ordinal))
                {
                    return line;
                }
            }
        }
        catch (OperationCanceledException e)
        {
            throw new TimeoutException($"{_name} has not written \"{text}\" within {Patience}.\n{Output}", e);
        }

        throw new InvalidOperationException($"{_name} has ended without writing \"{text}\".\n{Output}");
    }

    /// <summary>Waits until the program ends.</summary>
    public async Task<int> ExitCodeAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException e)
        {
            throw new TimeoutException($"{_name} has not ended within {Patience}.\n{Output}", e);
        }

        return _process.ExitCode;
    }

    public override string ToString() => $"--- {_name} ---\n{Output}";

    public async ValueTask DisposeAsync()
    {
        _process.Kill(); // does nothing to a process that has ended
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
