using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Http;

/// <summary>
/// Identifies the client (RFC 6749 §2.3.1) by <c>client_id</c> and <c>client_secret</c>, in the form or as HTTP Basic. With a blank Basic password,
/// as oidc-agent and golang/oauth2 send it, the client only identifies itself. If the host registered clients, all others are refused. A client that
/// has a secret must send it; no other client may send one. Every form endpoint checks the client before it reads or changes anything.
/// </summary>
internal sealed class ClientCredentials(RequestLimiter limits, IOptions<DeviceAuthorizationOptions> options)
{
    public const int MaxLength = 128;
    private const int LongestHeader = 2048;
    private static readonly SearchValues<char> Base64 = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=");

    // Detects guessing; does not block it: 128 bits cannot be guessed. A right secret always passes. Otherwise anyone at the client's address
    // could lock it out.
    private const int WrongSecrets = 20;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    /// <summary>Whether a text can be a client id (RFC 6749 A.1).</summary>
    public static bool IsClientId(string text) => text.Length is > 0 and <= MaxLength && !text.ContainsAnyExceptInRange(' ', '~');

    /// <summary>The id of the client. A client that has a secret must prove it.</summary>
    public ValueTask<Parsed<string>> IdentifyAsync(HttpContext context, StrictForm form) => ReadAsync(context, form, mustProve: false);

    /// <summary>The id of a client that proved its secret. Any other client gets 401 (RFC 7662 §2.3).</summary>
    public ValueTask<Parsed<string>> AuthenticateAsync(HttpContext context, StrictForm form) => ReadAsync(context, form, mustProve: true);

    private async ValueTask<Parsed<string>> ReadAsync(HttpContext context, StrictForm form, bool mustProve)
    {
        var authorization = context.Request.Headers.Authorization;
        if (authorization.Count > 1)
        {
            return Refuse(PairingError.InvalidRequest, "There is more than one Authorization header.");
        }

        var (clientId, secret) = (form["client_id"], form["client_secret"]);
        if (authorization.Count == 1)
        {
            if (!TryReadBasic(authorization[0]!, out var basicId, out var password))
            {
                return Unknown(context, mustProve, "The Authorization header is not HTTP Basic.");
            }

            if (form["client_secret"] is not null || (clientId is not null && clientId != basicId))
            {
                return Refuse(PairingError.InvalidRequest, "The client identifies itself in two ways.");
            }

            (clientId, secret) = (basicId, password.Length > 0 ? password : null);
        }

        if (clientId is null)
        {
            return mustProve ? Unknown(context, mustProve, "The client must authenticate itself.") : Refuse(PairingError.InvalidRequest, "The parameter client_id is missing.");
        }

        if (!IsClientId(clientId))
        {
            return Refuse(PairingError.InvalidRequest, "The parameter client_id is not 1 to 128 printable ASCII characters.");
        }

        return await CheckSecretAsync(context, clientId, secret, mustProve);
    }

    private async ValueTask<Parsed<string>> CheckSecretAsync(HttpContext context, string clientId, string? secret, bool mustProve)
    {
        var client = options.Value.FindClient(clientId);
        if (client is null && options.Value.Clients.Count > 0)
        {
            return Unknown(context, mustProve, "This client is not registered.");
        }

        if (client?.Secret is not { } expected)
        {
            return secret is null && !mustProve ? clientId : Unknown(context, mustProve, "This client has no secret.");
        }

        if (secret is null)
        {
            return Unknown(context, mustProve, "This client must authenticate itself.");
        }

        if (CryptographicOperations.FixedTimeEquals(Hash(secret), Hash(expected)))
        {
            return clientId;
        }

        return await limits.TryOfAddressAsync(context, "secret", WrongSecrets, Window)
            ? Unknown(context, mustProve, "The secret of the client is wrong.")
            : Parsed.Refuse<string>(Problems.TooMany());
    }

    private static byte[] Hash(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    private static Parsed<string> Refuse(PairingError error, string description) =>
        Parsed.Refuse<string>(Problems.OAuth(error, description));

    /// <summary>Names the scheme if the client sent an Authorization header, or must authenticate (RFC 6749 §5.2).</summary>
    private static Parsed<string> Unknown(HttpContext context, bool mustProve, string description)
    {
        var challenges = mustProve || context.Request.Headers.Authorization.Count == 1;
        if (challenges)
        {
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"DeviceAuthorization\", charset=\"UTF-8\"";
        }

        return Parsed.Refuse<string>(Problems.OAuth(
            PairingError.InvalidClient, description, challenges ? StatusCodes.Status401Unauthorized : StatusCodes.Status400BadRequest));
    }

    /// <summary>Both halves are form-encoded inside Basic (RFC 6749 §2.3.1). Base64 has no white space there (RFC 7617 §2), though .NET skips it.</summary>
    private static bool TryReadBasic(string header, [NotNullWhen(true)] out string? clientId, [NotNullWhen(true)] out string? secret)
    {
        (clientId, secret) = (null, null);
        Span<byte> bytes = stackalloc byte[LongestHeader];
        var encoded = header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase) ? header.AsSpan(6).Trim(' ') : default;
        if (header.Length > LongestHeader
            || encoded.ContainsAnyExcept(Base64)
            || !Convert.TryFromBase64Chars(encoded, bytes, out var length)
            || Encoding.Latin1.GetString(bytes[..length]).Split(':', 2) is not [{ Length: > 0 } id, var password])
        {
            return false;
        }

        (clientId, secret) = (Uri.UnescapeDataString(id.Replace('+', ' ')), Uri.UnescapeDataString(password.Replace('+', ' ')));
        return true;
    }
}
