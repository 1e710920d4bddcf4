using System.ComponentModel;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization.Http.Tokens;

/// <summary>The form with which a client asks about a token (RFC 7662 §2.1) or gives it back (RFC 7009 §2.1).</summary>
internal sealed record TokenOfClient(
    [property: JsonPropertyName("token")] string Token,
    [property: JsonPropertyName("client_id"), Description("The client's id, unless HTTP Basic has it.")] string? ClientId = null,
    [property: JsonPropertyName("client_secret"), Description("Only for confidential clients.")] string? ClientSecret = null,
    [property: JsonPropertyName("token_type_hint"), Description("Ignored: a device code and an access token look different.")] string? TokenTypeHint = null)
{
    private static readonly string[] Known = ["client_id", "client_secret", "token", "token_type_hint"];

    /// <summary>Checks the client, then reads the token. Does not keep the client's secret.</summary>
    /// <param name="identify">Identifies or authenticates the client.</param>
    public static async Task<Parsed<TokenOfClient>> ReadAsync(HttpContext context, Func<HttpContext, StrictForm, ValueTask<Parsed<string>>> identify)
    {
        if (!(await StrictForm.ReadAsync(context.Request, Known)).TryGet(out var form, out var refusal)
            || !(await identify(context, form)).TryGet(out var clientId, out refusal))
        {
            return Parsed.Refuse<TokenOfClient>(refusal);
        }

        return form["token"] is { } token
            ? new TokenOfClient(token, clientId)
            : Parsed.Refuse<TokenOfClient>(Problems.OAuth(PairingError.InvalidRequest, "The parameter token is missing."));
    }

    /// <summary>Omits the token.</summary>
    public override string ToString() => $"TokenOfClient {{ ClientId = {ClientId} }}";
}
