using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace DeviceAuthorization.Http;

/// <summary>
/// Reads a small body into memory. ASP.NET Core's own form reader ignores the case of names, joins repeated values with commas, accepts some broken
/// encodings and throws on others. So this library parses forms itself.
/// </summary>
internal static class RequestBody
{
    public const int Limit = 16 * 1024;
    public const string Form = "application/x-www-form-urlencoded";
    public const string Json = "application/json";

    public static string TooLarge(int limit = Limit) => $"The body is larger than {limit / 1024} KiB.";

    /// <summary>The body; null if it is larger than the limit, with or without a Content-Length.</summary>
    public static async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(HttpRequest request, int limit = Limit)
    {
        if (request.ContentLength > limit)
        {
            return null;
        }

        if (request.Body.CanSeek)
        {
            request.Body.Position = 0; // a middleware of the host buffered it, and may have read it
        }

        var buffer = new byte[(int)(request.ContentLength ?? limit) + 1];
        var length = await request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, request.HttpContext.RequestAborted);
        if (length == buffer.Length)
        {
            return null; // a plain null: in a conditional it would become an empty Memory<byte>
        }

        return buffer.AsMemory(0, length);
    }

    /// <summary>The form that a middleware of the host has read; null if there is none, or if the body can be read again.</summary>
    public static IFormCollection? FormReadByHost(HttpRequest request) =>
        request.Body.CanSeek ? null : request.HttpContext.Features.Get<IFormFeature>()?.Form;

    /// <summary>Whether such a form is larger than a body may be.</summary>
    public static bool IsTooLarge(HttpRequest request, IFormCollection read) =>
        request.ContentLength > Limit || read.Sum(field => field.Value.Sum(value => field.Key.Length + (long)(value?.Length ?? 0) + 2)) > Limit;

    /// <summary>Whether a request has the media type of RomM's clients.</summary>
    public static bool IsJson(HttpRequest request) =>
        request.ContentType?.Contains("json", StringComparison.OrdinalIgnoreCase) == true // most requests need no parser
        && MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
        && type.MediaType.Equals(Json, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether the content type is the named one, in UTF-8 or without a charset.</summary>
    public static bool IsUtf8(HttpRequest request, string mediaType) =>
        string.Equals(request.ContentType, mediaType, StringComparison.OrdinalIgnoreCase) // as most devices send it: there is nothing to parse
        || (MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            && type.MediaType.Equals(mediaType, StringComparison.OrdinalIgnoreCase)
            && (!type.Charset.HasValue || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase)));
}
