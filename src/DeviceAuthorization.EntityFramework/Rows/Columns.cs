namespace DeviceAuthorization.EntityFramework;

/// <summary>
/// What the domain's values look like in a column. Times are UTC milliseconds in a <see langword="long"/>: exact in every provider, and
/// open to comparison and arithmetic inside one statement. Lists of scopes are one text, as on the wire (RFC 6749 §3.3).
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
