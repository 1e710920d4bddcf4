using System.Text.RegularExpressions;

namespace DeviceAuthorization.Tests;

/// <summary>docs/security.md names a test for each threat, advisory and bad input; here is that none is forgotten, and that each name is a test's.</summary>
public sealed partial class SecurityDocumentTests
{
    private static readonly string Document = File.ReadAllText(Path.Combine(Repository.Root, "docs", "security.md"));

    /// <summary>What each test class of the repository is made of; the parts of a class, and classes of the same name, together.</summary>
    private static readonly ILookup<string, string> Classes = new[] { "tests", "src/DeviceAuthorization.Testing" }
        .SelectMany(Repository.Sources)
        .Select(source => string.Join('\n', source.Lines))
        .SelectMany(text => Class().Matches(text).Select(match => (match.Groups[1].Value, text)))
        .ToLookup(part => part.Item1, part => part.text, StringComparer.Ordinal);

    [Fact]
    public void Every_test_that_the_document_names_is_there() => Assert.Empty(Names().Matches(Document)
        .Where(name => !Classes[name.Groups[1].Value].Any(text => Regex.IsMatch(text, $@"public (async )?(Task|void) {name.Groups[2].Value}\(")))
        .Select(name => name.Value));

    [Fact]
    public void Every_threat_and_every_advisory_has_a_row_with_a_test()
    {
        var rows = Rows().Matches(Document).ToLookup(row => row.Groups["id"].Value, row => row.Value, StringComparer.Ordinal);
        var ids = Enumerable.Range(1, 38).Select(id => $"T-{id:00}").Append("T-09b").Concat(Enumerable.Range(1, 40).Select(id => $"ADV-{id:00}"));
        Assert.All(ids, id => Assert.Matches(Names(), Assert.Single(rows[id])));
        Assert.DoesNotContain("(pending", Document, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_bad_input_has_a_row_with_a_test()
    {
        var rows = Rows().Matches(Document[Document.IndexOf("## Bad inputs", StringComparison.Ordinal)..]).Where(row => char.IsDigit(row.Groups["id"].Value[0])).ToArray();
        Assert.All(rows, row => Assert.Matches(Names(), row.Value));
        var numbers = rows.SelectMany(row => row.Groups["id"].Value.Split(", ")).Select(range => range.Split('–')).SelectMany(range => Enumerable.Range(
            int.Parse(range[0], System.Globalization.CultureInfo.InvariantCulture),
            int.Parse(range[^1], System.Globalization.CultureInfo.InvariantCulture) - int.Parse(range[0], System.Globalization.CultureInfo.InvariantCulture) + 1));
        Assert.Equal(Enumerable.Range(1, 110), numbers.Order());
    }

    [GeneratedRegex(@"\bclass (\w+)")]
    private static partial Regex Class();

    [GeneratedRegex(@"`(\w+(?:Tests|Conformance))\.(\w+)`")]
    private static partial Regex Names();

    [GeneratedRegex(@"^\| (?<id>[^|]+?) \|.*$", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Rows();
}
