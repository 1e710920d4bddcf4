using System.Globalization;

namespace DeviceAuthorization.Benchmarks;

/// <summary>Collects what was measured, and writes it as Markdown.</summary>
internal sealed class Report
{
    private static readonly (Column Column, string Title)[] Columns =
    [
        (Column.Start, "start"), (Column.Poll, "pending poll"), (Column.Early, "too-early poll"), (Column.Approve, "approve (JSON)"),
        (Column.Redeem, "redeem"), (Column.Call, "authenticated"),
    ];

    private readonly Dictionary<(Store, Column), Measured> _floors = [];
    private readonly Dictionary<(Target, Column), Measured> _measured = [];
    private readonly Dictionary<(Target, int), double> _footprints = [];
    private readonly List<string[]> _held = [];
    private readonly List<string[]> _idle = [];

    /// <param name="column">Which columns it is the floor of: those of <see cref="Column.Call"/> read, all others write.</param>
    public void AddFloor(Store store, Column column, Measured measured)
    {
        _floors[(store, column)] = measured;
        Progress($"{store} floor", column == Column.Call ? "read" : "write", Cpu(measured));
    }

    public void Add(Target target, Column column, Measured measured)
    {
        _measured[(target, column)] = measured;
        Progress(target.Name, column.ToString(), $"{Cell(target, column)}   {Latency(measured)}");
    }

    public void AddFootprint(Target target, int pairings, double bytes)
    {
        _footprints[(target, pairings)] = bytes;
        Progress(target.Name, $"{pairings:N0} pending", $"{bytes:N0} B");
    }

    /// <param name="milliseconds">Sorted.</param>
    public void AddHeld(string title, double[] milliseconds)
    {
        _held.Add([title, Quantile(0.5), Quantile(0.99)]);
        Progress("held", title, string.Join(" / ", _held[^1].Skip(1)));

        string Quantile(double part) => Text($"{milliseconds[(int)(part * (milliseconds.Length - 1))]:0.0}");
    }

    public void AddIdle(string[] cells)
    {
        _idle.Add(cells);
        Progress("held", cells[0], string.Join(", ", cells.Skip(1)));
    }

    public static string Percent(double part) => Text($"{100 * part:0.0} %");

    public static string Kilobytes(double bytes) => Text($"{bytes / 1000:0.0} KB");

    public static string Number(double number) => Text($"{number:N0}");

    public void Write(Settings settings)
    {
        if (settings.Targets.Count > 0)
        {
            Console.WriteLine("\nCPU µs per request, server + store, and × the floor of the store:\n");
            Table(settings, FloorCell, Cell);
            Console.WriteLine("\nLatency, p50 / p99 in ms, and requests per second:\n");
            Table(settings, (store, column) => Latency(_floors[(store, column)]), (target, column) => _measured.TryGetValue((target, column), out var measured) ? Latency(measured) : "–");
        }

        if (_measured.FirstOrDefault(entry => entry.Key is ({ Name: Target.Sqlite }, Column.Poll)).Value is { } poll)
        {
            Console.WriteLine(Text($"\nOn SQLite with {settings.Connections} connections, the p99 of a pending poll is {poll.P99 / _floors[(Store.Sqlite, Column.Start)].P99:0.0} × that of the write floor."));
        }

        if (_held.Count > 0)
        {
            Console.WriteLine("\nFrom the approval to the token in a device whose poll is held, ms:\n");
            Row(["", "p50", "p99"]);
            Row(["---", "--:", "--:"]);
            _held.ForEach(Row);
            Console.WriteLine("\n5,000 devices that wait, their polls held 25 seconds again and again:\n");
            Row(["", "CPU of one core, while none is answered", "… with the answers", "heap each", "resident each", "answers per second"]);
            Row(["---", "--:", "--:", "--:", "--:", "--:"]);
            _idle.ForEach(Row);
        }

        if (_footprints.Count > 0)
        {
            var counts = _footprints.Keys.Select(key => key.Item2).Distinct().ToArray();
            Console.WriteLine("\nBytes per pending pairing:\n");
            Row(["", .. counts.Select(count => Text($"of {count:N0}"))]);
            Row(["---", .. counts.Select(_ => "--:")]);
            foreach (var target in _footprints.Keys.Select(key => key.Item1).Distinct())
            {
                Row([target.Title, .. counts.Select(count => Text($"{_footprints[(target, count)]:N0}"))]);
            }
        }
    }

    private static void Table(Settings settings, Func<Store, Column, string> floor, Func<Target, Column, string> cell)
    {
        var columns = Columns.Where(column => settings.Columns.Contains(column.Column)).ToArray();
        Row(["", "write floor", "read floor", .. columns.Select(column => column.Title)]);
        Row(["---", "--:", "--:", .. columns.Select(_ => "--:")]);
        foreach (var target in settings.Targets)
        {
            Row([target.Title, floor(target.Store, Column.Start), floor(target.DevicesIn, Column.Call), .. columns.Select(column => cell(target, column.Column))]);
        }
    }

    private string FloorCell(Store store, Column column) => Cpu(_floors[(store, column)]);

    private string Cell(Target target, Column column)
    {
        if (!_measured.TryGetValue((target, column), out var measured))
        {
            return "–";
        }

        var floor = column == Column.Call ? _floors[(target.DevicesIn, Column.Call)] : _floors[(target.Store, Column.Start)];
        return Text($"{Cpu(measured)} ×{measured.Cpu / floor.Cpu:0.0#}");
    }

    private static string Cpu(Measured measured) => measured.StoreCpu >= 0.5 ? Text($"{measured.ServerCpu:0}+{measured.StoreCpu:0}") : Text($"{measured.ServerCpu:0}");

    private static string Latency(Measured measured) =>
        Text($"{measured.P50.TotalMilliseconds:0.0} / {measured.P99.TotalMilliseconds:0.0}, {measured.PerSecond:N0}/s");

    /// <summary>Progress is not part of the tables.</summary>
    private static void Progress(string target, string column, string result) => Console.Error.WriteLine($"{target,-16}{column,-18}{result}");

    private static void Row(IEnumerable<string> cells) => Console.WriteLine($"| {string.Join(" | ", cells)} |");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
