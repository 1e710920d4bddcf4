using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;

namespace DeviceAuthorization.Client.Tests;

/// <summary>samples/TvDevice in a process of its own.</summary>
internal sealed class Television : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1); // for a busy build machine

    private readonly Process _process;
    private readonly Task<string> _errors;
    private readonly StringBuilder _output = new();

    private Television(string program, string[] arguments)
    {
        // A shell lets what it starts in the background ignore SIGINT, and so does everything below it.
        _process = Process.Start(new ProcessStartInfo("env", ["--default-signal=INT", program, .. arguments])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            StandardOutputEncoding = Encoding.UTF8,
            UseShellExecute = false,
        })!;
        _errors = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>What was read of the standard output so far.</summary>
    public string Output => _output.ToString();

    private static string Program => Path.GetFullPath(
        typeof(Television).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(program => program.Key == "TvDevice").Value!, AppContext.BaseDirectory);

    public static Television Start(params string[] arguments) => new("dotnet", [Program, .. arguments]);

    /// <summary>Its standard output is a terminal with so many columns.</summary>
    public static Television StartInTerminal(int columns, params string[] arguments) => new("script", [
        "--quiet", "--return", "--command", string.Create(CultureInfo.InvariantCulture, $"stty cols {columns}; exec dotnet '{string.Join("' '", [Program, .. arguments])}'"), "/dev/null",
    ]);

    public static Television StartNative(string program, params string[] arguments) => new(program, arguments);

    /// <summary>The next event of <c>--json</c>.</summary>
    public async Task<JsonElement> EventAsync(string name)
    {
        var line = await _process.StandardOutput.ReadLineAsync().WaitAsync(Patience) ?? throw new InvalidOperationException(await _errors);
        _output.AppendLine(line);
        var json = JsonElement.Parse(line);
        return json.String("event") == name ? json : throw new InvalidOperationException($"Not {name}: {line}");
    }

    /// <summary>Reads up to a line with the text.</summary>
    public async Task<string> LineAsync(string text)
    {
        while (await _process.StandardOutput.ReadLineAsync().WaitAsync(Patience) is { } line)
        {
            _output.AppendLine(line);
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return line;
            }
        }

        throw new InvalidOperationException($"{Output}\n{await _errors}");
    }

    /// <summary>Waits for the end, and reads the rest.</summary>
    public async Task<(int ExitCode, string Errors)> EndAsync()
    {
        _output.Append(await _process.StandardOutput.ReadToEndAsync().WaitAsync(Patience));
        await _process.WaitForExitAsync().WaitAsync(Patience);
        return (_process.ExitCode, await _errors);
    }

    /// <summary>Ctrl+C.</summary>
    public async Task InterruptAsync()
    {
        using var kill = Process.Start("kill", ["-INT", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    /// <summary>A power cut.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }
}
