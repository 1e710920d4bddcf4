namespace DeviceAuthorization;

/// <summary>How the pages look.</summary>
public sealed class PairingPageOptions
{
    /// <summary>The host's product name, in plain text. Every page shows it at the top and in its title.</summary>
    /// <value>None by default.</value>
    public string? ProductName { get; set; }

    /// <summary>The path of a picture on this host, below its path base, such as <c>/logo.svg</c>. Every page shows it at the top.</summary>
    /// <value>None by default.</value>
    public string? LogoPath { get; set; }

    /// <summary>The colour of the main button, <c>#rrggbb</c>. Its label is black or white, for contrast.</summary>
    /// <value><c>#0b57d0</c> by default, a blue.</value>
    public string AccentColor { get; set; } = "#0b57d0";

    /// <summary>The scopes that let a device change things. The review marks them.</summary>
    /// <value>By default (<see langword="null"/>), scopes with a part <c>write</c>, <c>delete</c>, <c>admin</c> or <c>manage</c>.</value>
    public IList<string>? ChangingScopes { get; set; }

    private static readonly string[] ChangingWords = ["write", "delete", "admin", "manage"];

    internal bool IsChanging(string scope) =>
        ChangingScopes?.Contains(scope, StringComparer.Ordinal) ?? scope.Split('.', ':', '/', '_', '-').Intersect(ChangingWords, StringComparer.OrdinalIgnoreCase).Any();
}
