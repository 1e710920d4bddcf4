namespace DeviceAuthorization.EntityFramework;

/// <summary>
/// How the domain's values are stored in columns. Times are UTC milliseconds in a <see langword="long"/>: exact in every provider, and usable for
/// comparison and arithmetic in a statement. A list of scopes is one text, as on the wire (RFC 6749 §3.3).
/// </summary>
internal static class Columns
{
    public static long Write(this DateTimeOffset time) => time.ToUnixTimeMilliseconds();

    public static long? Write(this DateTimeOffset? time) => time?.ToUnixTimeMilliseconds();

    public static string Write(this IReadOnlyList<string> scopes) => string.Join(' ', scopes);

    public static DateTimeOffset ReadTime(this long time) => DateTimeOffset.FromUnixTimeMilliseconds(time);

    public static DateTimeOffset? ReadTime(this long? time) => time is { } set ? DateTimeOffset.FromUnixTimeMilliseconds(set) : null;

    public static string[] ReadScopes(this string scopes) => scopes.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
