using System.Security.Cryptography;
using System.Text;

namespace DeviceAuthorization.Benchmarks;

/// <summary>Runs floors and targets in turn.</summary>
internal sealed class Benchmark(Settings settings, Report report, CancellationToken stopped)
{
    private const int Users = 20_000;
    private const int EarlyPairings = 1_000;
    private const int LeastPairings = 1_000; // for the steps that can be done once with each
    private const int Tokens = 1_000; // the first call with each writes when it was used; those after it do not

    /// <summary>Polls that come at least this often are on time (<see cref="Pacing.Tolerance"/>).</summary>
    private const int NeverTooEarly = 1;

    /// <summary>Longer than a measurement, after the step that the first poll that is too early adds.</summary>
    private const int AlwaysTooEarly = 55;

    private static readonly int[] Footprints = [20_000, 200_000];

    public async Task RunAsync()
    {
        var floors = new HashSet<Store>();
        foreach (var target in settings.Targets)
        {
            foreach (var store in new[] { target.DevicesIn, target.Store }.Where(floors.Add)) // just before, because what else the machine does changes
            {
                await MeasureFloorAsync(store);
            }

            await MeasureAsync(target);
        }

        if (settings.MeasuresHeld)
        {
            await new Held(report, stopped).RunAsync();
        }

        if (settings.MeasuresFootprint)
        {
            foreach (var target in Target.All.Where(target => target.Name is Target.Memory or Target.Redis))
            {
                await MeasureFootprintAsync(target);
            }
        }
    }

    private async Task MeasureFloorAsync(Store store)
    {
        await using var database = await StoreServer.StartAsync(store);
        await using var server = await ServerProcess.StartAsync(store.ToString(), database, NeverTooEarly, stopped);
        var loop = Loop(server, database);
        await loop.WarmUpAsync(RoundTrips(Floors.Read));
        if (settings.Targets.Any(target => target.Store == store))
        {
            report.AddFloor(store, Column.Start, await loop.MeasureAsync(RoundTrips(Floors.Write)));
        }

        if (settings.Targets.Any(target => target.DevicesIn == store))
        {
            report.AddFloor(store, Column.Call, await loop.MeasureAsync(RoundTrips(Floors.Read)));
        }

        static Work RoundTrips(string path) => new(Shuffled(Floors.Keys().Select(key => Wire.Form(path, $"key={key}"))), 200, Expected.Constant);
    }

    private async Task MeasureAsync(Target target)
    {
        await using var database = await StoreServer.StartAsync(target.Store);
        if (settings.Columns.Any(column => column != Column.Early))
        {
            await MeasureFlowAsync(target, database);
        }

        if (settings.Columns.Contains(Column.Early) && target.Has(Column.Early))
        {
            await MeasureEarlyAsync(target, database);
        }
    }

    /// <summary>Measures the steps of a pairing in their order: each prepares what the next ones need.</summary>
    private async Task MeasureFlowAsync(Target target, StoreServer database)
    {
        await using var server = await ServerProcess.StartAsync(target.Name, database, NeverTooEarly, stopped);
        var (loop, wire) = (Loop(server, database), target.Wire);
        var last = settings.Columns.Where(column => column != Column.Early).Max();

        await loop.WarmUpAsync(Starts(wire, count: 1));
        var started = new List<StartedPairing>();
        await MeasureAsync(Column.Start, Starts(wire, count: 1, started));

        if (settings.Columns.Contains(Column.Poll))
        {
            await MeasureAsync(Column.Poll, Polls(wire, started, "authorization_pending"));
        }

        var approved = new List<StartedPairing>();
        if (last >= Column.Approve && started.Count < LeastPairings)
        {
            await loop.SendAllAsync(Starts(wire, LeastPairings - started.Count, started));
        }

        if (last >= Column.Approve)
        {
            var requests = started.Select((pairing, i) => wire.Approve(pairing.UserCode, $"user-{i % Users}")).ToArray();
            await MeasureAsync(Column.Approve, new Work(requests, wire.Approved.Status, wire.Approved.Piece, Once: true, (request, _) => Add(approved, started[request])));
        }

        var tokens = new List<string>();
        if (last >= Column.Redeem)
        {
            var requests = approved.Select(pairing => wire.Poll(pairing.DeviceCode)).ToArray();
            await MeasureAsync(Column.Redeem, new Work(requests, 200, "access_token", Once: true, (_, body) => Add(tokens, Member(body, "access_token"))));
        }

        if (last >= Column.Call)
        {
            var calls = new Work([.. tokens.Take(Tokens).Select(Wire.Call)], 200, Expected.Constant);
            await loop.SendAllAsync(calls);
            await MeasureAsync(Column.Call, calls);
        }

        async Task MeasureAsync(Column column, Work work) => report.Add(target, column, await loop.MeasureAsync(work));
    }

