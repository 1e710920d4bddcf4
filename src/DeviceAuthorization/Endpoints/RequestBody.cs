using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace DeviceAuthorization;

/// <summary>
/// Reads a small body into memory. ASP.NET Core's own form reader compares names without case, joins repeats with commas, lets
/// broken encodings pass and throws on others; so this library parses for itself.
/// </summary>
internal static class RequestBody
{
    public const int Limit = 16 * 1024;

    public static string TooLarge(int limit = Limit) => $"The body is larger than {limit / 1024} KiB.";

    /// <summary>The body; null when it is larger than the limit, announced or not.</summary>
    public static async Task<ReadOnlyMemory<byte>?> ReadAsync(HttpRequest request, int limit = Limit)
    {
        if (request.ContentLength > limit)
        {
            return null;
        }

        var buffer = new byte[(int)(request.ContentLength ?? limit) + 1];
        var length = await request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, request.HttpContext.RequestAborted);
        if (length == buffer.Length)
        {
            return null; // a plain null: in a conditional it would become an empty Memory<byte>
        }

        return buffer.AsMemory(0, length);
    }

    /// <summary>Whether the content type is the named one, in UTF-8 or without a charset.</summary>
    public static bool IsUtf8(HttpRequest request, string mediaType) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
        && type.MediaType.Equals(mediaType, StringComparison.OrdinalIgnoreCase)
        && (!type.Charset.HasValue || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase));
}
