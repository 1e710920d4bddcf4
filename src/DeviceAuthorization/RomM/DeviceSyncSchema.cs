using System.Text.Json.Serialization;

namespace DeviceAuthorization.RomM;

/// <summary>
/// How far one device has synchronised one thing of the host, such as a save: RomM's JSON, for a host's own listings. The host keeps
/// the times; the library keeps the device.
/// </summary>
public sealed record DeviceSyncSchema
{
    /// <summary>The device.</summary>
    [JsonPropertyName("device_id")]
    public required string DeviceId { get; init; }

    /// <summary>Its name.</summary>
    [JsonPropertyName("device_name")]
    public required string? DeviceName { get; init; }

    /// <summary>When it last synchronised; UTC.</summary>
    [JsonPropertyName("last_synced_at")]
    public required DateTimeOffset LastSyncedAt { get; init; }

    /// <summary>Whether the device does not follow it.</summary>
    [JsonPropertyName("is_untracked")]
    public required bool IsUntracked { get; init; }

    /// <summary>Whether the device has the current state.</summary>
    [JsonPropertyName("is_current")]
    public required bool IsCurrent { get; init; }

    /// <summary>The JSON of a device's state.</summary>
    /// <param name="device">The device.</param>
    /// <param name="lastSyncedAt">When it last synchronised.</param>
    /// <param name="changedAt">When the thing last changed: a device that synchronised then or later is current.</param>
    /// <param name="isUntracked">Whether the device does not follow it.</param>
    public static DeviceSyncSchema From(Device device, DateTimeOffset lastSyncedAt, DateTimeOffset changedAt, bool isUntracked = false)
    {
        ArgumentNullException.ThrowIfNull(device);
        return new()
        {
            DeviceId = device.Id,
            DeviceName = device.Name,
            LastSyncedAt = lastSyncedAt.ToUniversalTime(),
            IsUntracked = isUntracked,
            IsCurrent = lastSyncedAt >= changedAt,
        };
    }
}
