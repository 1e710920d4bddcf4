using System.Text.Json;
using System.Text.RegularExpressions;

namespace DeviceAuthorization.BlackBox;

/// <summary>An answer as it came, whatever asked.</summary>
internal sealed partial record Answer(int Status, IReadOnlyList<(string Name, string Value)> Headers, string Body)
{
    private static readonly string[] Secrets = ["device_code", "user_code", "access_token"];

    public JsonElement Json => JsonDocument.Parse(Body, new JsonDocumentOptions { AllowDuplicateProperties = false }).RootElement;

    /// <summary>The header's values, joined; null when there is none.</summary>
    public string? Header(string name) =>
        Headers.Where(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(header => header.Value).ToArray() is { Length: > 0 } values
            ? string.Join(", ", values)
            : null;

    /// <summary>A member as text; null when it is missing or null.</summary>
    public string? Text(string member) => Json.TryGetProperty(member, out var value) && value.ValueKind != JsonValueKind.Null ? value.ToString() : null;

    public Answer Is(int status)
    {
        Assert.True(status == Status, $"Expected {status}, got {Status}: {Body}");
        return this;
    }

    /// <summary>
    /// A refusal: the status and the OAuth error (null: it must have none), the headers of P-20, texts in the characters of P-66, a challenge
    /// with a 401 and nowhere else, and neither codes nor tokens nor what was sent.
    /// </summary>
    /// <param name="status">The status; whoever does not expect 503 expects no 5xx.</param>
    /// <param name="error">The word of RFC 6749 §5.2.</param>
    /// <param name="sent">What must not come back.</param>
    public Answer Refuses(int status, string? error, params string[] sent)
    {
        Is(status).IsNotCached();
        Assert.Equal("application/json", Header("Content-Type")?.Split(';')[0]);
        Assert.Equal(error, Text("error"));
        foreach (var text in Json.EnumerateObject().Where(member => member.Value.ValueKind == JsonValueKind.String))
        {
            Assert.Matches(OAuthText(), text.Value.GetString());
        }

        Assert.All(Secrets, member => Assert.False(Json.TryGetProperty(member, out _), $"A refusal carries {member}."));
        Assert.All(sent, text => Assert.DoesNotContain(text, Body, StringComparison.OrdinalIgnoreCase));
        Assert.Equal(status == 401, Header("WWW-Authenticate") is not null);
        return this;
    }

    public Answer IsNotCached()
    {
        Assert.Equal("no-store", Header("Cache-Control"));
        Assert.Equal("no-cache", Header("Pragma"));
        return this;
    }

    /// <summary>A 401 of RFC 6750 §3: a realm always, an error only for a token that was sent.</summary>
    public Answer Challenges(string? error = null)
    {
        var challenge = Is(401).Header("WWW-Authenticate");
        Assert.StartsWith("Bearer realm=\"", challenge, StringComparison.Ordinal);
        Assert.Equal(error is null ? 0 : 1, Regex.Count(challenge!, "error="));
        Assert.Contains(error is null ? "" : $"error=\"{error}\"", challenge, StringComparison.Ordinal);
        return this;
    }

    [GeneratedRegex(@"^[\x20-\x21\x23-\x5B\x5D-\x7E]+\z")]
    private static partial Regex OAuthText();
}
