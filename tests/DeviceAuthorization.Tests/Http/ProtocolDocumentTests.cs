using System.Text.RegularExpressions;

namespace DeviceAuthorization.Tests;

/// <summary>
/// docs/protocol.md has every endpoint with its statuses, as <see cref="EndpointDescriptionTests"/> knows them. A status is beside the endpoint, or at the
/// beginning of its section, or in the section on every endpoint.
/// </summary>
public sealed partial class ProtocolDocumentTests
{
    [Fact]
    public void It_has_every_endpoint_with_its_statuses()
    {
        var sections = new Document("docs/protocol.md").Prose.Split("\n## ");
        var ofAll = sections.Single(section => section.StartsWith("Answers of every endpoint", StringComparison.Ordinal));
        var written =
            from section in sections
            let parts = section.Split("\n### ")
            from endpoint in parts[1..]
            where endpoint.StartsWith('`')
            select $"{endpoint.Split('`')[1]}: {InOrder(Status().Matches($"{ofAll}\n{parts[0]}\n{endpoint}").Select(row => row.Groups["status"].Value))}";
        var described = File.ReadAllLines(Path.Combine(
            Repository.Root, "tests/DeviceAuthorization.Tests/Http/EndpointDescriptionTests.Every_endpoint_is_described_with_its_answers.verified.txt"))
            .Select(line => line.Split(": "))
            .Select(endpoint => $"{endpoint[0].TrimEnd('/').Replace(":guid", "", StringComparison.Ordinal)}: {InOrder(endpoint[1].Split(' '))}");
        Assert.Equal(described.Order(StringComparer.Ordinal), written.Order(StringComparer.Ordinal));
    }

    private static string InOrder(IEnumerable<string> statuses) => string.Join(' ', statuses.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));

    [GeneratedRegex(@"^\| (?<status>[1-5][0-9][0-9]) \|", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Status();
}
