namespace DeviceAuthorization;

/// <summary>
/// Settings by name. Add() replaces an existing one: configuration and code may both set it, and the later counts.
/// </summary>
internal sealed class Settings<T>() : Dictionary<string, T>(StringComparer.Ordinal), IDictionary<string, T>
{
    void IDictionary<string, T>.Add(string key, T value) => this[key] = value;

    void ICollection<KeyValuePair<string, T>>.Add(KeyValuePair<string, T> item) => this[item.Key] = item.Value;
}
