namespace DeviceAuthorization;

/// <summary>Settings by name. Add() overwrites: configuration and code may both set a name, and the later one counts.</summary>
internal sealed class OverwritingDictionary<T>() : Dictionary<string, T>(StringComparer.Ordinal), IDictionary<string, T>
{
    void IDictionary<string, T>.Add(string key, T value) => this[key] = value;

    void ICollection<KeyValuePair<string, T>>.Add(KeyValuePair<string, T> item) => this[item.Key] = item.Value;
}
