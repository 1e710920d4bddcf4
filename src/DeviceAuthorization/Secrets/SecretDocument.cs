using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using DeviceAuthorization.Secrets;

namespace DeviceAuthorization;

/// <summary>
/// A free-form JSON object with secrets among its values, such as a device's <c>sync_config</c>. It can be printed, logged and
/// serialized anywhere: all of these see <see cref="Mask"/> where a secret is. Stores keep what <see cref="Reveal"/> gives.
/// </summary>
/// <remarks>
/// Which values are secret, <see cref="SecretKeys"/> says by their keys, at any depth, also inside strings that hold JSON. Such
/// a value is masked as a whole, but <see langword="null"/> and the empty string stay: what is unset must not look set. A
/// text that names a secret and gives it a value (<c>host=nas;password=…</c>), or holds JSON deeper than <see cref="MaxDepth"/>,
/// is masked as a whole too.
/// </remarks>
[JsonConverter(typeof(SecretDocumentConverter))]
public sealed class SecretDocument : IEquatable<SecretDocument>
{
    /// <summary>What stands in the place of a secret.</summary>
    public const string Mask = "********";

    /// <summary>The most bytes of UTF-8 a document may have: as sent, as kept, and masked, so that what is shown can be sent back.</summary>
    public const int MaxBytes = 16 * 1024;

    /// <summary>How deep objects and arrays may nest. JSON inside a string counts on from where the string stands.</summary>
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
    /// Reads a document as it is: from a store, or from a request. One from a request may hold masks, which
    /// <see cref="TryReplace"/> and <see cref="TryPatch"/> resolve; a new one goes through <see cref="TryReplace"/> of <see cref="Empty"/>.
    /// </summary>
    /// <param name="json">The text. Nothing is thrown, whatever it holds.</param>
    /// <param name="keys">The keys whose values are secret. The document keeps them.</param>
    /// <param name="document">The document.</param>
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

    /// <summary>A document that is decoded on first use. A read error reaches whichever caller reads the settings.</summary>
    /// <param name="read">Reads the document. It is called at most once.</param>
    public static SecretDocument Deferred(Func<SecretDocument> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        return new SecretDocument(read);
    }

    /// <summary>
    /// The document after a PUT: the incoming one, with each mask resolved. Under a secret key, and wherever this document shows a
    /// mask, a mask keeps the value that stands here at the same path; under a secret key where nothing stands, its member is
    /// dropped. Any other mask is an ordinary string.
    /// </summary>
    /// <remarks>
    /// A path is names, compared by ordinal, and indexes: who removes or moves an element of an array sends the secrets of the
    /// elements after it anew. Both documents' keys count, and the result has both.
    /// </remarks>
    /// <param name="incoming">The document as sent.</param>
    /// <param name="result">The document to store.</param>
    /// <param name="problem">A sentence for the sender, when the result exceeds the limits of a document.</param>
    public bool TryReplace(
        SecretDocument incoming, [NotNullWhen(true)] out SecretDocument? result, [NotNullWhen(false)] out string? problem)
    {
        ArgumentNullException.ThrowIfNull(incoming);
        var keys = Keys.With(incoming.Keys);
        (result, problem) = Bounded(new SecretMask(keys).Restore(incoming.Content(), Content()), keys);
        return result is not null;
    }

    /// <summary>
    /// The document after a PATCH with a JSON Merge Patch (RFC 7396): <see langword="null"/> removes a member, an absent one stays.
    /// Masks are resolved as <see cref="TryReplace"/> does.
    /// </summary>
    /// <param name="patch">The patch as sent.</param>
    /// <param name="result">The document to store.</param>
    /// <param name="problem">A sentence for the sender, when the result exceeds the limits of a document.</param>
    public bool TryPatch(
        SecretDocument patch, [NotNullWhen(true)] out SecretDocument? result, [NotNullWhen(false)] out string? problem)
    {
        ArgumentNullException.ThrowIfNull(patch);
        var keys = Keys.With(patch.Keys);
        (result, problem) = Bounded(new SecretMask(keys).Merge(patch.Content(), Content()), keys);
        return result is not null;
    }

    /// <summary>The same content, with these secret keys beside its own.</summary>
    /// <param name="keys">More keys. A document never loses one.</param>
    public SecretDocument With(SecretKeys keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return new SecretDocument(Content(), Keys.With(keys));
    }

    /// <summary>The JSON with its secrets, compact: for the store, for the work the secrets are for, and for nothing else.</summary>
    public string Reveal() => Json;

    /// <summary>The JSON as anyone may see it, compact.</summary>
    public string ToMaskedJson() => Masked;

    /// <summary>Nothing of the document.</summary>
    public override string ToString() => "SecretDocument(***)";

    /// <summary>Whether the content is the same, secrets and the order of members included. Secret keys are not compared.</summary>
    /// <param name="other">The other document.</param>
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

    // The first test spares counting megabytes.
    private static bool IsTooLarge(string text) => text.Length > MaxBytes || Encoding.UTF8.GetByteCount(text) > MaxBytes;

    private JsonObject Content() => (JsonObject)JsonText.TryRead(Json, MaxDepth)!;
}
