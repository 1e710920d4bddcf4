using System.Text.RegularExpressions;

namespace DeviceAuthorization.Tests;

/// <summary>
/// tests/Defects plants defects on purpose, to see that tests catch them. That takes long. Here is what can break it at once: a patch no longer fits, a
/// test or a switch that it names is gone, or docs/proof.md says something else.
/// </summary>
public sealed class DefectTests
{
    private static readonly IReadOnlyList<Defect> Defects =
        [.. Directory.GetFiles(Path.Combine(Repository.Root, "tests", "Defects"), "*.patch").Select(file => new Defect(Path.GetFileNameWithoutExtension(file), File.ReadAllText(file)))];

    [Fact]
    public void Every_patch_fits_the_source() => Assert.All(Defects, defect =>
    {
        Assert.NotEmpty(defect.Hunks);
        Assert.All(defect.Hunks, hunk => Assert.Equal(2, new Document(hunk.File).Text.Split(hunk.Before).Length)); // at one place
        Assert.All(defect.Hunks, hunk => Assert.StartsWith("src/", hunk.File, StringComparison.Ordinal));
    });

    [Fact]
    public void Every_test_that_should_catch_a_defect_is_there()
    {
        var kit = Text("src/DeviceAuthorization.Testing"); // test classes inherit from it
        var sources = Defects.Select(defect => defect.Project).Distinct(StringComparer.Ordinal).ToDictionary(project => project, project => Text($"tests/{project}") + kit, StringComparer.Ordinal);
        Assert.All(Defects, defect => Assert.NotEmpty(defect.Tests));
        Assert.All(Defects, defect => Assert.All(defect.Tests, test => Assert.True(
            sources[defect.Project].Contains($"class {test.Class}", StringComparison.Ordinal) && sources[defect.Project].Contains($" {test.Method}(", StringComparison.Ordinal),
            $"{test}")));
    }

    [Fact]
    public void Every_switch_is_there()
    {
        var switches = Text("tests/DeviceAuthorization.ModelCheck") + Text("tests/DeviceAuthorization.Simulation");
        Assert.All(Defects.SelectMany(defect => defect.Switches), name => Assert.Contains($"class {name}(", switches, StringComparison.Ordinal));
    }

    [Fact]
    public void The_document_lists_every_defect() => Assert.Equal(
        Defects.Select(defect => defect.Row).Order(StringComparer.Ordinal),
        new Document("docs/proof.md").Text.Split("\n## Planted defects\n")[1].Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Skip(1).Order(StringComparer.Ordinal));

    private static string Text(string folder) => string.Join('\n', Repository.Sources(folder).SelectMany(source => source.Lines));

    private sealed class Defect(string name, string patch)
    {
        private readonly string _patch = patch.ReplaceLineEndings("\n");

        public string Project => Header("Tests")[0];

        public IReadOnlyList<(string Class, string Method)> Tests => [.. Header("Tests")[1..].Select(test => test.Split('.')).Select(parts => (parts[0], parts[1]))];

        /// <summary>The defects that the model check or the simulation plants, of the same kind.</summary>
        public IReadOnlyList<string> Switches => Header("Switches");

        /// <summary>The row of docs/proof.md.</summary>
        public string Row => $"| {string.Join(' ', Header("Defect"))} | {Code([name, .. Switches])} | {Code(Tests.Select(test => test.Class).Distinct(StringComparer.Ordinal))} |";

        /// <summary>The lines that each hunk expects, with the line break before them.</summary>
        public IEnumerable<(string File, string Before)> Hunks =>
            from file in _patch.Split("\n--- a/")[1..]
            from hunk in file.Split("\n@@ ")[1..]
            select (file.Split('\n')[0], string.Concat(hunk.Split('\n')[1..].Where(line => line is [' ' or '-', ..]).Select(line => $"\n{line[1..]}")));

        public override string ToString() => name;

        private string[] Header(string key) => Regex.Match(_patch, $"^{key}: (.+)$", RegexOptions.Multiline) is { Success: true } line ? line.Groups[1].Value.Split(' ') : [];

        private static string Code(IEnumerable<string> names) => string.Join(", ", names.Select(name => $"`{name}`"));
    }
}
