using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization.Http;

/// <summary>The <c>Idempotency-Key</c> header (draft-ietf-httpapi-idempotency-key-header) of a poll.</summary>
internal static class IdempotencyKey
{
    public const string Problem = "The Idempotency-Key header must be one value of 1 to 128 printable ASCII characters.";
    private const int MaxLength = 128;

    /// <summary>False if the header is invalid. True, with a null key, if there is no header.</summary>
    public static bool TryRead(HttpRequest request, out string? key)
    {
        var header = request.Headers["Idempotency-Key"];
        key = header.Count == 1 ? header[0] : null;
        return header.Count == 0 || (key is { Length: > 0 and <= MaxLength } && !key.ContainsAnyExceptInRange(' ', '~'));
    }
}
