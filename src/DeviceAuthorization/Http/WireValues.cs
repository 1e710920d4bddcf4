using System.Text.Json;
using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Http;

/// <summary>Values that both dialects write in the same way.</summary>
internal static class WireValues
{
    /// <summary>The error's word, as its enum member spells it.</summary>
    public static string ToWire(this PairingError error) =>
        JsonSerializer.SerializeToElement(error, OAuthJson.Default.PairingError).GetString()!;

    /// <summary><c>expires_in</c>, in seconds; null if the token never expires.</summary>
    public static long? SecondsLeft(this AccessToken token, DateTimeOffset now) => (long?)(token.ExpiresAt - now)?.TotalSeconds;

    /// <summary><c>scope</c>; null if there is none, because the parameter cannot be empty (RFC 6749 §3.3).</summary>
    public static string? ScopeParameter(this AccessToken token) => token.Scopes.Count > 0 ? string.Join(' ', token.Scopes) : null;

    /// <summary>Parses RomM's word for a mode. Accepts no other spelling.</summary>
    public static bool TryParseSyncMode(string word, out SyncMode mode)
    {
        (var known, mode) = word switch
        {
            "api" => (true, SyncMode.Api),
            "file_transfer" => (true, SyncMode.FileTransfer),
            "push_pull" => (true, SyncMode.PushPull),
            _ => (false, default),
        };
        return known;
    }
}
