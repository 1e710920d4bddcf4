using System.Text.RegularExpressions;

namespace DeviceAuthorization.Tests;

/// <summary>A Markdown file of the repository.</summary>
/// <param name="path">Relative to the top folder, with slashes.</param>
internal sealed partial class Document(string path)
{
    public string Text { get; } = File.ReadAllText(Path.Combine(Repository.Root, path)).ReplaceLineEndings("\n");

    /// <summary>The text without blocks of code.</summary>
    public string Prose => Block().Replace(Text, "\n\n");

    /// <summary>The cells of each row of its tables.</summary>
    public IEnumerable<string[]> Rows => Prose.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal))
        .Select(row => Bar().Split(row)[1..^1].Select(cell => cell.Trim()).ToArray());

    /// <summary>The blocks of code in one language.</summary>
    public IReadOnlyList<string> Code(string language) =>
        [.. Block().Matches(Text).Where(block => block.Groups["language"].Value == language).Select(block => block.Groups["code"].Value)];

    [GeneratedRegex("^```(?<language>[a-z]*)[^\n]*\n(?<code>.*?)^```[^\n]*$", RegexOptions.Singleline | RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Block();

    [GeneratedRegex(@"(?<!\\)\|")]
    private static partial Regex Bar();
}
