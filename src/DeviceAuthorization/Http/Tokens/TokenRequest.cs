using DeviceAuthorization.Http.Flow;
using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization.Http.Tokens;

/// <summary>A client asks about a token, or gives it back (RFC 7662 §2.1, RFC 7009 §2.1).</summary>
internal sealed record TokenRequest(string ClientId, string Token)
{
    private static readonly string[] Known = ["client_id", "client_secret", "token", "token_type_hint"]; // a hint may be passed over: there is one kind

    /// <summary>Who asks is found out first.</summary>
    public static async Task<Parsed<TokenRequest>> ReadAsync(HttpContext context, ClientCredentials credentials, bool mustProve)
    {
        if (!(await FormDialect.ReadFormAsync(context.Request, Known)).TryGet(out var form, out var refusal)
            || !(await credentials.ReadAsync(context, form, mustProve)).TryGet(out var clientId, out refusal))
        {
            return Parsed.Refuse<TokenRequest>(refusal);
        }

        return form["token"] is { } token
            ? new TokenRequest(clientId, token)
            : Parsed.Refuse<TokenRequest>(FormDialect.Error(PairingError.InvalidRequest, "The parameter token is missing."));
    }

    /// <summary>Never the token.</summary>
    public override string ToString() => $"TokenRequest {{ ClientId = {ClientId} }}";
}
