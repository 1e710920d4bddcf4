namespace DeviceAuthorization.Rules;

/// <summary>The <c>scope</c> parameter (RFC 6749 §3.3).</summary>
internal static class ScopeParameter
{
    public const int MaxScopes = 50;
    public const int MaxScopeLength = 128;
    private const int MaxLength = 1024;

    // Some clients, such as oidc-agent, always add these to the scopes. They are ignored unless the host knows them.
    private static readonly string[] IgnoredWhenUnknown = ["openid", "offline_access"];

    /// <summary>Reads the parameter; null if it is malformed. Surplus spaces are allowed, because oidc-agent sends a trailing one.</summary>
    public static IReadOnlyList<string>? Parse(string? parameter, ICollection<string> known)
    {
        if (parameter is null)
        {
            return [];
        }

        if (parameter.Length > MaxLength)
        {
            return null;
        }

        var scopes = parameter.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return scopes.Length <= MaxScopes && scopes.All(IsToken)
            ? [.. scopes.Where(scope => known.Contains(scope) || !IgnoredWhenUnknown.Contains(scope, StringComparer.Ordinal))]
            : null;
    }

    /// <summary>Whether a text is a scope token: %x21 / %x23-5B / %x5D-7E.</summary>
    public static bool IsToken(string? scope) =>
        scope is { Length: > 0 and <= MaxScopeLength } && scope.All(c => c is '!' or (>= '#' and <= '[') or (>= ']' and <= '~'));
}
