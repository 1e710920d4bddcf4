using System.Text.Json.Serialization;

namespace DeviceAuthorization.RomM;

/// <summary>A device in RomM's JSON, with RomM's members in RomM's order. Secret settings are masked.</summary>
public sealed record DeviceSchema
{
    /// <summary>The id of the device.</summary>
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    /// <summary>The owner's id: a JSON number if it is a canonical integer, as RomM's ids are; otherwise a string.</summary>
    [JsonPropertyName("user_id")]
    [JsonConverter(typeof(UserIdConverter))]
    public required string UserId { get; init; }

    /// <summary>The name that people see.</summary>
    [JsonPropertyName("name")]
    public required string? Name { get; init; }

    /// <summary>The system that the device runs on.</summary>
    [JsonPropertyName("platform")]
    public required string? Platform { get; init; }

    /// <summary>The client that runs on the device.</summary>
    [JsonPropertyName("client")]
    public required string? Client { get; init; }

    /// <summary>The version of the client.</summary>
    [JsonPropertyName("client_version")]
    public required string? ClientVersion { get; init; }

    /// <summary>The network address of the device.</summary>
    [JsonPropertyName("ip_address")]
    public required string? IpAddress { get; init; }

    /// <summary>The hardware (MAC) address of the device.</summary>
    [JsonPropertyName("mac_address")]
    public required string? MacAddress { get; init; }

    /// <summary>The host name of the device.</summary>
    [JsonPropertyName("hostname")]
    public required string? Hostname { get; init; }

    /// <summary>The identifier that the device sent when it paired.</summary>
    [JsonPropertyName("client_device_identifier")]
    public required string? ClientDeviceIdentifier { get; init; }

    /// <summary>How the device exchanges saves with the host.</summary>
    [JsonPropertyName("sync_mode")]
    public required SyncMode SyncMode { get; init; }

    /// <summary>Whether the device exchanges saves.</summary>
    [JsonPropertyName("sync_enabled")]
    public required bool SyncEnabled { get; init; }

    /// <summary>The client's settings for that exchange. Secrets are always masked in JSON.</summary>
    [JsonPropertyName("sync_config")]
    public required SecretDocument? SyncConfig { get; init; }

    /// <summary>What the device says of itself. New in RomM 5.4.</summary>
    [JsonPropertyName("capabilities")]
    public required IReadOnlyDictionary<string, bool>? Capabilities { get; init; }

    /// <summary>When the device was registered or last called the API, in UTC.</summary>
    [JsonPropertyName("last_seen")]
    public required DateTimeOffset? LastSeen { get; init; }

    /// <summary>When the device was registered, in UTC.</summary>
    [JsonPropertyName("created_at")]
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the device last changed, in UTC.</summary>
    [JsonPropertyName("updated_at")]
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Creates the JSON of a device.</summary>
    /// <param name="device">The device, as stored.</param>
    public static DeviceSchema From(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        device.SyncConfig?.ToMaskedJson(); // unreadable settings fail here, not in the middle of an answer
        return new()
        {
            Id = device.Id,
            UserId = device.UserId,
            Name = device.Name,
            Platform = device.Platform,
            Client = device.Client,
            ClientVersion = device.ClientVersion,
            IpAddress = device.IpAddress,
            MacAddress = device.MacAddress,
            Hostname = device.Hostname,
            ClientDeviceIdentifier = device.ClientDeviceIdentifier,
            SyncMode = device.SyncMode,
            SyncEnabled = device.SyncEnabled,
            SyncConfig = device.SyncConfig,
            Capabilities = device.Capabilities,
            LastSeen = device.LastSeenAt?.ToUniversalTime(),
            CreatedAt = device.CreatedAt.ToUniversalTime(),
            UpdatedAt = device.UpdatedAt.ToUniversalTime(),
        };
    }
}
