using System.Text.RegularExpressions;

namespace DeviceAuthorization.Tests;

/// <summary>The C# of these documents is code that a test compiles and runs.</summary>
public sealed class HostsDocumentTests
{
    private static readonly string[] Documents = ["docs/hosts.md", "docs/operations.md", "docs/pages.md", "docs/protocol.md", "docs/store-authors.md", "docs/stores.md", "docs/testing.md"];
    private static readonly string[] Tried = ["tests", "samples"];

    [Fact]
    public void Every_snippet_is_in_the_code_of_a_test_or_a_sample()
    {
        var code = Plain(string.Join('\n', Tried.SelectMany(Repository.Sources).SelectMany(source => source.Lines)));
        var snippets = Documents.SelectMany(path => new Document(path).Code("csharp")).ToArray();
        Assert.NotEmpty(snippets);
        Assert.All(snippets, snippet => Assert.Contains(Plain(snippet), code, StringComparison.Ordinal));
    }

    /// <summary>Without indentation, because a document begins at the margin, and without directives, which begin a file.</summary>
    private static string Plain(string code) => string.Join(
        '\n', code.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && !Regex.IsMatch(line, "^using [A-Za-z.]+;$")));
}
