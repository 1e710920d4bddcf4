using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace DeviceAuthorization.RomM;

/// <summary>The member <c>capabilities</c> of a request about a device: names with true or false. A merge may also remove a name, by null (RFC 7396).</summary>
internal sealed class CapabilityChange
{
    public static readonly string Problem =
        $"capabilities must be null or an object of at most {Device.MaxCapabilities} members. Each has a name of 1 to {Device.LongestCapability} characters and is true or false.";

    private readonly Dictionary<string, bool?> _members = new(StringComparer.Ordinal);

    public static bool TryRead(JsonElement json, [NotNullWhen(true)] out CapabilityChange? change)
    {
        change = new();
        foreach (var member in json.ValueKind == JsonValueKind.Object ? json.EnumerateObject() : default)
        {
            var isValid = member.Value.ValueKind is JsonValueKind.True or JsonValueKind.False or JsonValueKind.Null
                && member.Name.EnumerateRunes().Count() is > 0 and <= Device.LongestCapability && !member.Name.Any(char.IsControl);
            if (!isValid)
            {
                return false;
            }

            change._members[member.Name] = member.Value.ValueKind == JsonValueKind.Null ? null : member.Value.GetBoolean();
        }

        return json.ValueKind == JsonValueKind.Object;
    }

    /// <param name="stored">What the device has.</param>
    /// <param name="merges">Whether the change keeps what it does not name.</param>
    /// <param name="changed"><paramref name="stored"/> itself if it says the same already: nothing is written then.</param>
    /// <returns>False if the result is not valid.</returns>
    public bool TryApply(IReadOnlyDictionary<string, bool>? stored, bool merges, out IReadOnlyDictionary<string, bool>? changed)
    {
        var result = new Dictionary<string, bool>(merges && stored is not null ? stored : [], StringComparer.Ordinal);
        foreach (var (name, value) in _members)
        {
            if (value is { } has)
            {
                result[name] = has;
            }
            else
            {
                result.Remove(name);
            }
        }

        var isSame = stored?.Count == result.Count && result.All(member => stored.TryGetValue(member.Key, out var has) && has == member.Value);
        changed = isSame ? stored : result.AsReadOnly();
        return result.Count <= Device.MaxCapabilities && (merges || !_members.ContainsValue(null));
    }
}
