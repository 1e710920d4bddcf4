using System.Diagnostics;
using System.Globalization;
using Xunit.Abstractions;

namespace DeviceAuthorization.Simulation;

public sealed class SimulationTests(ITestOutputHelper output)
{
    /// <summary>What is broken, and how it shows.</summary>
    private static readonly (Func<World, Node, SimulatedStores> Break, string Violation)[] Broken =
    [
        ((world, node) => new ReplacesWithoutVersion(world, node), "a terminal state never changes"),
        ((world, node) => new FindsNothingDecided(world, node), "a decision wakes the polls that are held for it"),
        ((world, node) => new AcceptsEveryPoll(world, node), "a poll that comes too early is not accepted"),
        ((world, node) => new LosesApprovals(world, node), "an acknowledged approval ends with a token"),
    ];

    public static TheoryData<int> BrokenOnes => [.. Enumerable.Range(0, Broken.Length)];

    [Fact]
    public void No_seed_breaks_an_invariant()
    {
        var (first, count) = Setting("SIMULATION_SEED") is { } one ? (one, 1) : (Setting("SIMULATION_FIRST") ?? 1, Setting("SIMULATION_SEEDS") ?? 2000);
        var (start, endings) = (Stopwatch.GetTimestamp(), new SortedDictionary<string, int>(StringComparer.Ordinal));
        var (seed, broken) = OnOneThread(() => Search(first, count, world =>
        {
            foreach (var ending in world.Endings)
            {
                endings[ending] = endings.GetValueOrDefault(ending) + 1;
            }

            return world.Invariants.Violation is not null || count == 1;
        }));
        var time = Stopwatch.GetElapsedTime(start);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Seeds {first} to {seed} in {time.TotalSeconds:0.0} s. Pairings ended for their devices with:"));
        output.WriteLine(string.Join(", ", endings.Select(ending => $"{ending.Key} {ending.Value}")));
        var trace = string.Join('\n', broken?.Scheduler.Trace ?? []);
        if (broken?.Invariants.Violation is { } violation)
        {
            Assert.Fail($"""
                Seed {seed}: {violation}
                {broken.Plan}
                {trace}

                To run only this one:
                SIMULATION_SEED={seed} dotnet test tests/DeviceAuthorization.Simulation -c Release --filter {nameof(No_seed_breaks_an_invariant)}
                """);
        }

        output.WriteLine(trace);
        if (count >= 2000) // else it would prove nothing
        {
            Assert.Superset(new HashSet<string>(["Connected", "Paired", "Denied", "Expired", "GaveUp"], StringComparer.Ordinal), new HashSet<string>(endings.Keys, StringComparer.Ordinal));
        }
    }

    [Fact]
    public void A_seed_replays_exactly()
    {
        for (var seed = 1UL; seed <= 30; seed++)
        {
            Assert.Equal(OnOneThread(() => World.Run(seed)).Scheduler.Trace, OnOneThread(() => World.Run(seed)).Scheduler.Trace);
        }
    }

    [Theory]
    [MemberData(nameof(BrokenOnes))]
    public void What_is_broken_is_found(int number)
    {
        var (breaks, violation) = Broken[number];
        var (seed, world) = OnOneThread(() => Search(1, 1000, world => world.Invariants.Violation?.StartsWith(violation, StringComparison.Ordinal) == true, breaks));
        output.WriteLine($"Seed {seed}: {world?.Invariants.Violation}");
        Assert.NotNull(world);
    }

    private static long? Setting(string name) => Environment.GetEnvironmentVariable(name) is { } text ? long.Parse(text, CultureInfo.InvariantCulture) : null;

    /// <summary>Runs seeds up to the first for which <paramref name="isFound"/> holds.</summary>
    private static (long Last, World? Found) Search(long first, long count, Predicate<World> isFound, Func<World, Node, SimulatedStores>? stores = null)
    {
        for (var seed = first; seed < first + count; seed++)
        {
            var world = World.Run((ulong)seed, stores);
            if (isFound(world))
            {
                return (seed, world);
            }
        }

        return (first + count - 1, null);
    }

    /// <summary>A thread of its own has no synchronization context: nothing is sent to another thread.</summary>
    private static T OnOneThread<T>(Func<T> run)
    {
        var result = new Task<T>(run);
        var thread = new Thread(() => result.RunSynchronously(TaskScheduler.Default));
        thread.Start();
        thread.Join();
        return result.GetAwaiter().GetResult();
    }
}
