using System.Text.Json;
using System.Text.Json.Nodes;

namespace DeviceAuthorization.EntityFramework;

/// <summary>
/// How the domain's values are stored in columns. Times are UTC milliseconds in a <see langword="long"/>: exact in every provider, and usable for
/// comparison and arithmetic in a statement. A list of scopes is one text, as on the wire (RFC 6749 §3.3). Flags are a JSON object.
/// </summary>
internal static class Columns
{
    private static readonly JsonSerializerOptions Strict = new() { AllowDuplicateProperties = false };

    public static long Write(this DateTimeOffset time) => time.ToUnixTimeMilliseconds();

    public static long? Write(this DateTimeOffset? time) => time?.ToUnixTimeMilliseconds();

    public static string Write(this IReadOnlyList<string> scopes) => string.Join(' ', scopes);

    public static string? Write(this IReadOnlyDictionary<string, bool>? flags) =>
        flags is null ? null : new JsonObject(flags.Select(flag => KeyValuePair.Create(flag.Key, (JsonNode?)JsonValue.Create(flag.Value)))).ToJsonString();

    public static DateTimeOffset ReadTime(this long time) => DateTimeOffset.FromUnixTimeMilliseconds(time);

    public static DateTimeOffset? ReadTime(this long? time) => time is { } set ? DateTimeOffset.FromUnixTimeMilliseconds(set) : null;

    /// <summary>Null if the text is damaged, too: the device and its owner's other devices must still be listed.</summary>
    public static IReadOnlyDictionary<string, bool>? ReadFlags(this string? json)
    {
        try
        {
            return json is null ? null : JsonSerializer.Deserialize<Dictionary<string, bool>>(json, Strict)?.AsReadOnly();
        }
        catch (Exception damaged) when (damaged is JsonException or ArgumentException) // the latter: half a surrogate pair
        {
            return null;
        }
    }

    public static string[] ReadScopes(this string scopes) => scopes.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
