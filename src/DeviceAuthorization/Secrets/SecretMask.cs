using System.Text.Json;
using System.Text.Json.Nodes;

namespace DeviceAuthorization.Secrets;

/// <summary>
/// Masks the secrets of a JSON tree, and replaces masks with the values of the stored tree. The depth of a value counts the objects
/// and arrays around it, including those around a string of JSON that contains it.
/// </summary>
internal readonly struct SecretMask(SecretKeys keys)
{
    private const string Mask = SecretDocument.Mask;

    /// <summary>The tree with its secrets masked.</summary>
    public JsonObject Hide(JsonObject document) => (JsonObject)Hide(document, 0)!;

    /// <summary>The incoming tree, with each mask replaced by the stored value at the same path.</summary>
    public JsonObject Restore(JsonObject incoming, JsonObject stored) => (JsonObject)Restore(incoming, stored, isSecret: false, 0)!;

    /// <summary>Applies a merge patch (RFC 7396). A mask keeps the stored value.</summary>
    public JsonObject Merge(JsonObject patch, JsonObject stored) => Merge(patch, stored, isSecret: false, 0);

    private static bool IsMask(JsonNode? value) => TextOf(value) == Mask;

    private static string? TextOf(JsonNode? value) =>
        value?.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;

    private JsonNode? Hide(JsonNode? value, int depth)
    {
        switch (value)
        {
            case JsonObject members:
                var masked = new JsonObject();
                foreach (var (name, member) in members)
                {
                    masked[name] = !keys.IsSecret(name) ? Hide(member, depth + 1)
                        : member is null || TextOf(member) is "" ? member?.DeepClone()
                        : Mask;
                }

                return masked;
            case JsonArray elements:
                var array = new JsonArray();
                foreach (var element in elements)
                {
                    array.Add(Hide(element, depth + 1));
                }

                return array;
            default:
                return TextOf(value) is { } text ? Hide(text, depth) : value?.DeepClone();
        }
    }

    private string Hide(string text, int depth)
    {
        if (!JsonText.LooksLikeJson(text))
        {
            return keys.IsGivenIn(text) ? Mask : text;
        }

        if (Read(text, depth) is { } value)
        {
            var masked = Hide(value, depth);
            return JsonNode.DeepEquals(masked, value) ? text : JsonText.Write(masked);
        }

        // JSON that we do not read: too deep, or broken. An escape could hide a key from IsGivenIn.
        return JsonText.IsDeeperThan(text, SecretDocument.MaxDepth - depth)
            || text.Contains("\\u", StringComparison.OrdinalIgnoreCase)
            || keys.IsGivenIn(text)
                ? Mask
                : text;
    }

    /// <param name="stored">The value at the same path; null if there is none, or it is null.</param>
    /// <param name="isSecret">Whether a key above is secret. Then the text of a mask is always a mask.</param>
    private JsonNode? Restore(JsonNode? incoming, JsonNode? stored, bool isSecret, int depth)
    {
        switch (incoming)
        {
            case JsonObject members:
                var known = stored as JsonObject;
                var restored = new JsonObject();
                foreach (var (name, member) in members)
                {
                    JsonNode? old = null;
                    var exists = known?.TryGetPropertyValue(name, out old) is true;
                    var secret = isSecret || keys.IsSecret(name);
                    if (exists || !secret || !IsMask(member))
                    {
                        restored[name] = Restore(member, old, secret, depth + 1);
                    }
                }

                return restored;
            case JsonArray elements:
                var olds = stored as JsonArray;
                var array = new JsonArray();
                for (var i = 0; i < elements.Count; i++)
                {
                    var exists = i < olds?.Count;
                    if (exists || !isSecret || !IsMask(elements[i]))
                    {
                        array.Add(Restore(elements[i], exists ? olds![i] : null, isSecret, depth + 1));
                    }
                }

                return array;
            default:
                return isSecret && IsMask(incoming) ? stored?.DeepClone()
                    : TextOf(incoming) is { } text ? Restore(text, TextOf(stored), isSecret, depth)
                    : incoming?.DeepClone();
        }
    }

    private string Restore(string incoming, string? stored, bool isSecret, int depth)
    {
        // Sent back as shown: keep the stored text to the letter, including white space inside its JSON.
        if (stored is not null && incoming == Hide(stored, depth))
        {
            return stored;
        }

        if (Read(incoming, depth) is not { } value)
        {
            return incoming;
        }

        var restored = Restore(value, stored is null ? null : Read(stored, depth), isSecret, depth);
        return JsonNode.DeepEquals(restored, value) ? incoming : JsonText.Write(restored);
    }

    private JsonObject Merge(JsonObject patch, JsonObject? stored, bool isSecret, int depth)
    {
        var merged = stored?.DeepClone() as JsonObject ?? [];
        foreach (var (name, change) in patch)
        {
            JsonNode? old = null;
            _ = stored?.TryGetPropertyValue(name, out old);
            var secret = isSecret || keys.IsSecret(name);
            if (change is null)
            {
                merged.Remove(name);
            }
            else if (!secret || !IsMask(change))
            {
                merged[name] = change is JsonObject members
                    ? Merge(members, old as JsonObject, secret, depth + 1)
                    : Restore(change, old, secret, depth + 1);
            }
        }

        return merged;
    }

    /// <summary>The JSON object or array in a string at this depth; null if there is none, or it is too deep.</summary>
    private static JsonNode? Read(string text, int depth) =>
        depth < SecretDocument.MaxDepth && JsonText.LooksLikeJson(text)
            ? JsonText.TryRead(text, SecretDocument.MaxDepth - depth)
            : null;
}
