using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using DeviceAuthorization.Storage;
using DeviceAuthorization.Testing;
using Microsoft.EntityFrameworkCore;

namespace DeviceAuthorization.CrashTests;

/// <summary>A call that another process is about to make.</summary>
internal sealed record WrittenCall(int Number, string Client, string Part, bool IsOfPairings, string Member, string[] Arguments);

/// <summary>The answer that another process got.</summary>
internal sealed record WrittenAnswer(int Number, string Exact, string Brief);

/// <summary>Clients in a process of their own, over one SQLite file. They write what they do to the standard output, until they are killed.</summary>
internal static class HistoryProcess
{
    /// <summary>The first argument of such a process.</summary>
    public const string Switch = "--history";

    private const int Calls = 200; // that are answered in one that is not killed

    public static void AddStores(DeviceAuthorizationBuilder builder, string connection)
    {
        builder.Services.AddDbContextPool<HostContext>(options => options.UseSqlite(connection));
        builder.AddEntityFrameworkStores<HostContext>();
    }

    /// <summary>What the process does.</summary>
    public static async Task RunAsync(string[] arguments)
    {
        var (connection, owner, seed) = (arguments[1], arguments[2], int.Parse(arguments[3], CultureInfo.InvariantCulture));
        var clock = new HistoryClock(TestData.Start + TimeSpan.FromSeconds(10 * seed));
        var known = JsonSerializer.Deserialize<Pairing[]>((await Console.In.ReadLineAsync())!)!;
        var history = new History { Write = Console.Out.WriteLine };
        using var node = Node.Create(clock, builder => AddStores(builder, connection));
        using var clients = new Clients(seed, owner, history, clock) { Known = new(known) };
        await clients.RunAsync([node], Calls, () => Task.CompletedTask);
    }

    /// <summary>Runs such a process, and adds what it writes to a history.</summary>
    /// <param name="known">The pairings whose codes were given out, to which it adds.</param>
    /// <param name="killAfter">After how many answers it is killed; null for never.</param>
    public static async Task RecordAsync(History history, string connection, string owner, int seed, List<Pairing> known, int? killAfter)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", [typeof(HistoryProcess).Assembly.Location, Switch, connection, owner, $"{seed}"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
        await process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(known));
        await process.StandardInput.FlushAsync();
        var (calls, isKilled) = (new Dictionary<int, (Call Call, object?[] Arguments)>(), false);
        var answeredBefore = history.Answered;
        while (await process.StandardOutput.ReadLineAsync() is { } line && line.EndsWith('}')) // the last line may be cut off
        {
            if (JsonSerializer.Deserialize<WrittenAnswer>(line) is { Exact: not null } answer)
            {
                var (call, arguments) = calls[answer.Number];
                history.End(call, new Answer(answer.Exact, new Said(answer.Brief)));
                known.AddRange(answer.Brief == nameof(PairingAddition.Added) ? [(Pairing)arguments[0]!] : []);
            }
            else
            {
                var written = JsonSerializer.Deserialize<WrittenCall>(line)!;
                var member = (written.IsOfPairings ? typeof(IPairingStore) : typeof(IDeviceRepository)).GetMethod(written.Member)!;
                object?[] arguments = [.. written.Arguments.Zip(member.GetParameters(), (text, parameter) => JsonSerializer.Deserialize(text, parameter.ParameterType)), CancellationToken.None];
                calls[written.Number] = (history.Begin(written.Client, written.Part, member, arguments), arguments);
            }

            if (history.Answered - answeredBefore >= killAfter && !isKilled)
            {
                process.Kill();
                isKilled = true;
            }
        }

        await process.WaitForExitAsync();
        foreach (var (call, _) in calls.Values.Where(call => !call.Call.IsAnswered))
        {
            history.Fail(call, new IOException("The process was killed, or its store did not answer."));
        }

        Assert.True(isKilled || process.ExitCode == 0, $"The process ended with {process.ExitCode}.");
    }

    /// <summary>The words of another process.</summary>
    private sealed record Said(string Text)
    {
        public override string ToString() => Text;
    }
}
