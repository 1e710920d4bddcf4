using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using DeviceAuthorization.Simulation;

namespace DeviceAuthorization.Fuzzing;

/// <summary>Something that reads input from outside.</summary>
/// <param name="Words">Texts that the inputs are made of. No mutation would find them, because comparisons of texts happen in .NET.</param>
/// <param name="Outcomes">What must happen to inputs. A run that only refuses would prove nothing.</param>
/// <param name="Run">Reads an input, and throws if a property does not hold. Returns the outcome.</param>
internal sealed record Target(string Name, string[] Words, string[] Outcomes, Func<byte[], string> Run)
{
    /// <summary>The most bytes of an input.</summary>
    public int Longest { get; init; } = 1024;

    /// <summary>How many inputs a run of all tests tries. Slow targets have fewer.</summary>
    public int Executions { get; init; } = 10_000;

    public override string ToString() => Name;
}

/// <summary>An input that breaks a property.</summary>
internal sealed record Finding(byte[] Input, Exception Problem)
{
    /// <summary>Findings with the same kind are one defect: where it was thrown, or which property it broke.</summary>
    public string Kind => Problem is BrokenException ? Problem.Message.Split(':')[0]
        : Problem.GetType().Name + Problem.StackTrace?.Split('\n').FirstOrDefault(line => line.Contains("DeviceAuthorization.", StringComparison.Ordinal));
}

internal sealed record Report(long Executions, int Edges, IReadOnlyList<byte[]> Corpus, IReadOnlySet<string> Outcomes, IReadOnlyList<Finding> Findings);

/// <summary>A property that does not hold.</summary>
internal sealed class BrokenException(string property) : Exception(property)
{
    /// <param name="property">The property, and after a colon what broke it.</param>
    public static void Unless([DoesNotReturnIf(false)] bool holds, string property)
    {
        if (!holds)
        {
            throw new BrokenException(property);
        }
    }
}

/// <summary>
/// Changes inputs by chance, and keeps those that reach something new. Later inputs are made from these. A seed decides everything that is left to
/// chance.
/// </summary>
/// <param name="isGuided">False: only the first inputs are changed, not those that reached more.</param>
internal sealed class Fuzzer(Target target, int seed, bool isGuided = true)
{
    private const int MostFindings = 10;
    private const long FreeAllocation = 1 << 20;
    private const long AllocationPerByte = 8192;
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(250);
    private static readonly byte[] Telling = [.. "\0\t\n\r \"%&'+,-/0:;<=>@AZ[\\]az{}\u007f\u0080\u00e2\u00ff"u8];

    private readonly Dice _dice = new((ulong)seed);
    private readonly byte[] _seen = Coverage.Nothing();
    private readonly List<byte[]> _corpus = [];
    private readonly HashSet<string> _outcomes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Finding> _findings = new(StringComparer.Ordinal);
    private readonly byte[][] _words = [.. target.Words.Select(Encoding.UTF8.GetBytes)];
    private long _executions;

    public Report Run(IEnumerable<byte[]> first, long executions, bool stopsAtFinding = false)
    {
        foreach (var input in first.Prepend([]))
        {
            Try(input, keeps: true);
        }

        while (_executions < executions && _findings.Count < (stopsAtFinding ? 1 : MostFindings))
        {
            Try(Mutate(Pick()), keeps: false);
        }

        return new(_executions, Coverage.Edges(_seen), _corpus, _outcomes, [.. _findings.Values.Select(Shrink)]);
    }

    /// <summary>Runs one input, and reports what it breaks.</summary>
    public Finding? Check(byte[] input)
    {
        var (start, allocated) = (Stopwatch.GetTimestamp(), GC.GetAllocatedBytesForCurrentThread());
        try
        {
            _outcomes.Add(target.Run(input));
        }
        catch (Exception problem)
        {
            return new(input, problem);
        }

        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        return allocated > FreeAllocation + (AllocationPerByte * input.Length) ? new(input, new BrokenException($"Memory grows with the input: {allocated:N0} bytes"))
            : Stopwatch.GetElapsedTime(start) > Longest && IsSlow(input) ? new(input, new BrokenException($"No input takes longer than {Longest}: {input.Length:N0} bytes"))
            : null;
    }

    /// <summary>The fewest inputs that reach as much as all of them, the shortest first.</summary>
    public static IReadOnlyList<byte[]> Distil(Target target, IEnumerable<byte[]> inputs)
    {
        var fuzzer = new Fuzzer(target, 0);
        foreach (var input in inputs.OrderBy(input => input.Length))
        {
            fuzzer.Try(input, keeps: false);
        }

        return fuzzer._corpus;
    }

    private void Try(byte[] input, bool keeps)
    {
        _executions++;
        Coverage.Reset();
        if (Check(input) is { } finding)
        {
            _findings.TryAdd(finding.Kind, finding);
        }
        else if (keeps || Coverage.IsNew(_seen))
        {
            // Again: what runs only once in a process, such as a static constructor, is no reason to keep an input.
            Coverage.Reset();
            target.Run(input);
            if (keeps | (Coverage.AddTo(_seen) & isGuided))
            {
                _corpus.Add(input);
            }
        }
    }

