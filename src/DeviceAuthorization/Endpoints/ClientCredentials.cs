using System.Diagnostics.CodeAnalysis;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization;

/// <summary>
/// Who the client says it is (RFC 6749 §2.3.1): <c>client_id</c> in the body, or HTTP Basic with a blank password, as oidc-agent and
/// golang/oauth2 send it. All clients are public here (RFC 8628 §5.6): a secret can be no right one, so it is refused.
/// </summary>
internal static class ClientCredentials
{
    private const int MaxLength = 128;

    public static Parsed<string> Read(HttpContext context, StrictForm form)
    {
        var (authorization, clientId) = (context.Request.Headers.Authorization, form["client_id"]);
        if (authorization.Count > 1)
        {
            return Refuse(PairingError.InvalidRequest, "There is more than one Authorization header.");
        }

        if (authorization.Count == 1)
        {
            if (!TryReadBasic(authorization[0]!, out var basicId, out var secret))
            {
                return Challenge(context, "The Authorization header is not HTTP Basic.");
            }

            if (form.Has("client_secret") || (clientId is not null && clientId != basicId))
            {
                return Refuse(PairingError.InvalidRequest, "The client identifies itself in two ways.");
            }

            if (secret.Length > 0)
            {
                return Challenge(context, "This client has no secret.");
            }

            clientId = basicId;
        }

        return clientId switch
        {
            null => Refuse(PairingError.InvalidRequest, "The parameter client_id is missing."),
            _ when clientId.Length > MaxLength || clientId.Any(c => c is < ' ' or > '~') =>
                Refuse(PairingError.InvalidRequest, "The parameter client_id is not 1 to 128 printable ASCII characters."), // RFC 6749 A.1
            _ when form["client_secret"] is not null => Refuse(PairingError.InvalidClient, "This client has no secret."),
            _ => clientId,
        };
    }

    private static Parsed<string> Refuse(PairingError error, string description) =>
        Parsed.Refuse<string>(FormDialect.Error(error, description));

    /// <summary>A client that tried to authenticate by header is told which scheme is meant (RFC 6749 §5.2).</summary>
    private static Parsed<string> Challenge(HttpContext context, string description)
    {
        context.Response.Headers.WWWAuthenticate = "Basic realm=\"DeviceAuthorization\", charset=\"UTF-8\"";
        return Parsed.Refuse<string>(FormDialect.Error(PairingError.InvalidClient, description, StatusCodes.Status401Unauthorized));
    }

    /// <summary>Both halves are form-encoded inside Basic (RFC 6749 §2.3.1).</summary>
    private static bool TryReadBasic(string header, [NotNullWhen(true)] out string? clientId, [NotNullWhen(true)] out string? secret)
    {
        (clientId, secret) = (null, null);
        Span<byte> bytes = stackalloc byte[1024];
        if (!header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase)
            || header.Length > 1024
            || !Convert.TryFromBase64String(header[6..].Trim(), bytes, out var length)
            || Encoding.Latin1.GetString(bytes[..length]).Split(':', 2) is not [{ Length: > 0 } id, var password])
        {
            return false;
        }

        (clientId, secret) = (Uri.UnescapeDataString(id.Replace('+', ' ')), Uri.UnescapeDataString(password.Replace('+', ' ')));
        return true;
    }
}
