using System.Text.RegularExpressions;

namespace DeviceAuthorization.Tests;

/// <summary>docs/hosts.md: each of its snippets is code that a test compiles and runs.</summary>
public sealed partial class HostsDocumentTests
{
    private static readonly string[] Tried = ["tests/DeviceAuthorization.Tests", "samples"];

    [Fact]
    public void Every_snippet_is_in_the_code_of_a_test_or_a_sample()
    {
        var code = Plain(string.Join('\n', Tried.SelectMany(Repository.Sources).SelectMany(source => source.Lines)));
        var snippets = Snippet().Matches(File.ReadAllText(Path.Combine(Repository.Root, "docs", "hosts.md"))).Select(match => match.Groups["code"].Value).ToArray();
        Assert.NotEmpty(snippets);
        Assert.All(snippets, snippet => Assert.Contains(Plain(snippet), code, StringComparison.Ordinal));
    }

    /// <summary>Without indentation: a document begins at the margin.</summary>
    private static string Plain(string code) => string.Join('\n', code.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0));

    [GeneratedRegex("^```csharp\n(?<code>.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Snippet();
}
