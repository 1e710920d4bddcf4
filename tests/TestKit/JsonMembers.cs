using System.Text.Json;

namespace DeviceAuthorization.TestKit;

/// <summary>Short ways to the members of a JSON answer.</summary>
public static class JsonMembers
{
    public static string? String(this JsonElement body, string member) => body.GetProperty(member).GetString();

    public static string[] Strings(this JsonElement body, string member) =>
        [.. body.GetProperty(member).EnumerateArray().Select(item => item.GetString()!)];

    public static string[] Names(this JsonElement body) => [.. body.EnumerateObject().Select(member => member.Name)];
}
