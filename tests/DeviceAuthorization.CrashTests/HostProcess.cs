using System.Collections.Concurrent;
using System.Diagnostics;
using DeviceAuthorization.Testing;

namespace DeviceAuthorization.CrashTests;

/// <summary>A host in a process of its own, on a free loopback port.</summary>
internal sealed class HostProcess : IAsyncDisposable
{
    /// <summary>Long for a busy build machine.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>More lines than a test reads; a long test makes millions.</summary>
    private const int KeptLines = 10_000;

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly TaskCompletionSource<Uri> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _held = new(0);

    private HostProcess(string[] settings)
    {
        _process = new Process
        {
            StartInfo = new ProcessStartInfo("dotnet", [typeof(HostProcess).Assembly.Location, .. settings])
            {
                RedirectStandardInput = true,
                RedirectStandardError = true,
                RedirectStandardOutput = true,
                UseShellExecute = false,
            },
        };
        _process.OutputDataReceived += (_, line) => Read(line.Data);
        _process.ErrorDataReceived += (_, line) => Read(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Its log lines that have the shape of a code or a token.</summary>
    public ConcurrentQueue<string> Leaks { get; } = new();

    /// <summary>When it was told to end (<see cref="Stopwatch.GetTimestamp"/>); null before.</summary>
    public long? EndedAt { get; private set; }

    /// <summary>Whether it may finish its requests before it ends.</summary>
    public bool EndsGracefully { get; private set; }

    /// <summary>Calls it, without retries.</summary>
    public HttpClient Client { get; } = new();

    public Uri Address => Client.BaseAddress!;

    public static async Task<HostProcess> StartAsync(params string[] settings)
    {
        var host = new HostProcess(settings);
        try
        {
            host.Client.BaseAddress = await host._address.Task.WaitAsync(Patience);
            return host;
        }
        catch (Exception exception) when (exception is TimeoutException or InvalidOperationException)
        {
            await host.DisposeAsync();
            throw new InvalidOperationException($"The host did not start.\n{host}", exception);
        }
    }

    /// <summary>Calls it with requests that stop at a <see cref="Fault"/>.</summary>
    public HttpClient ClientWith(Fault fault) =>
        new() { BaseAddress = Address, DefaultRequestHeaders = { { RequestSteps.FaultHeader, fault.ToString() } } };

    /// <summary>The members of stores that are called for a request, in order.</summary>
    public async Task<string[]> StepsOfAsync(Func<HttpClient, Task> ask)
    {
        string[] steps = [];
        bool Note(HttpResponseMessage answer)
        {
            steps = answer.Headers.GetValues(RequestSteps.StepsHeader).Single().Split(' ');
            return false;
        }

        using var client = new HttpClient(new AnswerDroppingHandler(Note) { InnerHandler = new SocketsHttpHandler() }) { BaseAddress = Address };
        await ask(client);
        return steps;
    }

    /// <summary>Waits until so many requests are held at their <see cref="Fault"/>.</summary>
    /// <returns>Whether they were in time.</returns>
    public async Task<bool> HoldsAsync(int requests)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            for (var held = 0; held < requests; held++)
            {
                await _held.WaitAsync(patience.Token);
            }

            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary><c>kill -9</c>.</summary>
    public async Task KillAsync()
    {
        EndedAt ??= Stopwatch.GetTimestamp();
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary><c>kill -TERM</c>: it finishes its requests, and ends.</summary>
    public async Task StopAsync()
    {
        (EndsGracefully, EndedAt) = (true, Stopwatch.GetTimestamp());
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        await _process.WaitForExitAsync().WaitAsync(Patience);
        Assert.Equal(0, _process.ExitCode);
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync(); // does nothing to a process that has ended
        _process.Dispose();
        Client.Dispose();
        _held.Dispose();
    }

    public override string ToString() => string.Join('\n', _output);

    private void Read(string? line)
    {
        if (line is null)
        {
            _address.TrySetException(new InvalidOperationException("It ended at its start."));
            return;
        }

        _output.Enqueue(line);
        if (_output.Count > KeptLines)
        {
            _output.TryDequeue(out _);
        }

        if (Secrets.Shape.IsMatch(line))
        {
            Leaks.Enqueue(line);
        }

        if (line.StartsWith(RequestSteps.Held, StringComparison.Ordinal))
        {
            _held.Release();
        }
        else if (line.StartsWith(CrashHost.Listening, StringComparison.Ordinal))
        {
            _address.TrySetResult(new Uri(line[CrashHost.Listening.Length..]));
        }
    }
}
