namespace DeviceAuthorization;

/// <summary>A device in a user's registry: the record the user sees, renames and revokes.</summary>
public sealed record Device
{
    /// <summary>The id, made by the library.</summary>
    public required string Id { get; init; }

    /// <summary>The owner.</summary>
    public required string UserId { get; init; }

    /// <summary>The name people see.</summary>
    public required string Name { get; init; }

    /// <summary>The system it runs on, as it reported.</summary>
    public string? Platform { get; init; }

    /// <summary>The client that paired it.</summary>
    public string? Client { get; init; }

    /// <summary>The version of the client, as it reported.</summary>
    public string? ClientVersion { get; init; }

    /// <summary>What the device calls its installation; unique per user.</summary>
    public string? ClientDeviceIdentifier { get; init; }

    /// <summary>When it was last paired or called the API.</summary>
    public DateTimeOffset? LastSeenAt { get; init; }

    /// <summary>When it was registered.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the record last changed.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }
}