    private async Task MeasureEarlyAsync(Target target, StoreServer database)
    {
        await using var server = await ServerProcess.StartAsync(target.Name, database, AlwaysTooEarly, stopped);
        var loop = Loop(server, database);
        var started = new List<StartedPairing>();
        await loop.SendAllAsync(Starts(target.Wire, EarlyPairings, started));
        await loop.SendAllAsync(Polls(target.Wire, started, "authorization_pending"));
        await loop.WarmUpAsync(Polls(target.Wire, started, "slow_down"));
        report.Add(target, Column.Early, await loop.MeasureAsync(Polls(target.Wire, started, "slow_down")));
    }

    private async Task MeasureFootprintAsync(Target target)
    {
        await using var database = await StoreServer.StartAsync(target.Store);
        await using var server = await ServerProcess.StartAsync(target.Name, database, NeverTooEarly, stopped);
        var loop = Loop(server, database);
        await loop.SendAllAsync(Starts(target.Wire, EarlyPairings)); // what exists once, such as the counters of the addresses, is there from now on
        var (empty, sent) = (await BytesAsync(), 0);
        foreach (var count in Footprints)
        {
            await loop.SendAllAsync(Starts(target.Wire, count - sent));
            sent = count;
            report.AddFootprint(target, count, (double)(await BytesAsync() - empty) / count);
        }

        async Task<long> BytesAsync() => target.Store == Store.Redis ? await database.BytesOfRedisAsync() : await server.BytesOfHeapAsync();
    }

    private ClosedLoop Loop(ServerProcess server, StoreServer database) => new(server, database, settings, stopped);

    private static Work Starts(Wire wire, int count, List<StartedPairing>? started = null) => new(
        [.. Enumerable.Repeat(wire.Start(), count)],
        200,
        "user_code",
        Read: started is null ? null : (_, body) => Add(started, new StartedPairing(Member(body, "device_code"), Member(body, "user_code"))));

    private static Work Polls(Wire wire, IEnumerable<StartedPairing> pairings, string piece) =>
        new(Shuffled(pairings.Select(pairing => wire.Poll(pairing.DeviceCode))), 400, piece);

    private static byte[][] Shuffled(IEnumerable<byte[]> requests)
    {
        var shuffled = requests.ToArray();
        RandomNumberGenerator.Shuffle(shuffled.AsSpan());
        return shuffled;
    }

    private static void Add<T>(List<T> list, T item)
    {
        lock (list)
        {
            list.Add(item);
        }
    }

    /// <summary>The text of a member of a JSON object.</summary>
    internal static string Member(ReadOnlySpan<byte> json, string name)
    {
        var rest = json[(json.IndexOf(Encoding.ASCII.GetBytes($"\"{name}\"")) + name.Length + 2)..];
        rest = rest[(rest.IndexOf((byte)'"') + 1)..];
        return Encoding.ASCII.GetString(rest[..rest.IndexOf((byte)'"')]);
    }

    private sealed record StartedPairing(string DeviceCode, string UserCode);
}
