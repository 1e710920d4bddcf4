using System.Text.Json;
using System.Text.Json.Nodes;

namespace DeviceAuthorization.EntityFramework;

/// <summary>
/// How the domain's values are stored in columns. Times are UTC milliseconds in a <see langword="long"/>: exact in every provider, and usable for
/// comparison and arithmetic in a statement. A list of scopes is one text, as on the wire (RFC 6749 §3.3). Flags are a JSON object.
/// </summary>
internal static class Columns
{
    public static long Write(this DateTimeOffset time) => time.ToUnixTimeMilliseconds();

    public static long? Write(this DateTimeOffset? time) => time?.ToUnixTimeMilliseconds();

    public static string Write(this IReadOnlyList<string> scopes) => string.Join(' ', scopes);

    public static string? Write(this IReadOnlyDictionary<string, bool>? flags) =>
        flags is null ? null : new JsonObject(flags.Select(flag => KeyValuePair.Create(flag.Key, (JsonNode?)JsonValue.Create(flag.Value)))).ToJsonString();

    public static DateTimeOffset ReadTime(this long time) => DateTimeOffset.FromUnixTimeMilliseconds(time);

    public static DateTimeOffset? ReadTime(this long? time) => time is { } set ? DateTimeOffset.FromUnixTimeMilliseconds(set) : null;

    public static IReadOnlyDictionary<string, bool>? ReadFlags(this string? json)
    {
        if (json is null)
        {
            return null;
        }

        using var document = JsonDocument.Parse(json);
        return document.RootElement.EnumerateObject().ToDictionary(flag => flag.Name, flag => flag.Value.GetBoolean(), StringComparer.Ordinal).AsReadOnly();
    }

    public static string[] ReadScopes(this string scopes) => scopes.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
