using System.Text.Json.Serialization;

namespace DeviceAuthorization.RomM;

/// <summary>A device as its owner sees it in JSON: RomM's members, in RomM's order. Settings that are secret are masked.</summary>
public sealed record DeviceSchema
{
    /// <summary>The id.</summary>
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    /// <summary>The owner: a JSON number when it is a canonical integer, as RomM's are; otherwise a string.</summary>
    [JsonPropertyName("user_id")]
    [JsonConverter(typeof(UserIdConverter))]
    public required string UserId { get; init; }

    /// <summary>The name people see.</summary>
    [JsonPropertyName("name")]
    public required string? Name { get; init; }

    /// <summary>The system it runs on.</summary>
    [JsonPropertyName("platform")]
    public required string? Platform { get; init; }

    /// <summary>The client on it.</summary>
    [JsonPropertyName("client")]
    public required string? Client { get; init; }

    /// <summary>The version of the client.</summary>
    [JsonPropertyName("client_version")]
    public required string? ClientVersion { get; init; }

    /// <summary>A network address.</summary>
    [JsonPropertyName("ip_address")]
    public required string? IpAddress { get; init; }

    /// <summary>The hardware address.</summary>
    [JsonPropertyName("mac_address")]
    public required string? MacAddress { get; init; }

    /// <summary>The host name.</summary>
    [JsonPropertyName("hostname")]
    public required string? Hostname { get; init; }

    /// <summary>What the device calls its installation when it pairs.</summary>
    [JsonPropertyName("client_device_identifier")]
    public required string? ClientDeviceIdentifier { get; init; }

    /// <summary>How it exchanges saves.</summary>
    [JsonPropertyName("sync_mode")]
    public required SyncMode SyncMode { get; init; }

    /// <summary>Whether it exchanges saves.</summary>
    [JsonPropertyName("sync_enabled")]
    public required bool SyncEnabled { get; init; }

    /// <summary>Settings of that; always masked in JSON.</summary>
    [JsonPropertyName("sync_config")]
    public required SecretDocument? SyncConfig { get; init; }

    /// <summary>When it was registered or last called the API; UTC.</summary>
    [JsonPropertyName("last_seen")]
    public required DateTimeOffset? LastSeen { get; init; }

    /// <summary>When it was registered; UTC.</summary>
    [JsonPropertyName("created_at")]
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it last changed; UTC.</summary>
    [JsonPropertyName("updated_at")]
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>The JSON of a device.</summary>
    /// <param name="device">The record.</param>
    public static DeviceSchema From(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        device.SyncConfig?.ToMaskedJson(); // settings that cannot be read fail here, and not in the middle of an answer
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
            LastSeen = device.LastSeenAt?.ToUniversalTime(),
            CreatedAt = device.CreatedAt.ToUniversalTime(),
            UpdatedAt = device.UpdatedAt.ToUniversalTime(),
        };
    }
}
