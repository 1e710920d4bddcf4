using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization.Http;

/// <summary>Reads JSON from the body of a request.</summary>
internal static class JsonBody
{
    public static async Task<Parsed<T>> ReadAsync<T>(HttpRequest request, JsonTypeInfo<T> type, int limit = RequestBody.Limit)
        where T : class
    {
        if (!RequestBody.IsUtf8(request, RequestBody.Json))
        {
            return Refuse<T>($"The content type must be {RequestBody.Json}, in UTF-8.");
        }

        if (await RequestBody.ReadAsync(request, limit) is not { } body)
        {
            return Parsed.Refuse<T>(Problems.Detail(StatusCodes.Status413PayloadTooLarge, RequestBody.TooLarge(limit)));
        }

        try
        {
            return JsonSerializer.Deserialize(body.Span, type) is { } value ? value : Refuse<T>("The body must be a JSON object.");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException) // the latter: half a surrogate pair in \u escapes
        {
            return Refuse<T>(WrongShape);
        }
    }

    public const string WrongShape = "The body is not JSON of the expected shape.";

    public static Parsed<T> Refuse<T>(string detail)
        where T : class => Parsed.Refuse<T>(Problems.Unprocessable(detail));
}
