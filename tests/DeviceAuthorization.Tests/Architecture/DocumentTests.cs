using System.Globalization;
using System.Text.RegularExpressions;

namespace DeviceAuthorization.Tests;

/// <summary>What readers may expect of each document: its links lead somewhere, and its sentences are short.</summary>
public sealed partial class DocumentTests
{
    private const int MostWords = 30;

    private static readonly string[] Folders = ["samples", "src", "templates"];

    public static TheoryData<string> All => [
        "README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md",
        .. Files("docs", "*.md", SearchOption.AllDirectories),
        .. Folders.SelectMany(parent => Directory.GetDirectories(Full(parent)).SelectMany(folder => Files(folder, "README.md"))),
    ];

    public static TheoryData<string> Guides => ["README.md", .. Files("docs", "*.md")];

    [Theory]
    [MemberData(nameof(All))]
    public void Every_link_leads_to_a_file_and_a_heading(string path)
    {
        var broken = Link().Matches(CodeSpan().Replace(new Document(path).Prose, "")).Select(link => link.Groups["to"].Value).Where(to =>
        {
            var (file, heading) = to.Split('#') is [var before, var after] ? (before, after) : (to, null);
            var target = file.Length == 0 ? path : Path.GetRelativePath(Repository.Root, Path.Combine(Full(path), "..", file));
            return !Path.Exists(Full(target)) || (heading is not null && !Anchors(new Document(target)).Contains(heading, StringComparer.Ordinal));
        });
        Assert.Empty(broken);
    }

    [Theory]
    [MemberData(nameof(Guides))]
    public void No_sentence_is_long(string path) => Assert.Empty(Long(new Document(path).Prose));

    [Theory]
    [InlineData("{0}.")]
    [InlineData("Short. {0}. Short.")]
    [InlineData("# Title\n{0}\n- item")]
    [InlineData("- item\n- {0}\n  1. item")]
    [InlineData("| cell | {0} |\n| cell | `a \\| b` |")]
    [InlineData("`code of several words`\n\n{0}")]
    public void A_sentence_ends_with_its_paragraph_item_heading_or_cell(string document)
    {
        Assert.Empty(Long(Sentence(MostWords)));
        Assert.Single(Long(Sentence(MostWords + 1)));

        string Sentence(int words) => string.Format(CultureInfo.InvariantCulture, document, string.Join('\n', Enumerable.Repeat("Word", words)));
    }

    [Theory]
    [InlineData("## How strictly: `Security`", "how-strictly-security")]
    [InlineData("### `POST /api/auth/device/init`", "post-apiauthdeviceinit")]
    [InlineData("## 500 and 503", "500-and-503")]
    [InlineData("## A [link](to.md), snake_case & more", "a-link-snake_case--more")]
    public void A_heading_has_the_anchor_that_GitHub_gives_it(string heading, string anchor) => Assert.Equal(anchor, Anchor(heading));

    private static string Full(string path) => Path.Combine(Repository.Root, path);

    private static IEnumerable<string> Files(string folder, string pattern, SearchOption depth = SearchOption.TopDirectoryOnly) => Directory.GetFiles(Full(folder), pattern, depth)
        .Select(file => Path.GetRelativePath(Repository.Root, file).Replace('\\', '/')).Order(StringComparer.Ordinal);

    /// <summary>The anchors of all headings. A second heading of the same text gets a number.</summary>
    private static IEnumerable<string> Anchors(Document document) => document.Prose.Split('\n').Where(line => Heading().IsMatch(line)).Select(Anchor)
        .GroupBy(anchor => anchor, StringComparer.Ordinal).SelectMany(same => same.Select((anchor, number) => number == 0 ? anchor : $"{anchor}-{number}"));

    /// <summary>GitHub's rule: small letters, no punctuation but hyphens and underscores, and a hyphen for each space.</summary>
    private static string Anchor(string heading) =>
        NoAnchor().Replace(LinkText().Replace(heading.TrimStart('#').Trim(), "${text}").ToLowerInvariant(), "").Replace(' ', '-');

    /// <summary>The long sentences of paragraphs, items, headings and cells. Code counts as one word.</summary>
    private static IEnumerable<string> Long(string prose)
    {
        var text = LinkText().Replace(CodeSpan().Replace(Markup().Replace(prose, ""), "CODE"), "${text}");
        return Break().Split(text).SelectMany(block => EndOfSentence().Split(block.ReplaceLineEndings(" "))).Where(sentence => Word().Count(sentence) > MostWords);
    }

    [GeneratedRegex("`[^`]*`")]
    private static partial Regex CodeSpan();

    /// <summary>A link that is relative.</summary>
    [GeneratedRegex(@"(?:\]\(|(?:href|src)="")(?![a-z]+:)(?<to>[^)""\s]+)[)""]", RegexOptions.ExplicitCapture)]
    private static partial Regex Link();

    [GeneratedRegex(@"!?\[(?<text>[^\]]*)\]\([^)]*\)", RegexOptions.ExplicitCapture)]
    private static partial Regex LinkText();

    [GeneratedRegex("<!--.*?-->|<[^>]+>", RegexOptions.Singleline)]
    private static partial Regex Markup();

    [GeneratedRegex("^#{1,6} ")]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\p{L}\p{N}\p{M} _-]")]
    private static partial Regex NoAnchor();

    /// <summary>A blank line, the start of an item, the lines of a heading and of a row, and the bars of a row.</summary>
    [GeneratedRegex(@"\n\s*\n|\n(?=\s*(?:[-*]|[0-9]+\.)\s)|(?:^|\n)(?=#)|(?<=(?:^|\n)#[^\n]*)\n|\n(?=\s*\|)|(?<!\\)\|", RegexOptions.ExplicitCapture)]
    private static partial Regex Break();

    [GeneratedRegex(@"(?<=[.!?][""”)*_]*)\s+(?=[A-Z`*\[(“""])")]
    private static partial Regex EndOfSentence();

    [GeneratedRegex(@"[\w'’+/=.-]*\w[\w'’+/=.-]*")]
    private static partial Regex Word();
}
