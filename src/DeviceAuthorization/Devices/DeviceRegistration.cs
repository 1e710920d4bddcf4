namespace DeviceAuthorization;

/// <summary>A device to be put into the registry, or found there.</summary>
public sealed record DeviceRegistration
{
    /// <summary>The id a new record gets. The same id again finds that record: registering is idempotent.</summary>
    public required string Id { get; init; }

    /// <summary>The owner.</summary>
    public required string UserId { get; init; }

    /// <summary>The client that pairs it.</summary>
    public required string Client { get; init; }

    /// <summary>What the device says of itself.</summary>
    public required ReportedDevice Reported { get; init; }

    /// <summary>The name its owner chose now; <see langword="null"/> keeps the known name, or takes the reported one.</summary>
    public string? Name { get; init; }

    /// <summary>The current time.</summary>
    public required DateTimeOffset Now { get; init; }
}
