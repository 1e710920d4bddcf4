namespace DeviceAuthorization;

/// <summary>How the pages look.</summary>
public sealed class PairingPageOptions
{
    /// <summary>What the host is called, above every page and in its title; plain text.</summary>
    /// <value>None by default.</value>
    public string? ProductName { get; set; }

    /// <summary>The path of a picture on this host, below its path base, such as <c>/logo.svg</c>, shown above every page.</summary>
    /// <value>None by default.</value>
    public string? LogoPath { get; set; }

    /// <summary>The colour of the main button, <c>#rrggbb</c>. Its label is black or white, whichever is legible on it.</summary>
    /// <value><c>#0b57d0</c> by default, a blue.</value>
    public string AccentColor { get; set; } = "#0b57d0";

    /// <summary>The scopes that let a device change things: the review marks them.</summary>
    /// <value>Those that have a part <c>write</c>, <c>delete</c>, <c>admin</c> or <c>manage</c> by default (<see langword="null"/>).</value>
    public IList<string>? ChangingScopes { get; set; }

    private static readonly string[] ChangingWords = ["write", "delete", "admin", "manage"];

    internal bool IsChanging(string scope) =>
        ChangingScopes?.Contains(scope, StringComparer.Ordinal) ?? scope.Split('.', ':', '/', '_', '-').Intersect(ChangingWords, StringComparer.OrdinalIgnoreCase).Any();
}
