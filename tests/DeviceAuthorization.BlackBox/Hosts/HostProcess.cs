using System.Collections.Concurrent;
using System.Diagnostics;
using System.Reflection;

namespace DeviceAuthorization.BlackBox;

/// <summary>A program that the tests start.</summary>
internal enum HostProgram
{
    /// <summary>The sample, for what anybody can do with it.</summary>
    PairingHost,

    /// <summary>The host in tests/Hosts. It has stores by name, a third user, and runs in every environment.</summary>
    BlackBoxHost,
}

/// <summary>A host in a process of its own, on a free loopback port.</summary>
internal sealed class HostProcess : IAsyncDisposable
{
    private const string Listening = "Now listening on: ";

    /// <summary>Long for a busy build machine.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly TaskCompletionSource<Uri> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private HostProcess(HostProgram program, string environment, string[] settings)
    {
        var relative = typeof(HostProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(started => started.Key == program.ToString()).Value!;
        var assembly = Path.GetFullPath(relative, AppContext.BaseDirectory);
        _process = new Process
        {
            StartInfo = new ProcessStartInfo("dotnet", [assembly, "--urls=http://127.0.0.1:0", .. settings])
            {
                Environment =
                {
                    ["ASPNETCORE_ENVIRONMENT"] = environment,
                    ["DOTNET_TieredPGO"] = "0", // it lives for a minute
                    ["ASPNETCORE_FORWARDEDHEADERS_ENABLED"] = environment == "Development" ? "false" : "true",
                },
                RedirectStandardError = true,
                RedirectStandardOutput = true,
                UseShellExecute = false,
                WorkingDirectory = Path.GetDirectoryName(assembly), // where appsettings.json is
            },
        };
        _process.OutputDataReceived += (_, line) => Read(line.Data);
        _process.ErrorDataReceived += (_, line) => Read(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public Uri Address { get; private set; } = null!;

    /// <param name="program">What is started.</param>
    /// <param name="environment">
    /// The environment's name. Outside Development the host also believes <c>X-Forwarded-For</c>, as behind a proxy of its own.
    /// </param>
    /// <param name="settings">As on its command line.</param>
    public static async Task<HostProcess> StartAsync(HostProgram program, string environment, params string[] settings)
    {
        var host = new HostProcess(program, environment, settings);
        try
        {
            host.Address = await host._address.Task.WaitAsync(Patience);
            return host;
        }
        catch (Exception exception) when (exception is TimeoutException or InvalidOperationException)
        {
            await host.DisposeAsync();
            throw new InvalidOperationException($"The host did not start.\n{string.Join('\n', host._output)}", exception);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(); // does nothing to a process that has ended
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private void Read(string? line)
    {
        if (line is null)
        {
            _address.TrySetException(new InvalidOperationException("It ended at its start."));
            return;
        }

        _output.Enqueue(line);
        if (line.IndexOf(Listening, StringComparison.Ordinal) is >= 0 and var at)
        {
            _address.TrySetResult(new Uri(line[(at + Listening.Length)..].Trim()));
        }
    }
}
