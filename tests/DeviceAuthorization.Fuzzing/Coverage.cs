using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SharpFuzz;
using SharpFuzz.Common;

namespace DeviceAuthorization.Fuzzing;

/// <summary>
/// Which branches ran. SharpFuzz adds to each branch of an assembly one step that counts, in <see cref="Trace.SharedMem"/>, how often it came after
/// the branch before it.
/// </summary>
internal static unsafe class Coverage
{
    private const int Size = 1 << 16;
    private static readonly string[] Libraries =
        ["DeviceAuthorization", "DeviceAuthorization.Client", "DeviceAuthorization.EntityFramework", "DeviceAuthorization.Redis"];

    private static readonly byte* Counts = (byte*)NativeMemory.AllocZeroed(Size);

    /// <summary>Instruments what the build copied beside this program. The project runs it after each build.</summary>
    public static void Main()
    {
        foreach (var library in Libraries)
        {
            try
            {
                SharpFuzz.Fuzzer.Instrument(Path.Combine(AppContext.BaseDirectory, library + ".dll"), _ => true, Options.Value);
            }
            catch (InstrumentationException)
            {
                // it was instrumented before
            }
        }
    }

    [ModuleInitializer]
    internal static void Begin() => Trace.SharedMem = Counts; // instrumented code needs it

    /// <summary>Forgets the last execution.</summary>
    public static void Reset()
    {
        new Span<byte>(Counts, Size).Clear();
        Trace.PrevLocation = 0;
    }

    /// <summary>Whether the last execution took an edge that was not seen, or one more or less often, roughly.</summary>
    public static bool IsNew(byte[] seen) => Compare(seen, adds: false);

    /// <summary>As <see cref="IsNew"/>. Adds it to what was seen.</summary>
    public static bool AddTo(byte[] seen) => Compare(seen, adds: true);

    private static bool Compare(byte[] seen, bool adds)
    {
        var counts = new Span<byte>(Counts, Size);
        var isNew = false;
        for (int at = 0, step; (step = counts[at..].IndexOfAnyExcept((byte)0)) >= 0 && (at += step) < Size; at++)
        {
            var often = Often(counts[at]);
            isNew |= (seen[at] & often) == 0;
            seen[at] |= adds ? often : (byte)0;
        }

        return isNew;
    }

    /// <summary>What SharpFuzz adds to a branch, for code that is not instrumented.</summary>
    public static void Branch(int number)
    {
        Counts[number ^ Trace.PrevLocation]++;
        Trace.PrevLocation = number >> 1;
    }

    public static byte[] Nothing() => new byte[Size];

    public static int Edges(byte[] seen) => Size - seen.AsSpan().Count((byte)0);

    /// <summary>Once, twice, three times, a few or many: so that a loop does not look new each time.</summary>
    private static byte Often(byte count) => count switch
    {
        1 => 1,
        2 => 2,
        3 => 4,
        < 8 => 8,
        < 16 => 16,
        < 32 => 32,
        < 128 => 64,
        _ => 128,
    };
}
