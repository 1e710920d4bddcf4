using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization.Client.Tests;

/// <summary>One of samples/Devices, in a process and a process group of its own.</summary>
internal sealed partial class SmallClient : IAsyncDisposable
{
    public static readonly string[] Languages = ["C#", "Python", "JavaScript", "Go", "bash"];
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1); // for a busy build machine
    private static readonly Lazy<Task<string>> GoProgram = new(BuildGoAsync);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pair-");
    private readonly Process _process;
    private readonly Task<string> _errors;

    private SmallClient(string[] command, Uri server)
    {
        // As in Television, SIGINT may be ignored from above.
        _process = Process.Start(new ProcessStartInfo("setsid", ["env", "--default-signal=INT", .. command, server.AbsoluteUri, TokenFile]) // a group: Ctrl+C reaches all that a script has started
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
        _errors = _process.StandardError.ReadToEndAsync();
    }

    public string TokenFile => Path.Combine(_folder.FullName, "token.json");

    public static string Source(string file) => Path.Combine(Repository.Root, "samples", "Devices", file);

    /// <summary>Runs all of them at once, each with a host of its own: most of their time is pauses.</summary>
    /// <param name="test">What happens to one.</param>
    /// <param name="configure">Sets up its host.</param>
    /// <param name="poll">Answers its polls, which are counted from 1. Null: the host does.</param>
    public static Task RunAllAsync(
        Func<TestHost, SmallClient, Task> test, Action<DeviceAuthorizationOptions>? configure = null, Func<int, HttpContext, RequestDelegate, Task>? poll = null) =>
        Task.WhenAll(Languages.Select(async language =>
        {
            await using var host = await StartHostAsync(configure, poll);
            await using var client = await StartAsync(language, host.Address);
            try
            {
                await test(host, client);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"{language}: {e.Message}", e);
            }
        }));

    private static Task<TestHost> StartHostAsync(Action<DeviceAuthorizationOptions>? configure, Func<int, HttpContext, RequestDelegate, Task>? poll) => TestHost.StartAsync(
        options =>
        {
            options.PublicOrigin = null;
            options.PollingInterval = TimeSpan.FromSeconds(1);
            configure?.Invoke(options);
        },
        services => services.AddSingleton(TimeProvider.System), // as the clients: they are processes
        kestrel: true,
        environment: "Development",
        map: app =>
        {
            app.MapDeviceAuthorizationMetadata();
            var polls = 0;
            app.Use((context, next) => poll is not null && context.Request.Path.Value!.EndsWith("/token", StringComparison.Ordinal)
                ? poll(Interlocked.Increment(ref polls), context, next)
                : next(context));
        });

    public static async Task<SmallClient> StartAsync(string language, Uri server) => new(
        language switch
        {
            "C#" => ["dotnet", Path.GetFullPath(
                typeof(SmallClient).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(program => program.Key == "Devices").Value!, AppContext.BaseDirectory)],
            "Python" => ["python3", Source("pair.py")],
            "JavaScript" => ["node", Source("pair.mjs")],
            "Go" => [await GoProgram.Value],
            "bash" => ["bash", Source("pair.sh")],
            _ => throw new ArgumentOutOfRangeException(nameof(language), language, null),
        },
        server);

    /// <summary>The user code, which it shows first.</summary>
    public async Task<string> CodeAsync() => CodeLine().Match(await LineAsync("enter")).Groups["code"].Value;

    /// <summary>Reads the next line, which has the text.</summary>
    public async Task<string> LineAsync(string text)
    {
        var line = await _process.StandardOutput.ReadLineAsync().WaitAsync(Patience);
        return line?.Contains(text, StringComparison.Ordinal) == true ? line : throw new InvalidOperationException($"Not {text}: {line} {(line is null ? await _errors : "")}");
    }

    /// <summary>Waits for the end; the rest of what it printed.</summary>
    public async Task<(int ExitCode, string Output, string Errors)> EndAsync()
    {
        var output = await _process.StandardOutput.ReadToEndAsync().WaitAsync(Patience);
        await _process.WaitForExitAsync().WaitAsync(Patience);
        return (_process.ExitCode, output.Trim(), (await _errors).Trim());
    }

    /// <summary>Calls the API with the token that it kept.</summary>
    public async Task<HttpStatusCode> UseTokenAsync(TestHost host)
    {
        var token = JsonElement.Parse(await File.ReadAllTextAsync(TokenFile)).String("access_token")!;
        return (await host.WithToken(token).GetAsync("/api/library")).StatusCode;
    }

    /// <summary>Ctrl+C.</summary>
    public async Task InterruptAsync()
    {
        using var kill = Process.Start("kill", ["-INT", "--", string.Create(CultureInfo.InvariantCulture, $"-{_process.Id}")]);
        await kill.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _folder.Delete(recursive: true);
    }

    /// <summary>Once for all tests. Go's cache is below the tests' own folder, so that a second run is faster, and a machine without HOME has one.</summary>
    private static async Task<string> BuildGoAsync()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "go");
        var program = Path.Combine(folder, "pair");
        using var go = Process.Start(new ProcessStartInfo("go", ["build", "-o", program, Source("pair.go")])
        {
            RedirectStandardError = true,
            UseShellExecute = false,
            Environment = { ["GOCACHE"] = Path.Combine(folder, "cache"), ["GOTOOLCHAIN"] = "local", ["GOFLAGS"] = "" },
        })!;
        var errors = await go.StandardError.ReadToEndAsync().WaitAsync(TimeSpan.FromMinutes(3));
        await go.WaitForExitAsync();
        Assert.True(go.ExitCode == 0, errors);
        return program;
    }

    [GeneratedRegex("^Open http://[^ ]+/pair/device and enter (?<code>[A-Z-]+)$", RegexOptions.ExplicitCapture)]
    private static partial Regex CodeLine();
}
