using System.Text.Json.Serialization;

namespace DeviceAuthorization.RomM;

/// <summary>RomM's answer to a device that registers.</summary>
internal sealed record DeviceCreateResponse
{
    /// <summary>The id of the device, new or recognised.</summary>
    [JsonPropertyName("device_id")]
    public required string DeviceId { get; init; }

    /// <summary>The name as stored.</summary>
    [JsonPropertyName("name")]
    public required string? Name { get; init; }

    /// <summary>When the device was first registered, in UTC.</summary>
    [JsonPropertyName("created_at")]
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Creates the answer for a device.</summary>
    /// <param name="device">The device, as stored.</param>
    public static DeviceCreateResponse From(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return new() { DeviceId = device.Id, Name = device.Name, CreatedAt = device.CreatedAt.ToUniversalTime() };
    }
}
