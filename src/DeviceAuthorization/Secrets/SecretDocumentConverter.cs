using System.Text.Json;
using System.Text.Json.Serialization;

namespace DeviceAuthorization;

/// <summary>Reads a <see cref="SecretDocument"/> without resolving masks, and always writes it masked.</summary>
/// <param name="keys">The secret keys of the documents that it reads. A document that it writes uses its own.</param>
public sealed class SecretDocumentConverter(SecretKeys keys) : JsonConverter<SecretDocument>
{
    /// <summary>The default converter of the type. It reads with <see cref="SecretKeys.Default"/>.</summary>
    public SecretDocumentConverter()
        : this(SecretKeys.Default)
    {
    }

    /// <inheritdoc/>
    /// <exception cref="JsonException">The JSON is not such a document. The message says why, without any of the content.</exception>
    public override SecretDocument Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var value = JsonDocument.ParseValue(ref reader);
        return SecretDocument.TryParse(value.RootElement.GetRawText(), keys, out var document, out var problem)
            ? document
            : throw new JsonException(problem);
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, SecretDocument value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(value);
        using var masked = JsonDocument.Parse(value.ToMaskedJson());
        masked.RootElement.WriteTo(writer);
    }
}
