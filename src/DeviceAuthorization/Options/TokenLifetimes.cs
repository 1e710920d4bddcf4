namespace DeviceAuthorization;

/// <summary>Reads <c>expires_in</c>: one of the host's names for a token lifetime.</summary>
internal static class TokenLifetimes
{
    /// <summary>Reads a choice; false if the host has no such name. Null chooses no lifetime.</summary>
    public static bool TryParse(DeviceAuthorizationOptions options, string? choice, out TimeSpan? lifetime)
    {
        var known = options.TokenLifetimes.TryGetValue(choice ?? "", out var chosen);
        lifetime = known ? chosen : null;
        return known || choice is null;
    }

    public static string Problem(DeviceAuthorizationOptions options) =>
        $"Invalid expires_in value. Valid values: {string.Join(", ", options.TokenLifetimes.Keys)}";
}