    /// <summary>Whether it was slow again and again: the machine may have been busy once.</summary>
    private bool IsSlow(byte[] input) => Enumerable.Range(0, 5).All(_ =>
    {
        var start = Stopwatch.GetTimestamp();
        target.Run(input);
        return Stopwatch.GetElapsedTime(start) > Longest;
    });

    /// <summary>Removes what the finding does not need.</summary>
    private Finding Shrink(Finding finding)
    {
        for (var size = finding.Input.Length / 2; size > 0; size /= 2)
        {
            for (var at = 0; at + size <= finding.Input.Length;)
            {
                byte[] shorter = [.. finding.Input[..at], .. finding.Input[(at + size)..]];
                if (Check(shorter) is { } same && same.Kind == finding.Kind)
                {
                    finding = same;
                }
                else
                {
                    at += size;
                }
            }
        }

        return finding;
    }

    /// <summary>Half of the time one that was found late: it is close to what is not reached yet.</summary>
    private byte[] Pick() => _corpus[_dice.Below(2) == 0 ? _dice.Below(_corpus.Count) : _corpus.Count - 1 - _dice.Below(Math.Min(16, _corpus.Count))];

    private byte[] Mutate(byte[] input)
    {
        var bytes = new List<byte>(input);
        for (var times = 1 << _dice.Below(4); times > 0; times--)
        {
            var at = _dice.Below(bytes.Count + 1);
            var length = Math.Min(1 + _dice.Below(8), bytes.Count - at);
            switch (_dice.Below(9))
            {
                case 0 when at < bytes.Count:
                    bytes[at] ^= (byte)(1 << _dice.Below(8));
                    break;
                case 1 when at < bytes.Count:
                    bytes[at] = _dice.Pick(Telling);
                    break;
                case 2 when at < bytes.Count:
                    bytes[at] = (byte)_dice.Below(256);
                    break;
                case 3:
                    bytes.Insert(at, _dice.Below(2) == 0 ? _dice.Pick(Telling) : (byte)_dice.Below(256));
                    break;
                case 4:
                    bytes.RemoveRange(at, _dice.Below(8) == 0 ? _dice.Below(bytes.Count - at + 1) : length);
                    break;
                case 5: // again, here or elsewhere, perhaps many times
                    var copy = bytes.GetRange(at, length);
                    var place = _dice.Below(bytes.Count + 1);
                    for (var copies = _dice.Below(8) == 0 ? _dice.Below(target.Longest) : 1; copies > 0 && bytes.Count < target.Longest && length > 0; copies--)
                    {
                        bytes.InsertRange(place, copy);
                    }

                    break;
                case 6 when _words.Length > 0:
                    bytes.InsertRange(at, _dice.Pick(_words));
                    break;
                case 7 when _words.Length > 0:
                    bytes.RemoveRange(at, length);
                    bytes.InsertRange(at, _dice.Pick(_words));
                    break;
                case 8: // the rest of another one
                    var other = _corpus[_dice.Below(_corpus.Count)];
                    bytes.RemoveRange(at, bytes.Count - at);
                    bytes.AddRange(other.AsSpan(Math.Min(at, other.Length)));
                    break;
            }
        }

        return bytes.Count > target.Longest ? [.. bytes.GetRange(0, target.Longest)] : [.. bytes];
    }
}

/// <summary>Inputs as lines of text: printable ASCII unchanged, other bytes and the backslash as <c>\x1f</c>, and <c>\n</c>, <c>\r</c>, <c>\t</c>.</summary>
internal static class InputText
{
    public static string Write(byte[] input)
    {
        var text = new StringBuilder();
        foreach (var one in input)
        {
            _ = one switch
            {
                (byte)'\n' => text.Append("\\n"),
                (byte)'\r' => text.Append("\\r"),
                (byte)'\t' => text.Append("\\t"),
                (byte)'\\' => text.Append("\\\\"),
                (byte)'#' when text.Length == 0 => text.Append("\\x23"), // a line with # in front is a comment
                < 0x20 or > 0x7e => text.Append(CultureInfo.InvariantCulture, $"\\x{one:x2}"),
                (byte)' ' when text.Length == 0 || text.Length == input.Length - 1 => text.Append("\\x20"), // editors remove it
                _ => text.Append((char)one),
            };
        }

        return text.ToString();
    }

    public static byte[] Read(string text)
    {
        var input = new List<byte>();
        for (var i = 0; i < text.Length; i++)
        {
            input.Add((text[i], i + 1 < text.Length ? text[i + 1] : ' ') switch
            {
                ('\\', 'x') => byte.Parse(text.AsSpan(i + 2, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
                ('\\', 'n') => (byte)'\n',
                ('\\', 'r') => (byte)'\r',
                ('\\', 't') => (byte)'\t',
                ('\\', var same) => (byte)same,
                var (same, _) => (byte)same,
            });
            i += text[i] != '\\' ? 0 : text[i + 1] == 'x' ? 3 : 1;
        }

        return [.. input];
    }
}
