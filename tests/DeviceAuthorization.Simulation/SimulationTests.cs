using System.Diagnostics;
using System.Globalization;
using Xunit.Abstractions;

namespace DeviceAuthorization.Simulation;

public sealed class SimulationTests(ITestOutputHelper output)
{
    [Fact]
    public void No_seed_breaks_an_invariant()
    {
        var (first, count) = Setting("SIMULATION_SEED") is { } seed ? (seed, 1) : (Setting("SIMULATION_FIRST") ?? 1, Setting("SIMULATION_SEEDS") ?? 2000);
        var start = Stopwatch.GetTimestamp();
        var (world, seeds, events) = OnOneThread(() => Search(first, count));
        var time = Stopwatch.GetElapsedTime(start);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{seeds:N0} seeds, {events:N0} lines of traces, {time.TotalSeconds:0.0} s, {seeds / time.TotalSeconds:0} seeds each second"));
        if (world is not null)
        {
            var broken = first + seeds - 1;
            Assert.Fail($"""
                Seed {broken}: {world.Invariants.Violation}
                {world.Plan}
                {string.Join('\n', world.Scheduler.Trace)}

                To run only this one:
                SIMULATION_SEED={broken} dotnet test tests/DeviceAuthorization.Simulation -c Release --filter {nameof(No_seed_breaks_an_invariant)}
                """);
        }

        if (count == 1)
        {
            OnOneThread(() => World.Run((ulong)first)).Scheduler.Trace.ForEach(output.WriteLine);
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

    private static long? Setting(string name) => Environment.GetEnvironmentVariable(name) is { } text ? long.Parse(text, CultureInfo.InvariantCulture) : null;

    /// <summary>Runs seeds up to the first that breaks something.</summary>
    private static (World? Broken, long Seeds, long Lines) Search(long first, long count, Func<World, Node, SimulatedStores>? stores = null)
    {
        var lines = 0L;
        for (var seeds = 1L; seeds <= count; seeds++)
        {
            var world = World.Run((ulong)(first + seeds - 1), stores);
            lines += world.Scheduler.Trace.Count;
            if (world.Invariants.Violation is not null)
            {
                return (world, seeds, lines);
            }
        }

        return (null, count, lines);
    }

    /// <summary>A thread of its own has no synchronization context: nothing is sent to another thread.</summary>
    private static T OnOneThread<T>(Func<T> run)
    {
        var result = new Task<T>(run);
        var thread = new Thread(() => result.RunSynchronously());
        thread.Start();
        thread.Join();
        return result.GetAwaiter().GetResult();
    }
}
