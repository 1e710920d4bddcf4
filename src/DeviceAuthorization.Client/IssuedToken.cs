using System.Globalization;
using System.Text.Json;

namespace DeviceAuthorization.Client;

/// <summary>What a pairing gave (RFC 6749 §5.1). It holds a secret, so it prints as nothing.</summary>
public sealed class IssuedToken
{
    private readonly SavedToken _values;

    private IssuedToken(SavedToken values) => _values = values;

    /// <summary>The access token: a secret.</summary>
    public string AccessToken => _values.AccessToken;

    /// <summary>How to present it: <c>Bearer</c> nearly always, and if the server does not say.</summary>
    public string TokenType => _values.TokenType;

    /// <summary>The granted scopes, separated by spaces. Those that were requested if the server does not say. Null: unknown.</summary>
    public string? Scope => _values.Scope;

    /// <summary>When the access token expires, by the clock of this device. Null: the server does not say; it may never expire.</summary>
    public DateTimeOffset? ExpiresAt => _values.ExpiresAt;

    /// <summary>The refresh token (RFC 6749 §6): a secret. Null if the server gives none.</summary>
    public string? RefreshToken => _values.RefreshToken;

    /// <summary>The id of this device at the server (<c>device_id</c>). Null if the server gives none.</summary>
    public string? DeviceId => _values.DeviceId;

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <exception cref="FormatException">The text is something else.</exception>
    public static IssuedToken Parse(string text) => new(ClientJson.Read(text, ClientJson.Default.SavedToken, token => token.AccessToken.Length > 0, "token"));

    /// <summary>The token as JSON text, for an <see cref="ISecretStore"/>. The text is a secret.</summary>
    public string Save() => JsonSerializer.Serialize(_values, ClientJson.Default.SavedToken);

    /// <summary>Omits the secrets.</summary>
    public override string ToString() => $"{nameof(IssuedToken)} {{ Scope = {Scope}, ExpiresAt = {ExpiresAt?.ToString("u", CultureInfo.InvariantCulture)} }}";

    /// <summary>Reads a token answer; null if it is none.</summary>
    internal static IssuedToken? Read(JsonElement body, string? requestedScope, DateTimeOffset now) => body.Text("access_token") is not { } accessToken
        ? null
        : new(new()
        {
            AccessToken = accessToken,
            TokenType = body.Text("token_type") ?? "Bearer",
            Scope = PlainText.Of(body.Text("scope")) ?? Scopes(body) ?? requestedScope,
            ExpiresAt = body.Number("expires_in") is { } seconds
                ? now + TimeSpan.FromSeconds(Math.Min(Math.Max(seconds, 0), TimeSpan.FromDays(36_500).TotalSeconds))
                : DateTimeOffset.TryParse(body.Text("expires_at"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : null,
            RefreshToken = body.Text("refresh_token"),
            DeviceId = PlainText.Of(body.Text("device_id")),
        });

    private static string? Scopes(JsonElement body) => body.TryGetProperty("scopes", out var scopes) && scopes.ValueKind == JsonValueKind.Array
        ? PlainText.Of(string.Join(" ", scopes.EnumerateArray().Where(scope => scope.ValueKind == JsonValueKind.String).Select(scope => scope.GetString())))
        : null;
}
