using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Xunit.Abstractions;

namespace DeviceAuthorization.Fuzzing;

public sealed class FuzzingTests
{
    private static readonly Target[] Targets = [.. TextTargets.All, .. JsonTargets.All, HttpTarget.Target];
    private static readonly int Seed = int.Parse(Setting("FUZZ_SEED") ?? "1", CultureInfo.InvariantCulture);
    private static readonly Target Planted = new("planted", [], ["read"], Nested) { Longest = 64 };

    private readonly ITestOutputHelper _output;

    public FuzzingTests(ITestOutputHelper output)
    {
        _output = output;
        SynchronizationContext.SetSynchronizationContext(null); // all in this thread: another one's branches would be mixed in
    }

    public static TheoryData<string> Names => [.. Targets.Select(target => target.Name).Where(name => Setting("FUZZ_TARGET") is not { } one || one == name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void No_input_breaks_a_property(string name)
    {
        var target = Targets.Single(target => target.Name == name);
        if (Setting("FUZZ_INPUT") is { } input)
        {
            Assert.Null(new Fuzzer(target, Seed).Check(InputText.Read(input))?.Problem);
            return;
        }

        var corpus = Corpus(name);
        var (start, executions) = (Stopwatch.GetTimestamp(), Setting("FUZZ_EXECUTIONS") is { } most ? long.Parse(most, CultureInfo.InvariantCulture) : target.Executions);
        var report = new Fuzzer(target, Seed).Run(corpus, executions);
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        _output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name}: {report.Executions:N0} executions, {report.Executions / seconds:N0} each second, {report.Edges:N0} edges, {report.Corpus.Count:N0} inputs kept of {corpus.Length:N0} at first, {report.Findings.Count} findings. Outcomes: {string.Join(", ", report.Outcomes.Order(StringComparer.Ordinal))}"));
        if (Setting("FUZZ_KEEP") is not null)
        {
            Keep(target, report);
        }

        Assert.True(report.Findings.Count == 0, string.Join("\n\n", report.Findings.Select(finding => Describe(target, finding))));
        Assert.Superset(new HashSet<string>(target.Outcomes, StringComparer.Ordinal), new HashSet<string>(report.Outcomes, StringComparer.Ordinal));
        Assert.True(report.Edges > 10, "The libraries are not instrumented: build this project.");
    }

    [Fact]
    public void A_planted_defect_is_found_step_by_step_and_not_by_chance()
    {
        byte[][] first = ["hello world"u8.ToArray()];
        var found = new Fuzzer(Planted, Seed).Run(first, 500_000, stopsAtFinding: true);
        _output.WriteLine($"Found after {found.Executions:N0} executions: {InputText.Write(Assert.Single(found.Findings).Input)}");
        Assert.Empty(new Fuzzer(Planted, Seed, isGuided: false).Run(first, found.Executions * 10, stopsAtFinding: true).Findings);
    }

    [Fact]
    public void A_mask_that_misses_a_secret_is_found()
    {
        // Shows what is in JSON in a string.
        var target = Targets.Single(target => target.Name == "mask") with
        {
            Run = JsonTargets.Masking(document => document.Reveal().Contains("\"[", StringComparison.Ordinal) ? document.Reveal() : document.ToMaskedJson()),
        };
        var found = new Fuzzer(target, Seed).Run(Corpus("mask"), 100_000, stopsAtFinding: true);
        _output.WriteLine($"Found after {found.Executions:N0} executions: {InputText.Write(Assert.Single(found.Findings).Input)}");
    }

    [Fact]
    public void The_same_seed_does_the_same()
    {
        var target = Targets.Single(target => target.Name == "user-code");
        var (one, other) = (new Fuzzer(target, Seed).Run([], 2_000), new Fuzzer(target, Seed).Run([], 2_000));
        Assert.Equal(one.Corpus.Select(InputText.Write), other.Corpus.Select(InputText.Write), StringComparer.Ordinal);
    }

    [Fact]
    public void An_input_survives_as_a_line_of_text()
    {
        byte[] all = [.. "# \\x\n\r\t\0 ~"u8, .. Enumerable.Range(0, 256).Select(one => (byte)one), .. " "u8];
        Assert.Equal(all, InputText.Read(InputText.Write(all)));
    }

    /// <summary>A parser with a defect behind three bytes, which only a search finds one after the other.</summary>
    private static string Nested(byte[] input)
    {
        byte[] wrong = [(byte)'~', 0xC3, 0x1F];
        for (var i = 0; i < wrong.Length && input.ElementAtOrDefault(2 * i) == wrong[i]; i++)
        {
            Coverage.Branch(1000 * (1 + i));
            BrokenException.Unless(i < wrong.Length - 1, "the defect");
        }

        return "read";
    }

    private static string? Setting(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    private static string Describe(Target target, Finding finding) =>
        $"""
        {finding.Problem.GetType().Name}: {finding.Problem.Message}
        Input: {InputText.Write(finding.Input)}
        Replay: FUZZ_TARGET={target.Name} FUZZ_INPUT='{InputText.Write(finding.Input).Replace("'", "\\x27", StringComparison.Ordinal)}' dotnet test tests/DeviceAuthorization.Fuzzing -c Release --filter No_input
        {finding.Problem.StackTrace}
        """;

    private static string FileOf(string name, [CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "corpus", name + ".txt");

    /// <summary>A line for each input. Those with # in front say something about the next ones.</summary>
    private static byte[][] Corpus(string name) => [.. File.ReadAllLines(FileOf(name)).Where(line => line.Length > 0 && line[0] != '#').Select(InputText.Read)];

    /// <summary>Adds the shortest inputs that reach what those in the file do not.</summary>
    private static void Keep(Target target, Report report)
    {
        var known = Corpus(target.Name).Select(InputText.Write).ToHashSet(StringComparer.Ordinal);
        var found = Fuzzer.Distil(target, report.Corpus.Where(input => input.Length <= 200)).Select(InputText.Write).Where(known.Add);
        File.AppendAllLines(FileOf(target.Name), found, new UTF8Encoding(false));
    }
}
