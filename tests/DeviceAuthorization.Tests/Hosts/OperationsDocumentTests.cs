using System.Text.RegularExpressions;

namespace DeviceAuthorization.Tests;

/// <summary>docs/operations.md: each log line that its runbook quotes is one that the library writes.</summary>
public sealed partial class OperationsDocumentTests
{
    private static readonly Dictionary<string, string> Levels = new(StringComparer.Ordinal) { ["fail"] = "Error", ["warn"] = "Warning", ["info"] = "Information" };

    [Fact]
    public void Every_quoted_log_line_has_the_id_the_level_and_the_words_of_a_message()
    {
        var messages = Message().Matches(string.Join('\n', Repository.Sources("src").SelectMany(source => source.Lines)));
        var quotes = Quote().Matches(File.ReadAllText(Path.Combine(Repository.Root, "docs", "operations.md")));
        Assert.NotEmpty(quotes);
        Assert.All(quotes, quote => Assert.Contains(messages, message =>
            message.Groups["id"].Value == quote.Groups["id"].Value
            && message.Groups["level"].Value == Levels[quote.Groups["level"].Value]
            && Pattern(message.Groups["text"].Value).IsMatch(quote.Groups["text"].Value)));
    }

    /// <summary>Matches the message with any values, as far as the quote goes.</summary>
    private static Regex Pattern(string template)
    {
        // Each word may be the last one that is quoted.
        var words = template.Split(' ').Select(word => Placeholder().Replace(Regex.Escape(word).Replace("}", "\\}", StringComparison.Ordinal), ".+"));
        return new Regex($"^{string.Join("(?: ", words)}{string.Concat(Enumerable.Repeat(")?", template.Count(character => character == ' ')))}$");
    }

    [GeneratedRegex("LoggerMessage\\((?<id>[0-9]+), LogLevel\\.(?<level>[A-Za-z]+), \"(?<text>[^\"]*)\"", RegexOptions.ExplicitCapture)]
    private static partial Regex Message();

    [GeneratedRegex("^(?<level>fail|warn|info): DeviceAuthorization\\.[A-Za-z.]+\\[(?<id>[0-9]+)\\] (?<text>.*?)( …)?$", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Quote();

    [GeneratedRegex(@"\\\{[A-Za-z:0-9]+\\\}")]
    private static partial Regex Placeholder();
}
