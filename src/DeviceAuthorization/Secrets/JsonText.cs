using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace DeviceAuthorization.Secrets;

/// <summary>Reads JSON from untrusted senders, and writes it in one form.</summary>
internal static class JsonText
{
    // The text is stored and put into other JSON, never into HTML.
    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Whether a text starts like a JSON object or array.</summary>
    public static bool LooksLikeJson(string text) => text.AsSpan().TrimStart() is ['{' or '[', ..];

    /// <summary>Reads a whole text; null if it is not JSON, is too deep, repeats a name, or holds half a surrogate pair.</summary>
    public static JsonNode? TryRead(string text, int maxDepth)
    {
        try
        {
            var node = JsonNode.Parse(text, null, new JsonDocumentOptions { MaxDepth = maxDepth, AllowDuplicateProperties = false });
            _ = Write(node); // reads every string now, so that none fails later
            return node;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            // Half a surrogate pair is an InvalidOperationException when escaped and an ArgumentException when not.
            return null;
        }
    }

    /// <summary>The text of a value, without white space and needless escapes.</summary>
    public static string Write(JsonNode? node)
    {
        var utf8 = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(utf8, Compact))
        {
            if (node is null)
            {
                writer.WriteNullValue();
            }
            else
            {
                node.WriteTo(writer);
            }
        }

        return Encoding.UTF8.GetString(utf8.WrittenSpan);
    }

    /// <summary>Whether a text that starts like JSON nests deeper than a depth before it ends or breaks.</summary>
    public static bool IsDeeperThan(string text, int depth)
    {
        var reader = new Utf8JsonReader(
            Encoding.UTF8.GetBytes(text),
            new JsonReaderOptions { MaxDepth = int.MaxValue, AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray && reader.CurrentDepth >= depth)
                {
                    return true;
                }
            }
        }
        catch (JsonException)
        {
            // It broke first.
        }

        return false;
    }
}
