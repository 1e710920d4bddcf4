using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using DeviceAuthorization.Devices;
using DeviceAuthorization.Http;
using DeviceAuthorization.Rules;

namespace DeviceAuthorization.RomM;

/// <summary>
/// The changes that a request makes to a device. An absent member changes nothing; an explicit null clears the value. Every text is checked for
/// length and control characters. <c>sync_mode</c> and <c>sync_enabled</c> cannot be null.
/// </summary>
internal sealed class DeviceChange
{
    private readonly List<Func<Device, Device>> _steps = [];
    private SecretDocument? _syncConfig;
    private bool _changesSyncConfig;
    private CapabilityChange? _capabilities;

    private DeviceChange()
    {
    }

    /// <summary>Reads the members of a JSON object. Ignores unknown ones.</summary>
    public static bool TryRead(JsonElement body, SecretKeys keys, [NotNullWhen(true)] out DeviceChange? change, [NotNullWhen(false)] out string? problem)
    {
        (change, problem) = (new DeviceChange(), null);
        if (body.ValueKind != JsonValueKind.Object)
        {
            problem = "The body must be a JSON object.";
            return false;
        }

        foreach (var member in body.EnumerateObject())
        {
            problem = change.Read(member.Name, member.Value, keys);
            if (problem is not null)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Changes a device, and replaces its settings if the request has any. A mask that was sent back keeps the stored secret.</summary>
    /// <param name="problem">Null if the change is possible.</param>
    /// <returns>The device after the change; null if its settings would be too large, or its capabilities not valid.</returns>
    public Device? Replace(Device device, out string? problem) => Change(device, merges: false, out problem);

    /// <summary>As <see cref="Replace"/>, but merges the settings and the capabilities (RFC 7396).</summary>
    public Device? Merge(Device device, out string? problem) => Change(device, merges: true, out problem);

    /// <summary>What a known device that registers again can do: what it says now, or what it said before.</summary>
    public IReadOnlyDictionary<string, bool>? CapabilitiesOf(Device known)
    {
        var capabilities = known.Capabilities;
        _ = _capabilities?.TryApply(known.Capabilities, merges: false, out capabilities); // its answer is known: a new device would not have been valid
        return capabilities;
    }

    private Device? Change(Device device, bool merges, out string? problem)
    {
        problem = null;
        var (stored, settings, capabilities) = (device.SyncConfig ?? SecretDocument.Empty, _syncConfig, device.Capabilities);
        if (settings is not null && !(merges ? stored.TryPatch(settings, out settings, out problem) : stored.TryReplace(settings, out settings, out problem)))
        {
            return null;
        }

        if (_capabilities?.TryApply(device.Capabilities, merges, out capabilities) == false)
        {
            problem = CapabilityChange.Problem;
            return null;
        }

        var changed = _steps.Aggregate(device with { Capabilities = capabilities }, (current, step) => step(current)) with { SyncConfig = _changesSyncConfig ? settings : device.SyncConfig };

        // Keep the stored fingerprint until a member that it is made of changes: a duplicate has none, so that it is never recognised.
        var fingerprint = Fingerprint(changed);
        return fingerprint == Fingerprint(device) ? changed : changed with { Fingerprint = fingerprint };
    }

    private static string? Fingerprint(Device device) => DeviceFingerprint.Of(device.MacAddress, device.Hostname, device.Platform);

    private string? Read(string name, JsonElement value, SecretKeys keys)
    {
        switch (name)
        {
            case "name":
                return Text(name, value, 255, (device, text) => device with { Name = text });
            case "platform":
                return Text(name, value, 50, (device, text) => device with { Platform = text });
            case "client":
                return Text(name, value, 50, (device, text) => device with { Client = text });
            case "client_version":
                return Text(name, value, 50, (device, text) => device with { ClientVersion = text });
            case "ip_address":
                return Text(name, value, 45, (device, text) => device with { IpAddress = text });
            case "mac_address":
                return Text(name, value, 17, (device, text) => device with { MacAddress = text });
            case "hostname":
                return Text(name, value, 255, (device, text) => device with { Hostname = text });
            case "sync_enabled" when value.ValueKind is JsonValueKind.True or JsonValueKind.False:
                var enabled = value.GetBoolean();
                _steps.Add(device => device with { SyncEnabled = enabled });
                return null;
            case "sync_enabled":
                return "sync_enabled must be true or false.";
            case "sync_mode":
                return Mode(value);
            case "sync_config":
                _changesSyncConfig = true;
                _syncConfig = null;
                return value.ValueKind == JsonValueKind.Null || SecretDocument.TryParse(value.GetRawText(), keys, out _syncConfig, out var problem)
                    ? null
                    : "sync_config: " + problem;
            case "capabilities" when value.ValueKind == JsonValueKind.Null:
                _steps.Add(device => device with { Capabilities = null });
                return null;
            case "capabilities":
                return CapabilityChange.TryRead(value, out _capabilities) ? null : CapabilityChange.Problem;
            default:
                return null;
        }
    }

    private string? Mode(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String || !WireValues.TryParseSyncMode(value.GetString()!, out var mode))
        {
            return "sync_mode must be api, file_transfer or push_pull.";
        }

        _steps.Add(device => device with { SyncMode = mode });
        return null;
    }

    private string? Text(string name, JsonElement value, int maxLength, Func<Device, string?, Device> set)
    {
        if (value.ValueKind == JsonValueKind.Null)
        {
            _steps.Add(device => set(device, null));
            return null;
        }

        if (value.ValueKind != JsonValueKind.String || !ReportedText.TryClean(value.GetString(), maxLength, out var text))
        {
            return $"{name} must be null or a text of at most {maxLength} characters without control characters.";
        }

        _steps.Add(device => set(device, text));
        return null;
    }
}

/// <summary>The members that a request about a device may have, for OpenAPI. <see cref="DeviceChange"/> reads them.</summary>
internal abstract record DeviceMembers(
    [property: JsonPropertyName("name")] string? Name = null,
    [property: JsonPropertyName("platform")] string? Platform = null,
    [property: JsonPropertyName("client")] string? Client = null,
    [property: JsonPropertyName("client_version")] string? ClientVersion = null,
    [property: JsonPropertyName("ip_address")] string? IpAddress = null,
    [property: JsonPropertyName("mac_address")] string? MacAddress = null,
    [property: JsonPropertyName("hostname")] string? Hostname = null,
    [property: JsonPropertyName("sync_mode")] SyncMode SyncMode = SyncMode.Api,
    [property: JsonPropertyName("sync_enabled")] bool SyncEnabled = true,
    [property: JsonPropertyName("sync_config"), Description("The client's own settings: an object, or null.")] JsonElement? SyncConfig = null,
    [property: JsonPropertyName("capabilities"), Description("What the device says of itself: at most 32 names of 1 to 64 characters, each true or false.")] IReadOnlyDictionary<string, bool>? Capabilities = null);

/// <summary>Changes to a device. Absent members change nothing.</summary>
internal sealed record DeviceProperties : DeviceMembers;

internal sealed record DeviceRegistration(
    [property: JsonPropertyName("allow_existing"), Description("For a device that is recognised: answer 200 if true, 409 if false.")] bool AllowExisting = true,
    [property: JsonPropertyName("allow_duplicate"), Description("Create a new device even if a matching one exists, and never recognise it later.")] bool AllowDuplicate = false,
    [property: JsonPropertyName("reset_syncs"), Description("Let a device that is recognised synchronise from the start again.")] bool ResetSyncs = false) : DeviceMembers;
