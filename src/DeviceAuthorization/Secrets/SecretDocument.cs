using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using DeviceAuthorization.Secrets;

namespace DeviceAuthorization;

/// <summary>
/// A free-form JSON object with secrets among its values, such as a device's <c>sync_config</c>. It is safe to print, log and serialize: all of
/// these show <see cref="Mask"/> instead of a secret. Stores keep what <see cref="Reveal"/> returns.
/// </summary>
/// <remarks>
/// <see cref="SecretKeys"/> decides by their keys which values are secret, at any depth, also inside strings that hold JSON. A secret value is
/// masked as a whole, except <see langword="null"/> and the empty string: an unset value must not look set. A text is also masked as a whole if it
/// gives a value to a secret key (<c>host=nas;password=…</c>), or holds JSON deeper than <see cref="MaxDepth"/>.
/// </remarks>
[JsonConverter(typeof(SecretDocumentConverter))]
public sealed class SecretDocument : IEquatable<SecretDocument>
{
    /// <summary>The text that replaces a secret.</summary>
    public const string Mask = "********";

    /// <summary>The most bytes of UTF-8 in a document: as sent, as stored, and as masked, so that a document can be sent back as shown.</summary>
    public const int MaxBytes = 16 * 1024;

    /// <summary>How deep objects and arrays may nest. JSON inside a string counts from the depth of the string.</summary>
    public const int MaxDepth = 32;

    private const string TooLarge = "The document is larger than 16 KiB.";
    private const string NotAnObject = "The document must be a JSON object, at most 32 levels deep, in which no object repeats a name.";

    private readonly Lazy<(SecretKeys Keys, string Json, string Masked)> _content;

    private SecretDocument(JsonObject content, SecretKeys keys) =>
        _content = new((keys, JsonText.Write(content), JsonText.Write(new SecretMask(keys).Hide(content))));

    private SecretDocument(Func<SecretDocument> read) => _content = new(() => read()._content.Value);

    /// <summary>The document <c>{}</c>, with <see cref="SecretKeys.Default"/>.</summary>
    public static SecretDocument Empty { get; } = new([], SecretKeys.Default);

    /// <summary>
    /// Reads a document from a store or a request, and keeps masks as they are. Resolve the masks of a request with <see cref="TryReplace"/> or
    /// <see cref="TryPatch"/>; for a new document, with <see cref="TryReplace"/> of <see cref="Empty"/>.
    /// </summary>
    /// <param name="json">The text. No content throws.</param>
    /// <param name="keys">The keys whose values are secret. The document keeps them.</param>
    /// <param name="problem">A sentence for the sender, without any of the content.</param>
    public static bool TryParse(
        string? json, SecretKeys keys, [NotNullWhen(true)] out SecretDocument? document, [NotNullWhen(false)] out string? problem)
    {
        ArgumentNullException.ThrowIfNull(keys);
        (document, problem) = json switch
        {
            null => (null, NotAnObject),
            _ when IsTooLarge(json) => (null, TooLarge),
            _ => JsonText.TryRead(json, MaxDepth) is JsonObject content ? Bounded(content, keys) : (null, NotAnObject),
        };
        return document is not null;
    }

    /// <summary>A document that is decoded on first use. A decoding error reaches the caller that first reads the content.</summary>
    /// <param name="read">Reads the document. Called at most once.</param>
    public static SecretDocument Deferred(Func<SecretDocument> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        return new SecretDocument(read);
    }

    /// <summary>
    /// The document after a PUT: the incoming one, with each mask resolved. A mask under a secret key, or where this document shows a mask, keeps
    /// the value at the same path in this document. Under a secret key without such a value, the member is removed. Any other mask is an ordinary
    /// string.
    /// </summary>
    /// <remarks>
    /// A path consists of names, compared by ordinal, and array indexes. A sender that removes or moves an array element must send the secrets of
    /// the elements after it again. The secret keys of both documents count, and the result has both.
    /// </remarks>
    /// <param name="result">The document to store.</param>
    /// <param name="problem">A sentence for the sender, if the result exceeds the limits of a document.</param>
    public bool TryReplace(
        SecretDocument incoming, [NotNullWhen(true)] out SecretDocument? result, [NotNullWhen(false)] out string? problem)
    {
        ArgumentNullException.ThrowIfNull(incoming);
        var keys = Keys.With(incoming.Keys);
        (result, problem) = Bounded(new SecretMask(keys).Restore(incoming.Content(), Content()), keys);
        return result is not null;
    }

    /// <summary>
    /// The document after a PATCH with a JSON Merge Patch (RFC 7396): <see langword="null"/> removes a member, and an absent member stays.
    /// <see cref="TryReplace"/> says how masks are resolved.
    /// </summary>
    /// <param name="result">The document to store.</param>
    /// <param name="problem">A sentence for the sender, if the result exceeds the limits of a document.</param>
    public bool TryPatch(
        SecretDocument patch, [NotNullWhen(true)] out SecretDocument? result, [NotNullWhen(false)] out string? problem)
    {
        ArgumentNullException.ThrowIfNull(patch);
        var keys = Keys.With(patch.Keys);
        (result, problem) = Bounded(new SecretMask(keys).Merge(patch.Content(), Content()), keys);
        return result is not null;
    }

    /// <summary>The same content with more secret keys. A document never loses a key.</summary>
    public SecretDocument With(SecretKeys keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return new SecretDocument(Content(), Keys.With(keys));
    }

    /// <summary>The compact JSON with its secrets: only for the store, and for the work that needs the secrets.</summary>
    public string Reveal() => Json;

    /// <summary>The compact JSON with its secrets masked.</summary>
    public string ToMaskedJson() => Masked;

    /// <summary>Does not show the document.</summary>
    public override string ToString() => "SecretDocument(***)";

    /// <summary>Whether the content is equal, including secrets and the order of members. Secret keys are not compared.</summary>
    public bool Equals(SecretDocument? other) => ReferenceEquals(this, other) || (other is not null && Json == other.Json);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as SecretDocument);

    /// <inheritdoc/>
    public override int GetHashCode() => Json.GetHashCode(StringComparison.Ordinal);

    private SecretKeys Keys => _content.Value.Keys;

    private string Json => _content.Value.Json;

    private string Masked => _content.Value.Masked;

    private static (SecretDocument? Document, string? Problem) Bounded(JsonObject content, SecretKeys keys)
    {
        var document = new SecretDocument(content, keys);
        return IsTooLarge(document.Json) || IsTooLarge(document.Masked) ? (null, TooLarge) : (document, null);
    }

    // The first test avoids counting megabytes.
    private static bool IsTooLarge(string text) => text.Length > MaxBytes || Encoding.UTF8.GetByteCount(text) > MaxBytes;

    private JsonObject Content() => (JsonObject)JsonText.TryRead(Json, MaxDepth)!;
}
