using System.Text.Json;
using System.Text.Json.Nodes;

namespace DeviceAuthorization.Secrets;

/// <summary>
/// Puts masks over the secrets of a JSON tree, and takes them off again with the help of the tree they came from. A depth is the
/// number of objects and arrays around a value, those outside of the string it stands in included.
/// </summary>
internal readonly struct SecretMask(SecretKeys keys)
{
    private const string Mask = SecretDocument.Mask;

    /// <summary>The tree as anyone may see it.</summary>
    public JsonObject Hide(JsonObject document) => (JsonObject)Hide(document, 0)!;

    /// <summary>The incoming tree; its masks give way to what is stored at the same path.</summary>
    public JsonObject Restore(JsonObject incoming, JsonObject stored) => (JsonObject)Restore(incoming, stored, isSecret: false, 0)!;

    /// <summary>RFC 7396, with masks that keep what is stored.</summary>
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

        // No JSON we read: too deep, or broken. An escape could spell a key so that IsGivenIn does not see it.
        return JsonText.IsDeeperThan(text, SecretDocument.MaxDepth - depth)
            || text.Contains("\\u", StringComparison.OrdinalIgnoreCase)
            || keys.IsGivenIn(text)
                ? Mask
                : text;
    }

    /// <param name="incoming">The value as sent.</param>
    /// <param name="stored">What stands at the same path; null when nothing does, or null.</param>
    /// <param name="isSecret">Whether a key above is secret: then a mask can be nothing but a mask.</param>
    /// <param name="depth">The depth of both.</param>
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
        // Sent back as shown: then it stays to the letter, white space inside of JSON included.
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

    /// <summary>The JSON object or array that a string at this depth holds; null when it holds none, or one too deep.</summary>
    private static JsonNode? Read(string text, int depth) =>
        depth < SecretDocument.MaxDepth && JsonText.LooksLikeJson(text)
            ? JsonText.TryRead(text, SecretDocument.MaxDepth - depth)
            : null;
}
