using System.ComponentModel;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization.Http.Tokens;

/// <summary>A client asks about a token (RFC 7662 §2.1), or gives it back (RFC 7009 §2.1). A form.</summary>
internal sealed record TokenOfClient(
    [property: JsonPropertyName("token")] string Token,
    [property: JsonPropertyName("client_id"), Description("Who the client is, unless HTTP Basic says it.")] string? ClientId = null,
    [property: JsonPropertyName("client_secret"), Description("Of confidential clients only.")] string? ClientSecret = null,
    [property: JsonPropertyName("token_type_hint"), Description("Passed over: there is one type.")] string? TokenTypeHint = null)
{
    private static readonly string[] Known = ["client_id", "client_secret", "token", "token_type_hint"];

    /// <summary>Reads the token and the client. The client is checked first, and its secret is not kept.</summary>
    /// <param name="context">The request.</param>
    /// <param name="identify">How the client says or proves who it is.</param>
    public static async Task<Parsed<TokenOfClient>> ReadAsync(HttpContext context, Func<HttpContext, StrictForm, ValueTask<Parsed<string>>> identify)
    {
        if (!(await FormBody.ReadAsync(context.Request, Known)).TryGet(out var form, out var refusal)
            || !(await identify(context, form)).TryGet(out var clientId, out refusal))
        {
            return Parsed.Refuse<TokenOfClient>(refusal);
        }

        return form["token"] is { } token
            ? new TokenOfClient(token, clientId)
            : Parsed.Refuse<TokenOfClient>(Problems.OAuth(PairingError.InvalidRequest, "The parameter token is missing."));
    }

    /// <summary>Never the token.</summary>
    public override string ToString() => $"TokenOfClient {{ ClientId = {ClientId} }}";
}
