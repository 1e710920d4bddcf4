using System.Globalization;

namespace DeviceAuthorization.Benchmarks;

/// <summary>What to measure, from the command line.</summary>
internal sealed record Settings
{
    public const string Footprint = "footprint";
    public const string Held = "held";

    public static readonly string Usage =
        $"""
        benchmarks/run.sh [target …] [--columns column,…] [--seconds 3] [--warm-up 5] [--connections 64]
        Targets: {string.Join(", ", Target.All.Select(target => target.Name))}, {Footprint}, {Held}; all by default.
        Columns: {string.Join(", ", Enum.GetNames<Column>()).ToLowerInvariant()}; all by default.
        """;

    public IReadOnlyList<Target> Targets { get; private init; } = Target.All;

    public IReadOnlyList<Column> Columns { get; private init; } = Enum.GetValues<Column>();

    /// <summary>Whether to measure what a pending pairing takes in memory.</summary>
    public bool MeasuresFootprint { get; private init; } = true;

    /// <summary>Whether to measure held polls.</summary>
    public bool MeasuresHeld { get; private init; } = true;

    public TimeSpan Duration { get; private init; } = TimeSpan.FromSeconds(3);

    public TimeSpan WarmUp { get; private init; } = TimeSpan.FromSeconds(5);

    public int Connections { get; private init; } = 64;

    /// <exception cref="FormatException">The command line is wrong; the message says how it should be.</exception>
    public static Settings Parse(string[] arguments)
    {
        var settings = new Settings();
        var names = new List<string>();
        for (var i = 0; i < arguments.Length; i++)
        {
            if (!arguments[i].StartsWith("--", StringComparison.Ordinal))
            {
                names.Add(arguments[i]);
                continue;
            }

            if (arguments[i] == "--help")
            {
                throw new FormatException(Usage);
            }

            var value = i + 1 < arguments.Length ? arguments[i + 1] : throw Wrong($"{arguments[i]} needs a value.");
            settings = arguments[i++] switch
            {
                "--columns" => settings with { Columns = [.. value.Split(',').Select(ColumnOf)] },
                "--seconds" => settings with { Duration = TimeSpan.FromSeconds(Number(value)) },
                "--warm-up" => settings with { WarmUp = TimeSpan.FromSeconds(Number(value)) },
                "--connections" => settings with { Connections = (int)Number(value) },
                var unknown => throw Wrong($"There is no option '{unknown}'."),
            };
        }

        return names.Count == 0 ? settings : settings with
        {
            Targets = [.. names.Where(name => name is not (Footprint or Held)).Select(TargetOf)],
            MeasuresFootprint = names.Contains(Footprint, StringComparer.Ordinal),
            MeasuresHeld = names.Contains(Held, StringComparer.Ordinal),
        };
    }

    private static Target TargetOf(string name) => Array.Find(Target.All, target => target.Name == name) ?? throw Wrong($"There is no target '{name}'.");

    private static Column ColumnOf(string name) =>
        Enum.TryParse<Column>(name, ignoreCase: true, out var column) ? column : throw Wrong($"There is no column '{name}'.");

    private static double Number(string text) =>
        double.TryParse(text, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : throw Wrong($"'{text}' is no number above 0.");

    private static FormatException Wrong(string problem) => new($"{problem}\n{Usage}");
}
