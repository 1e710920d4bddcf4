using System.Globalization;
using System.Text.Json;

namespace DeviceAuthorization.Client;

/// <summary>What a pairing gave (RFC 6749 §5.1). It holds a secret, so it prints as nothing.</summary>
/// <param name="accessToken">The access token. Pairings give tokens; make one yourself after you refreshed it.</param>
/// <exception cref="ArgumentException">The token is empty.</exception>
public sealed class IssuedToken(string accessToken)
{
    /// <summary>The access token: a secret.</summary>
    public string AccessToken { get; } = string.IsNullOrEmpty(accessToken) ? throw new ArgumentException("The access token is empty.", nameof(accessToken)) : accessToken;

    /// <summary>How to present it: <c>Bearer</c> nearly always, and if the server does not say.</summary>
    public string TokenType { get; init; } = "Bearer";

    /// <summary>The granted scopes, separated by spaces. Those that were requested if the server does not say. Null: unknown.</summary>
    public string? Scope { get; init; }

    /// <summary>When the access token expires, by the clock of this device. Null: the server does not say; it may never expire.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The refresh token (RFC 6749 §6): a secret. Null if the server gives none.</summary>
    public string? RefreshToken { get; init; }

    /// <summary>The id of this device at the server (<c>device_id</c>). Null if the server gives none.</summary>
    public string? DeviceId { get; init; }

    /// <summary>
    /// The server that gave it: <see cref="PairingClientOptions.Server"/>, or the token endpoint if that is not set. Compare it before you use a token that you
    /// kept: a token must not go to another server.
    /// </summary>
    public Uri? Server { get; init; }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <exception cref="FormatException">The text is something else.</exception>
    public static IssuedToken Parse(string text)
    {
        var saved = ClientJson.Read(text, ClientJson.Default.SavedToken, token => token.AccessToken.Length > 0, "token");
        return new(saved.AccessToken)
        {
            TokenType = saved.TokenType,
            Scope = saved.Scope,
            ExpiresAt = saved.ExpiresAt,
            RefreshToken = saved.RefreshToken,
            DeviceId = saved.DeviceId,
            Server = saved.Server,
        };
    }

    /// <summary>The token as JSON text, for an <see cref="ISecretStore"/>. The text is a secret.</summary>
    public string Save() => JsonSerializer.Serialize(
        new SavedToken
        {
            AccessToken = AccessToken,
            TokenType = TokenType,
            Scope = Scope,
            ExpiresAt = ExpiresAt,
            RefreshToken = RefreshToken,
            DeviceId = DeviceId,
            Server = Server,
        },
        ClientJson.Default.SavedToken);

    /// <summary>Omits the secrets.</summary>
    public override string ToString() => $"{nameof(IssuedToken)} {{ Scope = {Scope}, ExpiresAt = {ExpiresAt?.ToString("u", CultureInfo.InvariantCulture)} }}";

    /// <summary>Reads a token answer; null if it is none.</summary>
    internal static IssuedToken? Read(JsonElement body, string? requestedScope, Uri server, DateTimeOffset now) => body.Text("access_token") is not { } accessToken
        ? null
        : new(accessToken)
        {
            TokenType = body.Text("token_type") ?? "Bearer",
            Scope = PlainText.Of(body.Text("scope")) ?? Scopes(body) ?? requestedScope,
            ExpiresAt = body.Number("expires_in") is { } seconds
                ? now + TimeSpan.FromSeconds(Math.Min(Math.Max(seconds, 0), TimeSpan.FromDays(36_500).TotalSeconds))
                : DateTimeOffset.TryParse(body.Text("expires_at"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : null,
            RefreshToken = body.Text("refresh_token"),
            DeviceId = PlainText.Of(body.Text("device_id")),
            Server = server,
        };

    private static string? Scopes(JsonElement body) => body.Member("scopes") is { ValueKind: JsonValueKind.Array } scopes
        ? PlainText.Of(string.Join(" ", scopes.EnumerateArray().Select(scope => scope.String()).Where(scope => scope is not null)))
        : null;
}
