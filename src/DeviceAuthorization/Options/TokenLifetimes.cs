namespace DeviceAuthorization;

/// <summary>Reads <c>expires_in</c>: one of the host's words for a lifetime.</summary>
internal static class TokenLifetimes
{
    /// <summary>Reads a choice; null is no choice.</summary>
    public static bool TryParse(DeviceAuthorizationOptions options, string? choice, out TimeSpan? lifetime)
    {
        var known = options.TokenLifetimes.TryGetValue(choice ?? "", out var chosen);
        lifetime = known ? chosen : null;
        return known || choice is null;
    }

    public static string Problem(DeviceAuthorizationOptions options) =>
        $"Invalid expires_in value. Valid values: {string.Join(", ", options.TokenLifetimes.Keys)}";
}
