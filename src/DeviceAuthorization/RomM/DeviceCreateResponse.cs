using System.Text.Json.Serialization;

namespace DeviceAuthorization.RomM;

/// <summary>The answer to a device that registered: RomM's JSON.</summary>
internal sealed record DeviceCreateResponse
{
    /// <summary>The device, new or recognised.</summary>
    [JsonPropertyName("device_id")]
    public required string DeviceId { get; init; }

    /// <summary>Its name as stored.</summary>
    [JsonPropertyName("name")]
    public required string? Name { get; init; }

    /// <summary>When it was first registered; UTC.</summary>
    [JsonPropertyName("created_at")]
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The JSON of a registration.</summary>
    /// <param name="device">The record.</param>
    public static DeviceCreateResponse From(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return new() { DeviceId = device.Id, Name = device.Name, CreatedAt = device.CreatedAt.ToUniversalTime() };
    }
}
