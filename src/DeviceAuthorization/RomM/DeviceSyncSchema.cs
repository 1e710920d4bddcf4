using System.Text.Json.Serialization;

namespace DeviceAuthorization.RomM;

/// <summary>
/// How far one device has synchronised one item of the host, such as a save, in RomM's JSON. The host uses it in its own listings. The host stores
/// the times; this library stores the device.
/// </summary>
public sealed record DeviceSyncSchema
{
    /// <summary>The id of the device.</summary>
    [JsonPropertyName("device_id")]
    public required string DeviceId { get; init; }

    /// <summary>The name of the device.</summary>
    [JsonPropertyName("device_name")]
    public required string? DeviceName { get; init; }

    /// <summary>When the device last synchronised the item, in UTC.</summary>
    [JsonPropertyName("last_synced_at")]
    public required DateTimeOffset LastSyncedAt { get; init; }

    /// <summary>Whether the device does not follow the item.</summary>
    [JsonPropertyName("is_untracked")]
    public required bool IsUntracked { get; init; }

    /// <summary>Whether the device has the current state of the item.</summary>
    [JsonPropertyName("is_current")]
    public required bool IsCurrent { get; init; }

    /// <summary>Creates the JSON of a device's state.</summary>
    /// <param name="device">The device, as stored.</param>
    /// <param name="lastSyncedAt">When the device last synchronised the item.</param>
    /// <param name="changedAt">When the item last changed. A device that synchronised then or later is current.</param>
    /// <param name="isUntracked">Whether the device does not follow the item.</param>
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
