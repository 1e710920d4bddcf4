using System.Globalization;
using System.Text.Json;

namespace DeviceAuthorization.Client;

/// <summary>What came of one request. It can hold a token, so it is no record.</summary>
internal sealed class Answer
{
    /// <summary>The status code; 0 if there was no answer.</summary>
    public int Status { get; init; }

    /// <summary>The JSON object in the body; empty if there was none.</summary>
    public JsonElement Body { get; init; }

    /// <summary>Why there is no JSON object, in a few words.</summary>
    public string? Problem { get; init; }

    /// <summary>How long the server asks to wait; zero if it does not say.</summary>
    public TimeSpan RetryAfter { get; init; }

    /// <summary>Whether the server says that it held the answer (RFC 7240).</summary>
    public bool SaysHeld { get; init; }

    public bool IsSuccess => Status is >= 200 and < 300;

    /// <summary>Whether another try may succeed, going by the status alone.</summary>
    public bool MayPass => Status is 0 or 408 or 429 or >= 500;

    /// <summary>The error of RFC 6749 §5.2, which RomM calls <c>detail</c>. Some servers send it with 200.</summary>
    public string? Error => PlainText.Of(Body.Text("error")) ?? (Body.Text("detail") is { } detail && IsWord(detail) ? detail : null);

    public string? Description => PlainText.Of(Body.Text("error_description") ?? (Body.Text("detail") is { } detail && !IsWord(detail) ? detail : null));

    /// <summary>In words, for a person.</summary>
    public string Explain() => (Problem, Error) switch
    {
        ({ } problem, _) => problem,
        (_, { } error) => Description is { } description ? $"{error}: {description}" : error,
        _ => $"status {Status}, not in the words of RFC 8628{(Description is { } text ? ": " + text : "")}",
    };

    private static bool IsWord(string detail) => detail.All(c => c is (>= 'a' and <= 'z') or '_');
}

/// <summary>Reads members as servers write them: some send numbers as text. A member of another type counts as absent.</summary>
internal static class JsonMembers
{
    /// <summary>A member; null if there is none. The parser does not check the encoding of names: a look-up throws if it meets a broken one.</summary>
    public static JsonElement? Member(this JsonElement json, string name)
    {
        try
        {
            return json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) ? value : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    public static string? Text(this JsonElement json, string name) => json.Member(name)?.String() is { Length: > 0 } text ? text : null;

    /// <summary>The text of a value; null if it is no string. The parser does not check the encoding of strings either.</summary>
    public static string? String(this JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    public static double? Number(this JsonElement json, string name)
    {
        if (json.Member(name) is not { } value)
        {
            return null;
        }

        double number;
        var isNumber = value.ValueKind switch
        {
            JsonValueKind.Number => value.TryGetDouble(out number),
            JsonValueKind.String => double.TryParse(value.String(), NumberStyles.Float, CultureInfo.InvariantCulture, out number),
            _ => (number = 0) > 0,
        };
        return isNumber && !double.IsNaN(number) ? number : null;
    }

    /// <summary>Whole seconds within limits; null if absent or not positive.</summary>
    public static int? Seconds(this JsonElement json, string name, int max) =>
        json.Number(name) is { } seconds && seconds > 0 ? (int)Math.Min(Math.Max(seconds, 1), max) : null;
}

/// <summary>Text of a server that an app may show: it must not steer a terminal, or turn the direction of what follows.</summary>
internal static class PlainText
{
    public static string? Of(string? text) => text is null ? null : string.Concat(text.Where(IsPlain));

    public static bool IsPlain(char c) => char.GetUnicodeCategory(c) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
